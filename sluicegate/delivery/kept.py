"""What is kept beside release.json for a version: written once, by the step that releases it, and never changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from schemas import release as releases
from schemas.release import FORMAT_VERSION
from sluicegate.storage.opening import at
from sluicegate.storage.place import Exists, StorageFolder

#: Bytes: the statistics of a wide table are large.
_LARGEST = 2**31


def keep(folder: str | Path | StorageFolder, name: str, content: bytes) -> None:
    """Keeps it once: a version is one model, and what it was trained on does not change. Raises StorageError."""
    place = at(folder)
    if place.about(name) is None:
        with suppress(Exists):
            place.create(name, content)


def kept(folder: str | Path | StorageFolder, name: str) -> bytes | None:
    """None where nothing was kept. Raises StorageError."""
    stored = at(folder).find(name, _LARGEST)
    return stored.content if stored else None


def keep_record(folder: str | Path | StorageFolder, version: int, sections: Mapping[str, Any]) -> None:
    """Keeps once what was true of a version when it was released.

    sections : "split" (schemas.split_record), and what else a later run must be compared with.
    """
    content = {"format_version": FORMAT_VERSION, **sections}
    keep(folder, releases.record_name(version), json.dumps(content, indent=1, ensure_ascii=False).encode())


def read_record(folder: str | Path | StorageFolder, version: int) -> dict[str, Any]:
    """The sections of a version's record; {} for a version that was released before there were records.

    Raises ValueError for a file of another format version, StorageError where it cannot be read.
    """
    name = releases.record_name(version)
    content = kept(folder, name)
    if content is None:
        return {}
    sections: dict[str, Any] = json.loads(content)
    if sections.pop("format_version", None) != FORMAT_VERSION:
        raise ValueError(f"{at(folder).where(name)} is not of format version {FORMAT_VERSION}")
    return sections
