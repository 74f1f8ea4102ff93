"""What the words point to is there: files that README, docs and comments name, and the targets of links."""

import re
import subprocess
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
ROOTS = ("benchmarks", "components", "locks", "models", "pipeline", "schemas", "sluicegate", "sluicegate_cli", "tests")
#: Tests and how-tos that make up projects of their own.
MADE_UP = ("test_fingerprint.py", "adding-a-gate.md")
_FILE = re.compile(rf"(?<![\w/.<>*-])(?:{'|'.join(ROOTS)})(?:/\w+)+\.(?:py|md)\b")
_LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)(?:#[^)]*)?\)")


def tracked(*patterns):
    done = subprocess.run(["git", "ls-files", *patterns], cwd=PROJECT, capture_output=True, text=True, check=True)
    return [PROJECT / name for name in done.stdout.splitlines() if (PROJECT / name).exists()]


def test_files_that_are_named_are_there():
    missing = {
        f"{path.relative_to(PROJECT)} names {name}"
        for path in tracked("*.md", "*.py", "Makefile", "*Dockerfile*") if path.name not in MADE_UP
        for name in _FILE.findall(path.read_text(encoding="utf-8")) if not (PROJECT / name).exists()
    }  # fmt: skip
    assert not missing


def test_links_lead_somewhere():
    dead = {
        f"{path.relative_to(PROJECT)} links to {target}"
        for path in tracked("*.md") for target in _LINK.findall(path.read_text(encoding="utf-8"))
        if not (path.parent / target).exists()
    }  # fmt: skip
    assert not dead
