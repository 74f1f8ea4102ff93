"""What the Pusher pushed: `push_records/<version>.json` beside release.json.

A version without it, or whose files are not those of it, came past the gates: it gets traffic only where a person takes that upon
themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from schemas.document import Document
from schemas.plain_file import read_plain
from schemas.release import Release
from schemas.whole_file import write_whole

#: No integer, so that no model server takes the folder for a version.
FOLDER = "push_records"


@dataclass(frozen=True)
class PushRecord:
    """at : ISO 8601, UTC.  digest : schemas.digest.model_digest of the version's folder.

    blessing, serving_blessing : where the ModelBlessing and the InfraBlessing lie that the Pusher obeyed; "" for none.
    """

    version: int
    digest: str
    blessing: str
    at: str
    serving_blessing: str = ""


FILE = Document(PushRecord, "push_record.json", indent=1)


def file_of(serving_folder: str | Path, version: int) -> Path:
    """Where the record of a version stands, if it was pushed."""
    return Path(serving_folder) / FOLDER / f"{version}.json"


def keep(record: PushRecord, serving_folder: str | Path) -> Path:
    """Keeps it in place of an earlier one: what an interrupted push of the same number left."""
    return write_whole(file_of(serving_folder, record.version), FILE.to_json(record).encode())


def why_unrecorded(serving_folder: str | Path, version: int, digest: str, release: Release) -> str:
    """Why nothing shows that the gates let this version through; "" where something does.

    digest : of its files now.  release : whose history shows it for versions of older releases, which have no record: only what
    the Pusher had pushed was ever made stable. What a person let through once stays so.
    """
    for change in release.history:
        if (change.version, change.model_digest) == (version, digest) and (change.makes_stable or change.overrides):
            return ""
    file = file_of(serving_folder, version)
    try:
        record = FILE.from_json(read_plain(file).decode())
        known, pushed, blessing = record.version, record.digest, record.blessing
    except FileNotFoundError:
        return f"version {version} has no record of the Pusher, so no gate is known to have let it through"
    except (OSError, ValueError) as error:
        return f"the Pusher's record of version {version} cannot be read ({type(error).__name__}: {error})"
    if (known, pushed) != (version, digest):
        return f"the files of version {version} are not those that the Pusher recorded"
    return "" if blessing else f"version {version} was pushed without a blessing"
