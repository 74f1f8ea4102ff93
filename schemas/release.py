"""`serving/<name>/release.json`: the only truth about which version is stable, which is canary, and since when.

Beside it stands what the versions were trained on, as statistics: `train_statistics/<version>.pb` (TFDV's) and `.npz` (ours); and
what was true of each when it was released, such as its split rule: `release_records/<version>.json`; and how good it was on its test
rows: `release_metrics/<version>.json` (release_metrics.py); and what the Pusher pushed: `push_records/<version>.json`
(push_record.py). A live release.json is read and changed through sluicegate/delivery/release_state.py; here are its form, and copies of it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from schemas.plain_file import read_plain
from schemas.whole_file import write_whole

FILE_NAME = "release.json"
FORMAT_VERSION = 1
#: No integer, so that no model server takes the folder for a version.
STATISTICS_FOLDER = "train_statistics"
RECORDS_FOLDER = "release_records"
#: Actions of a change that make a version stable.
RELEASE, ROLLBACK = "release", "rollback"
#: Action of a change that moves no version.
OVERRIDE = "override"
#: Action of a change of canary, weight or mode.
TRAFFIC = "traffic"
MODES = ("canary", "shadow", "direct")
#: Bytes; a larger file is no release, and is not read.
LARGEST_FILE = 64 * 2**20
_LARGEST_VERSION = 2**63 - 1


@dataclass(frozen=True)
class Change:
    """One line of the history.

    at : ISO 8601, UTC.  action : RELEASE, ROLLBACK, OVERRIDE (no version moves) or TRAFFIC.  mode : "direct", "canary", "shadow", "hold".
    overrides : refusals that a person let pass for this version, a sentence each.
    by : who made the change; "" in lines of older releases.  what : it in words.

    Raises ValueError for a value of another type or out of range.
    """

    at: str
    action: str
    mode: str
    version: int
    previous: int | None
    run_id: str
    model_digest: str
    overrides: tuple[str, ...] = ()
    by: str = ""
    what: str = ""

    def __post_init__(self) -> None:
        for name in ("at", "action", "mode", "run_id", "model_digest", "by", "what"):
            _text(name, getattr(self, name))
        _version("version", self.version)
        _version("previous", self.previous, may_lack=True)
        for one in self.overrides:
            _text("overrides", one)

    @property
    def makes_stable(self) -> bool:
        return self.action not in (OVERRIDE, TRAFFIC)


@dataclass(frozen=True)
class Release:
    """Who answers requests.

    stable, canary : version numbers (folder names beside release.json), or None.
    weight : share of traffic of the canary, 0 to 1.
    salt : makes the routing of a key to stable or canary repeatable.

    Raises ValueError for a value of another type or out of range.
    """

    stable: int | None = None
    canary: int | None = None
    weight: float = 0.0
    salt: str = ""
    mode: str = "direct"
    history: tuple[Change, ...] = ()

    def __post_init__(self) -> None:
        _version("stable", self.stable, may_lack=True)
        _version("canary", self.canary, may_lack=True)
        _share("weight", self.weight)
        _text("salt", self.salt)
        if self.mode not in MODES:
            raise ValueError(f"mode is {_shown(self.mode)}; it is one of {', '.join(MODES)}")

    @property
    def stable_digest(self) -> str | None:
        """Digest of the stable model, from the history."""
        matching = [c.model_digest for c in self.history if c.version == self.stable and c.model_digest]
        return matching[-1] if matching else None


def _text(name: str, value: Any) -> None:
    if not isinstance(value, str):
        raise ValueError(f"{name} is {_shown(value)}; it is a text")


def _version(name: str, value: Any, *, may_lack: bool = False) -> None:
    if value is None and may_lack:
        return
    if type(value) is not int or not 0 <= value <= _LARGEST_VERSION:
        raise ValueError(
            f"{name} is {_shown(value)}; it is a version, a whole number from 0 to 2^63 - 1"
            + (", or null" if may_lack else "")
        )


def _share(name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError(f"{name} is {_shown(value)}; it is a share, a number from 0 to 1")


def _shown(value: Any) -> str:
    """As JSON has it, and no longer than a line can bear."""
    shown = "an object or a list" if isinstance(value, dict | list | tuple) else json.dumps(value, default=repr)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."


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
    """The state in a folder of this machine, or an empty one where nothing was released yet.

    Raises ValueError for a file of another format version or one that is not a release; OSError where it cannot be read.
    """
    path = Path(folder) / FILE_NAME
    return parse(read_plain(path, LARGEST_FILE), str(path)) if os.path.lexists(path) else Release()


def parse(content: bytes, place: str = FILE_NAME) -> Release:
    """Raises ValueError that names `place`: no JSON, another format version, unknown keys, wrong types, out of range."""
    try:
        found = json.loads(content.decode(), object_pairs_hook=_without_duplicates, parse_constant=_no_number)
        return _of_json(found)
    except (ValueError, RecursionError) as error:
        told = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise ValueError(f"{place} is no release: {told}") from None


def _of_json(found: Any) -> Release:
    if not isinstance(found, dict):
        raise ValueError(f"it holds {_shown(found)} where an object should stand")
    version = found.pop("format_version", None)
    if type(version) is not int or version != FORMAT_VERSION:
        raise ValueError(f"format_version is {_shown(version)}; it is {FORMAT_VERSION}")
    history = found.pop("history", [])
    if not isinstance(history, list):
        raise ValueError("history is no list")
    _check_keys(found, Release)
    return Release(**found, history=tuple(_change(number, one) for number, one in enumerate(history)))


def _change(number: int, one: Any) -> Change:
    try:
        if not isinstance(one, dict):
            raise ValueError("no object")
        _check_keys(one, Change)
        overrides = one.get("overrides", [])
        if not isinstance(overrides, list):
            raise ValueError("overrides is no list")
        return Change(**{**one, "overrides": tuple(overrides)})
    except ValueError as error:
        raise ValueError(f"history, line {number + 1}: {error}") from None


def _check_keys(found: Mapping[str, Any], kind: type[Release] | type[Change]) -> None:
    known = {one.name for one in fields(kind)}
    for name in found.keys() - known:
        raise ValueError(f"there is no key {_shown(name)} here")
    needed = ("at", "action", "mode", "version", "previous", "run_id", "model_digest") if kind is Change else ()
    for name in needed:
        if name not in found:
            raise ValueError(f"{name} is missing")


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands there twice")
    return found


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no number of JSON")


def render(release: Release) -> bytes:
    """The file's content."""
    return json.dumps({"format_version": FORMAT_VERSION, **asdict(release)}, indent=1).encode()


def write(release: Release, folder: str | Path) -> Path:
    """Writes whatever stands there, atomically: for copies. A live release is changed by release_state.update."""
    return write_whole(Path(folder) / FILE_NAME, render(release))


def statistics_name(version: int) -> str:
    """Name below the serving folder of the statistics of a version's train split (TFDV's FeatureStats.pb)."""
    return f"{STATISTICS_FOLDER}/{version}.pb"


def distributions_name(version: int) -> str:
    """Of the distributions of a version's train split (schemas.distributions); older releases have none."""
    return f"{STATISTICS_FOLDER}/{version}.npz"


def record_name(version: int) -> str:
    """Of a version's record: the split, and what else a later run must be compared with."""
    return f"{RECORDS_FOLDER}/{version}.json"
