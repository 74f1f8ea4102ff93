"""Looks at files again and again, and nothing that they hold or lack may end it.

A look that fails is counted, and told once per distinct reason until one succeeds; what was last read well stays in force. Whoever
has not looked for more than three intervals is late, and a server with somebody late is not ready.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sluicegate.serving.status import ServingError

log = logging.getLogger("sluicegate.serving")
T = TypeVar("T")
Clock = Callable[[], float]
Sample = tuple[str, tuple[tuple[str, str], ...], float]

CONFIG, VERSIONS, RELEASE = "model config", "versions", "release state"
#: Intervals that may pass between two looks, and seconds that may in any case: a busy machine is not a broken watcher.
LATE_INTERVALS, LATE_SECONDS = 3.0, 3.0
#: Distinct reasons that are remembered as told; a file that fails in ever new ways must not fill the memory.
_MOST_REASONS = 100
_LONGEST_REASON = 500


@dataclass
class Watched:
    """One thing that is looked at.

    what : CONFIG, VERSIONS or RELEASE.  model : whose; "" for the server's own.  every : seconds between looks.
    problem : why the last look failed; "" after one that succeeded.
    """

    what: str
    every: float
    model: str = ""
    clock: Clock = time.monotonic
    problem: str = ""
    looks: int = 0
    failures: int = 0
    last: float = field(init=False)
    _told: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.last = self.clock()

    @property
    def name(self) -> str:
        return f"the {self.what}" + (f" of {self.model}" if self.model else "")

    @property
    def age(self) -> float:
        """Seconds since a look ended, well or not."""
        return self.clock() - self.last

    @property
    def late(self) -> str:
        """Why it cannot be relied on; "" where it can."""
        allowed = max(LATE_INTERVALS * self.every, LATE_SECONDS)
        if self.age <= allowed:
            return ""
        return f"nobody has looked at {self.name} for {self.age:.0f} s; {allowed:.0f} s are allowed"

    def succeeded(self) -> None:
        self.looks, self.last = self.looks + 1, self.clock()
        if self.problem:
            log.info("%s can be used again", self.name)
        self.problem = ""
        self._told.clear()

    def failed(self, error: BaseException) -> None:
        self.looks, self.failures, self.last = self.looks + 1, self.failures + 1, self.clock()
        self.problem = reason_of(error)
        if self.problem not in self._told and len(self._told) < _MOST_REASONS:
            self._told.add(self.problem)
            log.error("%s cannot be used, and stays as it was: %s", self.name, self.problem)


class Watches:
    """All that is watched. Belongs to the event loop's thread."""

    def __init__(self, every: float = 1.0, clock: Clock = time.monotonic) -> None:
        self.every, self._clock = every, clock
        self.all: list[Watched] = []

    def add(self, what: str, model: str = "", every: float | None = None) -> Watched:
        made = Watched(what, self.every if every is None else every, model, self._clock)
        self.all.append(made)
        return made

    def forget(self, model: str) -> None:
        self.all = [one for one in self.all if one.model != model or not model]

    def begin(self) -> None:
        """Nobody is late yet: until now they waited for the first models to load."""
        for one in self.all:
            one.last = self._clock()

    def late(self) -> list[str]:
        return [one.late for one in self.all if one.late]

    def samples(self) -> Iterator[Sample]:
        """For the metrics."""
        for one in self.all:
            labels = (("model_name", one.model), ("watch", one.what.replace(" ", "_")))
            yield "sluicegate_watch_looks", labels, float(one.looks)
            yield "sluicegate_watch_failures", labels, float(one.failures)
            yield "sluicegate_watch_broken", labels, float(bool(one.problem))
            yield "sluicegate_watch_age_seconds", labels, one.age


async def keep_looking(watched: Watched, look: Callable[[], Awaitable[Any]]) -> None:
    """Looks every `watched.every` seconds until the task is cancelled."""
    while True:
        await asyncio.sleep(watched.every)
        await look_once(watched, look)


async def look_once(watched: Watched, look: Callable[[], Awaitable[Any]]) -> None:
    """Whatever `look` raises is a look that failed; only the end of the task itself goes through."""
    try:
        await look()
    except GeneratorExit:
        raise
    except BaseException as error:
        task = asyncio.current_task()
        if isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling():
            raise
        watched.failed(error)
    else:
        watched.succeeded()


def reason_of(error: BaseException) -> str:
    """One line for people."""
    try:
        told = error.message if isinstance(error, ServingError) else str(error)
    except Exception:  # noqa: BLE001 - an error that cannot even be printed
        told = ""
    kind = "" if isinstance(error, ServingError | OSError | ValueError) and told else f"{type(error).__name__}: "
    told = " ".join(f"{kind}{told}".split()).strip(": ") or type(error).__name__
    return told if len(told) <= _LONGEST_REASON else f"{told[: _LONGEST_REASON - 3]}..."


async def in_own_thread(function: Callable[..., T], *given: Any) -> T:
    """Runs it beside the event loop in a thread that nobody else waits for: a file system that hangs holds one look, and no exit."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(set_it: Callable[[Any], None], value: Any) -> None:
        if not done.done():
            set_it(value)

    def run() -> None:
        try:
            outcome: tuple[Callable[[Any], None], Any] = (done.set_result, function(*given))
        except Exception as error:  # noqa: BLE001 - raised again where the answer is awaited
            # A future takes no StopIteration.
            told = RuntimeError("StopIteration") if isinstance(error, StopIteration) else error
            outcome = (done.set_exception, told)
        except BaseException as error:  # noqa: BLE001 - a thread must not end the process either
            outcome = (done.set_exception, RuntimeError(f"{type(error).__name__}: {error}"))
        try:
            loop.call_soon_threadsafe(settle, *outcome)
        except RuntimeError:
            return  # the loop has ended, and nobody waits any more

    threading.Thread(target=run, name="look", daemon=True).start()
    return await done
