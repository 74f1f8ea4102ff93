"""Puts waiting requests together: one call of 32 rows costs little more than one of a single row.

A batch leaves as soon as a thread is free; what arrives meanwhile forms the next one. So there is no delay when there is
little to do, and batches grow with the load. `timeout_micros` makes a free thread wait for more, as TensorFlow Serving's
`batch_timeout_micros` does.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from sluicegate.serving.engine.limits import BatchLimits
from sluicegate.serving.exchange import Call, Part, Tensors, Together
from sluicegate.serving.signature import Signature
from sluicegate.serving.status import Code, ServingError

Run = Callable[[Signature, Tensors, Sequence[str]], dict[str, npt.NDArray[Any]]]
QUEUE_FULL = "The batch scheduling queue to which this task was submitted is full"


class Journal(Protocol):
    """Is told of what ran."""

    def offer(self, signature: str, answered: Sequence[tuple[Call, Part]]) -> object:
        """In the event loop, of requests that ran together and whose answer was still wanted. Must not raise."""


@dataclass(eq=False)
class _Waiting:
    inputs: Tensors
    rows: int
    joins: bool
    arrived: float
    answer: asyncio.Future[Part]
    call: Call


@dataclass
class _Queue:
    """Requests that may run in one call."""

    signature: Signature
    outputs: tuple[str, ...]
    waiting: deque[_Waiting] = field(default_factory=deque)


class Threads:
    """The threads that run batches, shared by all versions: a batch is put together when its thread is free, not before.

    With a queue in front of the threads a version's requests would wait in small batches behind another version's.
    """

    def __init__(self, executor: Executor, count: int) -> None:
        self.executor, self.free = executor, count
        self._asking: deque[Batcher] = deque()

    def ask(self, batcher: Batcher) -> None:
        """Lets the batcher start its next batch as soon as it is its turn."""
        if batcher not in self._asking:
            self._asking.append(batcher)
        self.hand_out()

    def hand_out(self) -> None:
        while self.free and self._asking:
            self._asking.popleft().start()

    def release(self) -> None:
        self.free += 1
        self.hand_out()


class Batcher:
    """The queue before one model version. All methods belong to the event loop's thread; only `run` leaves it."""

    def __init__(
        self,
        run: Run,
        threads: Threads,
        limits: BatchLimits,
        clock: Callable[[], float] = time.monotonic,
        journal: Journal | None = None,
    ) -> None:
        self._run, self._threads, self.limits, self._clock, self._journal = run, threads, limits, clock, journal
        self._queues: dict[Hashable, _Queue] = {}
        self._timer: asyncio.TimerHandle | None = None
        self.waiting_rows = 0
        self.batches = 0
        self.batched_rows = 0

    async def submit(
        self,
        signature: Signature,
        inputs: Tensors,
        outputs: tuple[str, ...],
        rows: int | None,
        call: Call,
    ) -> Part:
        """What the model answers to these inputs.

        rows : None for inputs that cannot be cut by rows; they run by themselves.
        call : its request; one that still waits at its deadline is not run.

        Raises ServingError; RESOURCE_EXHAUSTED when the queue is full.
        """
        size = rows or 1
        if (
            self.waiting_rows
            and self.waiting_rows + size > self.limits.max_enqueued_batches * self.limits.max_batch_size
        ):
            raise ServingError(Code.RESOURCE_EXHAUSTED, QUEUE_FULL)
        loop = asyncio.get_running_loop()
        joins, answer = bool(rows) and signature.is_batched, loop.create_future()
        one = _Waiting(inputs, size, joins, self._clock(), answer, call)
        key = _key(signature, inputs, outputs) if one.joins else one
        queue = self._queues.setdefault(key, _Queue(signature, outputs))
        queue.waiting.append(one)
        self.waiting_rows += size
        self._threads.ask(self)
        return await one.answer

    def start(self) -> None:
        """Gives one batch to a free thread, and asks for another where more is waiting."""
        loop = asyncio.get_running_loop()
        batch: list[_Waiting] = []
        while not batch and (key := self._ready(loop)) is not None:
            batch, queue = self._take(key), self._queues[key]
            if not queue.waiting:
                del self._queues[key]
        if not batch:
            return
        self._threads.free -= 1
        self.batches += 1
        self.batched_rows += sum(one.rows for one in batch)
        self._threads.executor.submit(self._work, loop, queue.signature, queue.outputs, batch)
        if self._queues:
            self._threads.ask(self)

    def _ready(self, loop: asyncio.AbstractEventLoop) -> Hashable | None:
        """The queue whose first request has waited longest, unless all may still fill."""
        if not self._queues:
            return None
        patience = self.limits.batch_timeout_micros / 1e6
        key = min(self._queues, key=lambda k: self._queues[k].waiting[0].arrived)
        if not patience:
            return key
        full = [k for k, q in self._queues.items() if sum(w.rows for w in q.waiting) >= self.limits.max_batch_size]
        left = self._queues[key].waiting[0].arrived + patience - self._clock()
        if full or left <= 0:
            return full[0] if full else key
        if self._timer is None:
            self._timer = loop.call_later(left, self._time_is_up)
        return None

    def _time_is_up(self) -> None:
        self._timer = None
        self._threads.ask(self)

    def _take(self, key: Hashable) -> list[_Waiting]:
        """The next batch of a queue, without what was given up or came too late."""
        queue, rows, now = self._queues[key].waiting, 0, self._clock()
        batch: list[_Waiting] = []
        while queue and (not batch or rows + queue[0].rows <= self.limits.max_batch_size):
            one = queue.popleft()
            self.waiting_rows -= one.rows
            if one.answer.done():
                continue
            if one.call.deadline is not None and one.call.deadline <= now:
                one.answer.set_exception(ServingError(Code.DEADLINE_EXCEEDED, "Deadline exceeded while waiting to run"))
                continue
            batch.append(one)
            rows += one.rows
        return batch

    def _work(
        self, loop: asyncio.AbstractEventLoop, signature: Signature, outputs: tuple[str, ...], batch: list[_Waiting]
    ) -> None:
        """In a thread: runs the batch and hands each request its rows, or its error."""
        try:
            answers = self._answers(signature, outputs, batch)
        except BaseException as error:  # noqa: BLE001 - whatever it is, the clients must hear of it
            answers = [error for _ in batch]
        loop.call_soon_threadsafe(self._done, signature.name, batch, answers)

    def _answers(
        self, signature: Signature, outputs: tuple[str, ...], batch: list[_Waiting]
    ) -> list[Part | BaseException]:
        if len(batch) == 1 and not (batch[0].joins and self.limits.allowed_batch_sizes):
            return [self._by_itself(signature, outputs, batch[0])]
        joined = self._joined(batch)
        try:
            return list(_split(Together(joined, self._run(signature, joined, outputs)), batch))
        except ServingError:
            # One request's bad value must not fail those that happened to come with it.
            return [self._alone(signature, outputs, one) for one in batch]

    def _alone(self, signature: Signature, outputs: tuple[str, ...], one: _Waiting) -> Part | BaseException:
        try:
            return self._by_itself(signature, outputs, one)
        except ServingError as error:
            return error

    def _by_itself(self, signature: Signature, outputs: tuple[str, ...], one: _Waiting) -> Part:
        return Part(Together(one.inputs, self._run(signature, one.inputs, outputs)))

    def _joined(self, batch: list[_Waiting]) -> Tensors:
        rows = sum(one.rows for one in batch)
        more = self.limits.padded(rows) - rows
        parts = [one.inputs for one in batch]
        if more:
            parts.append({name: np.repeat(value[:1], more, axis=0) for name, value in parts[0].items()})
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def _done(self, signature: str, batch: list[_Waiting], answers: list[Part | BaseException]) -> None:
        answered: list[tuple[Call, Part]] = []
        for one, answer in zip(batch, answers, strict=True):
            if one.answer.done():
                continue
            if isinstance(answer, BaseException):
                one.answer.set_exception(answer)
                continue
            one.answer.set_result(answer)
            answered.append((one.call, answer))
        self._threads.release()
        if self._journal is not None and answered:
            self._journal.offer(signature, answered)


def _key(signature: Signature, inputs: Tensors, outputs: tuple[str, ...]) -> Hashable:
    """Requests of the same key fit together along the first dimension."""
    return (signature.name, outputs, tuple((value.dtype.char, value.shape[1:]) for value in inputs.values()))


def _split(together: Together, batch: Iterable[_Waiting]) -> Iterable[Part]:
    first = 0
    for one in batch:
        yield Part(together, first, one.rows)
        first += one.rows
