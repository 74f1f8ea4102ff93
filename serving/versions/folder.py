"""What stands in a model's folder: versions, and the release state where there is one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from schemas import release
from schemas.release import Release
from serving.config import ModelConfig
from serving.status import Code, ServingError

_NUMBER = re.compile(r"[+-]?\d+")
_MOST = 2**63 - 1


@dataclass(frozen=True)
class Seen:
    """versions : number to folder.  release : None where there is no release.json."""

    versions: dict[int, Path]
    release: Release | None = None


def look(config: ModelConfig) -> Seen:
    """Raises ServingError where the folder is missing or its release.json cannot be read."""
    try:
        found = _versions(config.base_path)
    except OSError as error:
        raise ServingError(
            Code.INVALID_ARGUMENT,
            f"Could not find base path {config.base_path} for servable {config.name} with error {error}",
        ) from None
    if not (config.base_path / release.FILE_NAME).exists():
        return Seen(found)
    try:
        return Seen(found, release.read(config.base_path))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ServingError(
            Code.INVALID_ARGUMENT, f"{config.base_path / release.FILE_NAME} cannot be used: {error}"
        ) from None


def _versions(base_path: Path) -> dict[int, Path]:
    """Folders whose name is a 64-bit integer; of several names for one number ("7", "007") the first in order."""
    found: dict[int, Path] = {}
    for child in sorted(base_path.iterdir()):
        if _NUMBER.fullmatch(child.name) and 0 <= int(child.name) <= _MOST and child.is_dir():
            found.setdefault(int(child.name), child)
    return found


def wanted(seen: Seen, config: ModelConfig) -> set[int]:
    """Versions to load: those that the release names, else those that the version policy chooses."""
    if seen.release is None:
        return config.policy.wanted(seen.versions)
    named = {seen.release.stable, seen.release.canary} - {None}
    return {version for version in seen.versions if version in named}
