"""Work that is too long for the event loop, in threads that let the loop in between.

Who parses 25 MB of JSON in one call keeps the interpreter's lock all the while, in whichever thread. So long work is cut into
pieces of a millisecond, and between them `breathe` lets go of the lock for long enough that the loop takes it: /healthz and
small requests wait for a piece, not for the work. A thread that never pauses gives the lock away only after five milliseconds,
each time that the loop wants it (docs/adr/0021-large-bodies-in-pieces.md).
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import TypeVar

Result = TypeVar("Result")

#: Bytes, of a body or of tensors, from which on work leaves the loop: some 100 microseconds of it.
LARGE = 2**16
#: How many requests are worked on at the same time; each of them may hold a few times its body.
AT_ONCE = 2
#: Seconds of work between two pauses, and their length: with less the loop's thread does not wake in time.
_WORK, _PAUSE = 0.001, 0.00005

#: Of the request that a task answers.
request_is_large: ContextVar[bool] = ContextVar("request_is_large", default=False)


class Abandoned(Exception):
    """Nobody waits for this work any more."""


class _Own(threading.local):
    given_up: threading.Event | None = None
    last_pause = 0.0


_own = _Own()


class Aside:
    """Runs functions in threads of its own. Belongs to the event loop's thread."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(AT_ONCE, "aside")

    async def run(self, work: Callable[[], Result]) -> Result:
        """What `work` returns or raises. When the caller is cancelled, it ends at its next `breathe`."""
        given_up = threading.Event()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, _in_pieces, work, given_up)
        except asyncio.CancelledError:
            given_up.set()
            raise

    async def perhaps(self, work: Callable[[], Result], is_long: bool = False) -> Result:
        """As `run` where the request is large or the work long, else at once."""
        return await self.run(work) if is_long or request_is_large.get() else work()

    def close(self) -> None:
        """Waits for what is under way."""
        self._threads.shutdown(cancel_futures=True)


def _in_pieces(work: Callable[[], Result], given_up: threading.Event) -> Result:
    _own.given_up, _own.last_pause = given_up, time.monotonic()
    try:
        return work()
    finally:
        _own.given_up = None


def breathe() -> None:
    """To be called between two pieces of work; does nothing in other threads.

    Raises Abandoned when nobody waits any more.
    """
    if _own.given_up is None:
        return
    if _own.given_up.is_set():
        raise Abandoned
    if time.monotonic() - _own.last_pause > _WORK:
        time.sleep(_PAUSE)
        _own.last_pause = time.monotonic()
