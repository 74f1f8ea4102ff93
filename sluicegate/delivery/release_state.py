"""The live release.json, read and changed by compare-and-swap: whoever changes it, pipeline or server, does so here.

The new state is worked out from the old one without a lock, and takes its place only if the old one still stands there; else it is
worked out anew. So no two writers lose each other's line of the history, on a disk and in a bucket alike (sluicegate/storage).
"""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from schemas import release as releases
from schemas.release import FILE_NAME, LARGEST_FILE, Release
from sluicegate.storage.opening import at
from sluicegate.storage.place import Changed, Exists, StorageFolder

#: Of working a state out anew: somebody always wins, so a loser of that many has met more than writers.
_TRIES = 10_000
#: Seconds: the first pause of a loser, at most, and the longest.
_PAUSE, _LONGEST_PAUSE = 0.002, 0.25


class Conflict(Exception):
    """Somebody else changed release.json in between."""


@dataclass(frozen=True)
class Held:
    """A state and the mark of the file that it was read from: "" where there was none.

    tag : the storage's own, for `swap`; of no use at another place.
    """

    release: Release
    etag: str
    tag: str = ""


def current(folder: str | Path | StorageFolder) -> Held:
    """Raises ValueError for what is no release, StorageError where it cannot be read."""
    place = at(folder)
    stored = place.find(FILE_NAME, LARGEST_FILE)
    if stored is None:
        return Held(Release(), "")
    return Held(releases.parse(stored.content, place.where(FILE_NAME)), etag_of(stored.content), stored.tag)


def etag_of(content: bytes) -> str:
    """Of a file's content; the history only grows, so no content ever comes back."""
    return hashlib.sha256(content).hexdigest()


def swap(folder: str | Path | StorageFolder, expected: Held, new: Release) -> Held:
    """Puts `new` where `expected` stands.

    Raises Conflict where another one stands there, and StorageError; then nothing has changed.
    """
    place, content = at(folder), releases.render(new)
    try:
        tag = place.replace(FILE_NAME, content, expected.tag) if expected.etag else place.create(FILE_NAME, content)
    except (Changed, Exists):
        raise Conflict(f"{place.where(FILE_NAME)} was changed by somebody else in between") from None
    return Held(new, etag_of(content), tag)


def update(
    folder: str | Path | StorageFolder, decide: Callable[[Release], Release], expected: str | None = None
) -> Held:
    """Puts what `decide` makes of the state in its place, and tells what stands there then.

    decide : pure; called again when somebody else was quicker. The same state again writes nothing.
    expected : mark (`Held.etag`) of the state that the caller has seen; another one is a Conflict.

    Raises what `current`, `swap` and `decide` raise, and ValueError for a state that loses lines of the history.
    """
    place = at(folder)
    for tried in range(_TRIES):
        held = current(place)
        if expected is not None and held.etag != expected:
            raise Conflict(f"{place.where(FILE_NAME)} is not what it was when it was read")
        new = decide(held.release)
        if new == held.release:
            return held
        if new.history[: len(held.release.history)] != held.release.history:
            raise ValueError("lines of a release's history are only added")
        try:
            return swap(place, held, new)
        except Conflict:
            if expected is not None:
                raise
        # Losers that come again at once, and all together, lose again.
        time.sleep(random.uniform(0, min(_PAUSE * 2 ** min(tried, 7), _LONGEST_PAUSE)))  # noqa: S311 - no secret
    raise Conflict(f"{place.where(FILE_NAME)} changes all the time")
