"""Changes of a live release.json by compare-and-swap: whoever changes it, pipeline or server, does so here.

The new state is worked out from the old one without a lock, and takes its place only if the old one still stands there; else it is
worked out anew. So no two writers lose each other's line of the history. Comparing and replacing happen under an advisory lock, which
the kernel drops when its holder dies. A bucket does the same with a condition on the object's generation.
"""

from __future__ import annotations

import fcntl
import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from schemas import release as releases
from schemas.plain_file import open_plain_to_write
from schemas.release import Release
from schemas.whole_file import write_whole

LOCK_NAME = ".release.lock"
#: Seconds for the lock: its holder compares and writes one small file.
PATIENCE = 30.0
_PAUSE = 0.002
#: Of working a state out anew: somebody always wins, so a loser of that many has met more than writers.
_TRIES = 10_000


class Conflict(Exception):
    """Somebody else changed release.json in between."""


@dataclass(frozen=True)
class Held:
    """A state and the mark of the file that it was read from: "" where there was none."""

    release: Release
    etag: str


def current(folder: str | Path) -> Held:
    """Raises ValueError and OSError as `release.read` does."""
    content = releases.read_bytes(folder)
    if content is None:
        return Held(Release(), "")
    return Held(releases.parse(content, str(Path(folder) / releases.FILE_NAME)), etag_of(content))


def etag_of(content: bytes | None) -> str:
    """Of a file's content; the history only grows, so no content ever comes back."""
    return "" if content is None else hashlib.sha256(content).hexdigest()


def swap(folder: str | Path, expected: str, new: Release) -> Held:
    """Puts `new` where the file of mark `expected` stands.

    Raises Conflict where another one stands there, TimeoutError where the lock is not to be had, and OSError; then nothing has changed.
    """
    content = releases.render(new)
    with _locked(Path(folder)):
        if etag_of(releases.read_bytes(folder)) != expected:
            raise Conflict(f"{Path(folder) / releases.FILE_NAME} was changed by somebody else in between")
        write_whole(Path(folder) / releases.FILE_NAME, content)
    return Held(new, etag_of(content))


def update(folder: str | Path, decide: Callable[[Release], Release], expected: str | None = None) -> Held:
    """Puts what `decide` makes of the state in its place, and tells what stands there then.

    decide : pure; called again when somebody else was quicker. The same state again writes nothing.
    expected : mark of the state that the caller has seen; another one is a Conflict.

    Raises what `current`, `swap` and `decide` raise, and ValueError for a state that loses lines of the history.
    """
    for _ in range(_TRIES):
        held = current(folder)
        if expected is not None and held.etag != expected:
            raise Conflict(f"{Path(folder) / releases.FILE_NAME} is not what it was when it was read")
        new = decide(held.release)
        if new == held.release:
            return held
        if new.history[: len(held.release.history)] != held.release.history:
            raise ValueError("lines of a release's history are only added")
        try:
            return swap(folder, held.etag, new)
        except Conflict:
            if expected is not None:
                raise
    raise Conflict(f"{Path(folder) / releases.FILE_NAME} changes all the time")


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + PATIENCE
    lock = folder / LOCK_NAME
    with open(open_plain_to_write(lock), "ab") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > until:
                    raise TimeoutError(f"{lock} has been held by somebody else for {PATIENCE:.0f} s") from None
                time.sleep(_PAUSE)
        yield
