"""The versions of a serving folder: folders on a disk; in a bucket those that the Pusher has recorded, fetched when they are needed.

A push into a bucket writes its record last, and a version without one is not there yet. What is fetched must have the record's digest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath

from schemas import push_record
from schemas.digest import model_digest
from schemas.errors import MachineError, Problem
from sluicegate.storage import cache
from sluicegate.storage.opening import at, is_remote
from sluicegate.storage.place import NotFound, StorageFolder

#: Within the cache.
_MODELS = "models"


@dataclass(frozen=True)
class BucketVersion:
    """A version in a bucket.  digest : schemas.digest.model_digest of its files, as recorded when it was pushed."""

    place: StorageFolder
    number: int
    digest: str

    def __str__(self) -> str:
        return self.place.where(str(self.number))

    @property
    def name(self) -> str:
        return str(self.number)

    def fetched(self) -> Path:
        """Its folder in this machine's cache, fetched unless it is there, and checked each time.

        Raises MachineError where the files are not those of the record, StorageError where they cannot be fetched.
        """
        return cache.kept(cache.folder() / _MODELS / self.digest / self.name, self.copy_to, self.is_copy)

    def copy_to(self, folder: Path) -> None:
        """Copies its files into a folder of this machine. Raises NotFound where there are none."""
        entries = self.place.entries(self.name)
        if not entries:
            raise NotFound(
                "A version has no files.", Problem(str(self), "nothing", "what its record says", "push it again")
            )
        for entry in entries:
            target = folder / PurePosixPath(entry.name).relative_to(self.name)
            target.parent.mkdir(parents=True, exist_ok=True)
            self.place.download(entry.name, target)

    def is_copy(self, folder: Path) -> bool:
        return model_digest(folder) == self.digest


def recorded(place: StorageFolder) -> dict[int, BucketVersion]:
    """The versions of a bucket whose push was completed, by number. Raises StorageError."""
    found = {}
    for entry in place.entries(push_record.FOLDER):
        stem = PurePosixPath(entry.name).stem
        if stem.isascii() and stem.isdigit() and (digest := _recorded_digest(place, entry.name, entry.tag)):
            found[int(stem)] = BucketVersion(place, int(stem), digest)
    return found


@lru_cache(maxsize=4096)
def _recorded_digest(place: StorageFolder, name: str, tag: str) -> str:
    """Of a record that does not change while its tag is the same; "" for one that is none."""
    try:
        return push_record.FILE.from_json(place.read(name).content.decode()).digest
    except ValueError:
        return ""


def local_copy(serving_folder: str | Path | StorageFolder, version: int) -> Path | None:
    """A version's folder on this machine: its own, or a copy of what lies in a bucket; None where there is no such version."""
    if not is_remote(serving_folder):
        return Path(at(serving_folder).uri) / str(version)
    found: Mapping[int, BucketVersion] = recorded(at(serving_folder))
    return found[version].fetched() if version in found else None


def is_there(serving_folder: str | Path | StorageFolder, version: int) -> bool:
    """Whether the version could be served. Raises StorageError."""
    if not is_remote(serving_folder):
        return (Path(at(serving_folder).uri) / str(version)).is_dir()
    return version in recorded(at(serving_folder))


def verify(version: BucketVersion, folder: Path) -> None:
    """Reads a version back into an empty folder of this machine. Raises MachineError where it is not what was pushed."""
    version.copy_to(folder)
    if not version.is_copy(folder):
        raise MachineError(
            "The copy of the model is not the model; nothing was pushed.",
            Problem(str(version), f"digest {model_digest(folder)}", f"digest {version.digest}", "Run again."),
        )
