"""What stands in a model's folder: versions, and the release state where there is one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from schemas.release import FILE_NAME, Release
from sluicegate.delivery.release_state import current
from sluicegate.delivery.versions import BucketVersion, recorded
from sluicegate.serving.config import ModelConfig
from sluicegate.serving.status import Code, ServingError
from sluicegate.storage.opening import at
from sluicegate.storage.place import StorageError, StorageFolder, brief

_NUMBER = re.compile(r"[+-]?\d+")
_MOST = 2**63 - 1


@dataclass(frozen=True)
class Seen:
    """versions : number to folder, or to what is to be fetched from a bucket.  release : None where there is no release.json."""

    versions: dict[int, Path | BucketVersion]
    release: Release | None = None


def look(config: ModelConfig) -> Seen:
    """Raises ServingError where the folder is missing or its release.json cannot be read."""
    return Seen(versions(config), released(config))


def versions(config: ModelConfig) -> dict[int, Path | BucketVersion]:
    """Raises ServingError where the folder is missing."""
    try:
        return versions_at(config.base_path)
    except (OSError, ValueError, StorageError) as error:
        raise ServingError(
            Code.INVALID_ARGUMENT,
            f"Could not find base path {config.base_path} for servable {config.name} with error {_told(error)}",
        ) from None


def released(config: ModelConfig) -> Release | None:
    """None where there is no release.json. Raises ServingError for one that cannot be used."""
    place = at(config.base_path)
    try:
        held = current(place)
    except (ValueError, StorageError) as error:
        raise ServingError(Code.INVALID_ARGUMENT, f"{place.where(FILE_NAME)} cannot be used: {_told(error)}") from None
    return held.release if held.etag else None


def _told(error: Exception) -> str:
    return brief(error) if isinstance(error, StorageError) else str(error)


def versions_at(base_path: Path | StorageFolder) -> dict[int, Path | BucketVersion]:
    """Raises OSError, StorageError."""
    return {**(versions_in(base_path) if isinstance(base_path, Path) else recorded(base_path))}


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
