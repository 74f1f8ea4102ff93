"""Digests of all that decides a run's outcome: code, settings, data, schema, versions."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pipeline.run.code import sources

PROJECT = Path(__file__).resolve().parents[2]
#: What a run as a whole goes by.
CODE = ("pipeline", "components", "models", "sluicegate", "schemas")
PACKAGES = (
    "tfx",
    "tensorflow",
    "keras",
    "tensorflow-data-validation",
    "tensorflow-transform",
    "tensorflow-model-analysis",
    "ml-metadata",
    "apache-beam",
    "numpy",
    "pyarrow",
)


def digest(parts: Mapping[str, Any]) -> str:
    """SHA-256 of plain values, independent of the order of keys."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


@cache
def code_digest() -> str:
    """SHA-256 over names and bytes of all source that may have to do with a run."""
    return _digest_of(path for folder in CODE for path in (PROJECT / folder).rglob("*.py"))


def step_digest(modules: tuple[str, ...], outside: str) -> str:
    """What a step's cache key needs beside its inputs: its code, and what else decides its result.

    >>> step_digest((), "")
    ''
    """
    code = _of_modules(modules) if modules else ""
    return digest({"code": code, "outside": outside}) if code and outside else code or outside


@cache
def _of_modules(modules: tuple[str, ...]) -> str:
    return _digest_of(sources(modules, PROJECT))


def _digest_of(paths: Iterable[Path]) -> str:
    sha = hashlib.sha256()
    for path in sorted(paths):
        sha.update(f"{path.relative_to(PROJECT)}\0".encode())
        sha.update(path.read_bytes())
    return sha.hexdigest()


@cache
def package_versions() -> dict[str, str]:
    return {name: version(name) for name in PACKAGES}


@cache
def git_commit() -> str:
    """The project's commit, with "+changes" when the work tree differs from it; "" outside a checkout."""
    try:
        head = subprocess.run(
            ["git", "-C", str(PROJECT), "rev-parse", "HEAD"], capture_output=True, text=True, check=True, timeout=5
        ).stdout.strip()
        changed = subprocess.run(
            ["git", "-C", str(PROJECT), "status", "--porcelain", "--untracked-files=no"],
            capture_output=True,
            text=True,
            check=True,
            timeout=5,
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""
    return f"{head}+changes" if changed else head
