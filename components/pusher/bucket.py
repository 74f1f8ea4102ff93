"""A push into a bucket, where nothing can be renamed: a number is taken first, and the record that makes a version count comes last."""

from __future__ import annotations

import secrets
import tempfile
from pathlib import Path, PurePosixPath

from components.pusher.core import Pushed, next_version
from schemas.digest import model_digest
from sluicegate.delivery.versions import BucketVersion, recorded, verify
from sluicegate.storage.place import Exists, StorageFolder

#: A file per number that somebody took; it stays, so that no number is ever given twice. No integer, so that no server serves it.
CLAIMS = "push_claims"
#: Seconds after which files of a number without a record are what an interrupted push left.
ABANDONED = 24 * 3600.0


def push(model: str | Path, place: StorageFolder, now_seconds: float) -> Pushed:
    """As `core.push`; several may do so at once. Until its record stands there, nobody takes the version for one.

    Raises StorageError, and MachineError where what is read back is not what was to be copied.
    """
    digest = model_digest(model)
    # In this order: whoever takes a number claims it before it is recorded.
    claimed = _claimed(place)
    known = recorded(place)
    same = [number for number, version in known.items() if version.digest == digest]
    if same:
        return Pushed(place.where(str(max(same))), max(same), digest, copied=False)
    _remove_abandoned(place, claimed - known.keys(), now_seconds)
    version = BucketVersion(place, _claim(place, tuple(sorted(claimed | known.keys())), now_seconds), digest)
    for path in sorted(Path(model).rglob("*")):
        if path.is_file():
            place.upload(path, f"{version.name}/{path.relative_to(model).as_posix()}")
    with tempfile.TemporaryDirectory(prefix="sluicegate-push-") as folder:
        verify(version, Path(folder))
    return Pushed(str(version), version.number, digest, copied=True)


def _claimed(place: StorageFolder) -> set[int]:
    names = (PurePosixPath(entry.name).name for entry in place.entries(CLAIMS))
    return {int(name) for name in names if name.isascii() and name.isdigit()}


def _claim(place: StorageFolder, existing: tuple[int, ...], now_seconds: float) -> int:
    number = next_version(existing, now_seconds)
    while True:
        try:
            place.create(f"{CLAIMS}/{number}", f"{now_seconds:.0f} {secrets.token_hex(8)}\n".encode())
            return number
        except Exists:
            number += 1


def _remove_abandoned(place: StorageFolder, unrecorded: set[int], now_seconds: float) -> None:
    for number in unrecorded:
        since = float(place.read(f"{CLAIMS}/{number}").content.split()[0])
        if now_seconds - since > ABANDONED:
            for entry in place.entries(str(number)):
                place.delete(entry.name)
