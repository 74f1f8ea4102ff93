"""What the Pusher pushed: `push_records/<version>.json` beside release.json.

A version without it, or whose files are not those of it, came past the gates: it gets traffic only where a person takes that upon
themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

from schemas.document import Document

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


def name_of(version: int) -> str:
    """Name below the serving folder of the record of a version, if it was pushed."""
    return f"{FOLDER}/{version}.json"
