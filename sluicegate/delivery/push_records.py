"""What the Pusher pushed, read and written beside release.json (schemas/push_record.py).

In a bucket the record comes last, and a version without one is not there yet: so no half-uploaded version is ever served.
"""

from __future__ import annotations

from pathlib import Path

from schemas.push_record import FILE, PushRecord, name_of
from schemas.release import Release
from sluicegate.storage.opening import at
from sluicegate.storage.place import NotFound, StorageError, StorageFolder, brief


def keep(record: PushRecord, serving_folder: str | Path | StorageFolder) -> None:
    """Keeps it in place of an earlier one: what an interrupted push of the same number left. Raises StorageError."""
    place, name, content = at(serving_folder), name_of(record.version), FILE.to_json(record).encode()
    stands = place.find(name)
    if stands is None:
        place.create(name, content)
    else:
        place.replace(name, content, stands.tag)


def read(serving_folder: str | Path | StorageFolder, version: int) -> PushRecord:
    """Raises NotFound; ValueError, TypeError or KeyError for what is no record."""
    return FILE.from_json(at(serving_folder).read(name_of(version)).content.decode())


def why_unrecorded(serving_folder: str | Path | StorageFolder, version: int, digest: str, release: Release) -> str:
    """Why nothing shows that the gates let this version through; "" where something does.

    digest : of its files now.  release : whose history shows it for versions of older releases, which have no record: only what
    the Pusher had pushed was ever made stable. What a person let through once stays so.
    """
    for change in release.history:
        if (change.version, change.model_digest) == (version, digest) and (change.makes_stable or change.overrides):
            return ""
    try:
        record = read(serving_folder, version)
        known, pushed, blessing = record.version, record.digest, record.blessing
    except NotFound:
        return f"version {version} has no record of the Pusher, so no gate is known to have let it through"
    except (StorageError, ValueError) as error:
        told = brief(error) if isinstance(error, StorageError) else f"{type(error).__name__}: {error}"
        return f"the Pusher's record of version {version} cannot be read ({told})"
    if (known, pushed) != (version, digest):
        return f"the files of version {version} are not those that the Pusher recorded"
    return "" if blessing else f"version {version} was pushed without a blessing"
