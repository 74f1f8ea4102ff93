"""What stands in a model's folder: versions, and the release state where there is one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from schemas import release
from schemas.release import Release
from sluicegate.serving.config import ModelConfig
from sluicegate.serving.status import Code, ServingError

_NUMBER = re.compile(r"[+-]?\d+")
_MOST = 2**63 - 1


@dataclass(frozen=True)
class Seen:
    """versions : number to folder.  release : None where there is no release.json."""

    versions: dict[int, Path]
    release: Release | None = None


def look(config: ModelConfig) -> Seen:
    """Raises ServingError where the folder is missing or its release.json cannot be read."""
    return Seen(versions(config), released(config))


def versions(config: ModelConfig) -> dict[int, Path]:
    """Raises ServingError where the folder is missing."""
    try:
        return versions_in(config.base_path)
    except (OSError, ValueError) as error:
        raise ServingError(
            Code.INVALID_ARGUMENT,
            f"Could not find base path {config.base_path} for servable {config.name} with error {error}",
        ) from None


def released(config: ModelConfig) -> Release | None:
    """None where there is no release.json. Raises ServingError for one that cannot be used."""
    try:
        content = release.read_bytes(config.base_path)
        return None if content is None else release.parse(content)
    except (OSError, ValueError) as error:
        raise ServingError(
            Code.INVALID_ARGUMENT, f"{config.base_path / release.FILE_NAME} cannot be used: {error}"
        ) from None


def versions_in(base_path: Path) -> dict[int, Path]:
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
