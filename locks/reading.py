"""The project's two locks, as plain records."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
#: Name of what a lock is for, and its file.
LOCKS = {"project": PROJECT / "requirements.lock", "serving": PROJECT / "deploy" / "serving" / "requirements.lock"}
_PINNED = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==(?P<version>[^\s;\\]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


@dataclass(frozen=True)
class Pinned:
    """One package of a lock.  name : as PEP 503 writes it.  sha256 : of each file that may be installed for it."""

    name: str
    version: str
    sha256: tuple[str, ...]

    @property
    def purl(self) -> str:
        return f"pkg:pypi/{self.name}@{self.version.replace('+', '%2B')}"


def normal(name: str) -> str:
    """PEP 503's one spelling of a package's name.

    >>> normal("Ruamel.YAML_lib")
    'ruamel-yaml-lib'
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def read(lock: Path) -> tuple[Pinned, ...]:
    """The packages of a lock, by name.

    Raises ValueError for a line that pins nothing or a package without a hash: such a lock says less than it seems to.
    """
    found = []
    for line in lock.read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        pinned, hashes = _PINNED.match(line), tuple(sorted(set(_HASH.findall(line))))
        if pinned is None or not hashes:
            raise ValueError(f"{lock.name}: not a package with version and hashes: {line.strip()[:80]}")
        found.append(Pinned(normal(pinned["name"]), pinned["version"], hashes))
    return tuple(sorted(found, key=lambda one: one.name))
