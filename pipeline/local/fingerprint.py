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

PROJECT = Path(__file__).resolve().parents[2]
#: Contracts that every step of ours reads and writes.
SHARED_CODE = "schemas"
CODE = ("pipeline", "components", "fairness", "models", "serving", SHARED_CODE)
PACKAGES = (
    "tfx", "tensorflow", "keras", "tensorflow-data-validation", "tensorflow-transform",
    "tensorflow-model-analysis", "ml-metadata", "apache-beam", "numpy", "pyarrow",
)  # fmt: skip


def digest(parts: Mapping[str, Any]) -> str:
    """SHA-256 of plain values, independent of the order of keys."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


@cache
def code_digest(folders: Iterable[str]) -> str:
    """SHA-256 over names and bytes of the source below these folders of the project."""
    sha = hashlib.sha256()
    for folder in sorted({*folders, SHARED_CODE}):
        for path in sorted((PROJECT / folder).rglob("*.py")):
            sha.update(f"{path.relative_to(PROJECT)}\0".encode())
            sha.update(path.read_bytes())
    return sha.hexdigest()


def step_digest(folders: tuple[str, ...], outside: str) -> str:
    """What a step's cache key needs beside its inputs: its code, and what else decides its result.

    >>> step_digest((), "")
    ''
    """
    code = code_digest(folders) if folders else ""
    return digest({"code": code, "outside": outside}) if code and outside else code or outside


@cache
def package_versions() -> dict[str, str]:
    return {name: version(name) for name in PACKAGES}


def git_commit() -> str:
    """The project's commit, with "+changes" when the work tree differs from it; "" outside a checkout."""
    try:
        head = subprocess.run(
            ["git", "-C", str(PROJECT), "rev-parse", "HEAD"], capture_output=True, text=True, check=True, timeout=5
        ).stdout.strip()
        changed = subprocess.run(
            ["git", "-C", str(PROJECT), "status", "--porcelain", "--untracked-files=no"],
            capture_output=True, text=True, check=True, timeout=5,
        ).stdout.strip()  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return ""
    return f"{head}+changes" if changed else head
