"""`serving/<name>/release.json`: the only truth about which version is stable, which is canary, and since when.

Beside it stands what the versions were trained on, as statistics: `train_statistics/<version>.pb` (TFDV's) and `.npz` (ours); and
what was true of each when it was released, such as its split rule: `release_records/<version>.json`; and how good it was on its test
rows: `release_metrics/<version>.json` (release_metrics.py).
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

FILE_NAME = "release.json"
FORMAT_VERSION = 1
#: No integer, so that no model server takes the folder for a version.
STATISTICS_FOLDER = "train_statistics"
RECORDS_FOLDER = "release_records"
#: Action of a change that moves no version.
OVERRIDE = "override"


@dataclass(frozen=True)
class Change:
    """One line of the history.

    at : ISO 8601, UTC.  action : "release", "rollback", or "override" (no version moves).  mode : "direct" (later "canary", "shadow").
    overrides : refusals that a person let pass for this version, a sentence each.
    """

    at: str
    action: str
    mode: str
    version: int
    previous: int | None
    run_id: str
    model_digest: str
    overrides: tuple[str, ...] = ()


@dataclass(frozen=True)
class Release:
    """Who answers requests.

    stable, canary : version numbers (folder names beside release.json), or None.
    weight : share of traffic of the canary, 0 to 1.
    salt : makes the routing of a key to stable or canary repeatable.
    """

    stable: int | None = None
    canary: int | None = None
    weight: float = 0.0
    salt: str = ""
    mode: str = "direct"
    history: tuple[Change, ...] = ()

    @property
    def stable_digest(self) -> str | None:
        """Digest of the stable model, from the history."""
        matching = [c.model_digest for c in self.history if c.version == self.stable]
        return matching[-1] if matching else None


def overrides_of(release: Release, version: int | None) -> tuple[str, ...]:
    """What people ever let pass for a version, first to last."""
    return tuple(told for number, told in overrides_ever(release) if number == version)


def overrides_ever(release: Release) -> tuple[tuple[int, str], ...]:
    """(version, what a person let pass) of the whole history, first to last, each once."""
    return tuple(dict.fromkeys((change.version, one) for change in release.history for one in change.overrides))


def released(release: Release, change: Change) -> Release:
    """The state after `change` made its version stable for everyone."""
    return replace(
        release, stable=change.version, canary=None, weight=0.0, mode=change.mode, history=(*release.history, change)
    )


def read(folder: str | Path) -> Release:
    """The state in `folder`, or an empty one where nothing was released yet.

    Raises ValueError for a file of another format version or one that is not a release.
    """
    path = Path(folder) / FILE_NAME
    if not path.exists():
        return Release()
    content = json.loads(path.read_text(encoding="utf-8"))
    if content.pop("format_version", None) != FORMAT_VERSION:
        raise ValueError(f"{path} is not of format version {FORMAT_VERSION}")
    history = tuple(Change(**{**one, "overrides": tuple(one.get("overrides", ()))}) for one in content.pop("history"))
    return Release(**content, history=history)


def write(release: Release, folder: str | Path) -> Path:
    """Writes atomically: a reader sees the old state or the new one, never half of either."""
    text = json.dumps({"format_version": FORMAT_VERSION, **asdict(release)}, indent=1)
    return _write_atomically(Path(folder) / FILE_NAME, text.encode())


def statistics_file(folder: str | Path, version: int) -> Path:
    """Where the statistics of a version's train split stand (TFDV's FeatureStats.pb), if they were kept."""
    return Path(folder) / STATISTICS_FOLDER / f"{version}.pb"


def keep_statistics(folder: str | Path, version: int, content: bytes) -> Path:
    """Keeps them once: a version is one model, and what it was trained on does not change."""
    return keep_once(statistics_file(folder, version), content)


def keep_once(path: Path, content: bytes) -> Path:
    """Keeps what belongs to a version beside release.json, and never changes it."""
    return path if path.exists() else _write_atomically(path, content)


def distributions_file(folder: str | Path, version: int) -> Path:
    """Where the distributions of a version's train split stand (schemas.distributions); older releases have none."""
    return Path(folder) / STATISTICS_FOLDER / f"{version}.npz"


def keep_distributions(folder: str | Path, version: int, content: bytes) -> Path:
    """Likewise once."""
    return keep_once(distributions_file(folder, version), content)


def record_file(folder: str | Path, version: int) -> Path:
    """Where a version's record stands, if it was kept."""
    return Path(folder) / RECORDS_FOLDER / f"{version}.json"


def keep_record(folder: str | Path, version: int, sections: Mapping[str, Any]) -> Path:
    """Keeps once what was true of a version when it was released.

    sections : "split" (schemas.split_record), and what else a later run must be compared with.
    """
    path = record_file(folder, version)
    content = {"format_version": FORMAT_VERSION, **sections}
    return (
        path if path.exists() else _write_atomically(path, json.dumps(content, indent=1, ensure_ascii=False).encode())
    )


def read_record(folder: str | Path, version: int) -> dict[str, Any]:
    """The sections of a version's record; {} for a version that was released before there were records.

    Raises ValueError for a file of another format version.
    """
    path = record_file(folder, version)
    if not path.exists():
        return {}
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if content.pop("format_version", None) != FORMAT_VERSION:
        raise ValueError(f"{path} is not of format version {FORMAT_VERSION}")
    return content


def _write_atomically(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    with aside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(aside, path)
    return path
