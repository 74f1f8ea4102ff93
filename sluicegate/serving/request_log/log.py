"""Takes what was answered from the event loop, and hands it to the process that writes."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b

from sluicegate.serving.exchange import Call, Part
from sluicegate.serving.request_log import packing
from sluicegate.serving.request_log.child import Child
from sluicegate.serving.request_log.complaints import Complaints
from sluicegate.serving.request_log.settings import RequestLogSettings

log = logging.getLogger("sluicegate.serving")

#: Seconds between two looks at the queue, which is what a killed server loses; half a queue wakes the sender before.
INTERVAL = 0.5
#: Seconds until a writer that died is replaced.
PATIENCE = 1.0
_PERSON = b"request log"
_SPAN = 1 << 64


class RequestLog:
    """The request log of a server; a `Journal` of its batches.

    dropped : records that did not fit into the queue, or came after `close`.
    written : records that are on the disk.  failed : records that the disk or the format refused, or the writer took with it.

    After `close`, offers that were accepted are written + failed. The writer starts beside whoever makes the log; what is offered
    meanwhile waits.

    clock : of `Call.began`.
    """

    def __init__(
        self, settings: RequestLogSettings, clock: Callable[[], float] = time.monotonic, interval: float = INTERVAL
    ) -> None:
        self.dropped = 0
        self._settings, self._clock, self._interval = settings, clock, interval
        self._threshold = threshold_of(settings.sampling_rate)
        self._complaints = Complaints(time.monotonic, _tell)
        self._child: Child | None = None
        self._refusal: Exception | None = None
        self._written = self._failed = 0
        self._counting = threading.Lock()
        #: Frames, and the number of their records.
        self._queue: deque[tuple[bytes, int]] = deque()
        # Only those who offer hold this lock, so the event loop never waits for the sender.
        self._offering = threading.Lock()
        self._bytes_in = self._bytes_out = self._records_in = self._records_out = 0
        self._wake_at = max(1, settings.queue_records // 2)
        self._wake, self._tried, self._closing = threading.Event(), threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="request-log", daemon=True)
        self._thread.start()

    @property
    def written(self) -> int:
        with self._counting:
            return self._written + (self._child.written if self._child else 0)

    @property
    def failed(self) -> int:
        with self._counting:
            return self._failed + (self._child.failed if self._child else 0)

    @property
    def queued(self) -> int:
        """Records that wait for the sender."""
        return self._records_in - self._records_out

    def await_writer(self) -> None:
        """Returns once the writer runs. Raises MachineError when it cannot start."""
        self._tried.wait()
        if self._refusal is not None:
            raise self._refusal

    def offer(self, signature: str, answered: Sequence[tuple[Call, Part]]) -> int:
        """Takes requests that ran with this signature; how many of them. Neither blocks nor raises."""
        taken = 0
        try:
            for _, ran in itertools.groupby(self._sampled(answered), key=_call_of_the_model):
                taken += self._take(signature, list(ran))
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a record, the client gets its answer
            self.dropped += len(answered)
            self._complaints.say(error)
        return taken

    def close(self, timeout: float = 10.0) -> bool:
        """Writes what was accepted and completes the files; False where that took longer than `timeout` seconds.

        The writer goes on all the same, also when this process ends.
        """
        with self._offering:
            self._closing.set()
        self._wake.set()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _sampled(self, answered: Sequence[tuple[Call, Part]]) -> Sequence[tuple[Call, Part]]:
        if self._threshold is None:
            return answered
        return [(call, part) for call, part in answered if is_sampled(call.request_id, self._threshold)]

    def _take(self, signature: str, ran: Sequence[tuple[Call, Part]]) -> int:
        records = len(ran)
        # A server that has more to do than it can must not pack what has no place.
        frame = packing.frame(signature, ran, self._clock()) if self._has_room(records) else b""
        with self._offering:
            waiting = self.queued
            if not (frame and self._has_room(records, len(frame))):
                self.dropped += records
                return 0
            self._bytes_in += len(frame)
            self._records_in += records
            self._queue.append((frame, records))
        if waiting < self._wake_at <= waiting + records:
            self._wake.set()
        return records

    def _has_room(self, records: int, size: int = 0) -> bool:
        most, held = self._settings, self._bytes_in - self._bytes_out
        in_time = not self._closing.is_set()
        return in_time and self.queued + records <= most.queue_records and held + size <= most.queue_bytes

    # -- the sender's thread

    def _run(self) -> None:
        try:
            self._begin()
        except Exception as error:  # noqa: BLE001 - whoever awaits the writer hears of it
            self._refusal = error
            return
        finally:
            self._tried.set()
        while not self._closing.is_set():
            self._wake.wait(self._interval)
            self._wake.clear()
            self._send()
        self._send()
        if self._child is not None:
            self._child.end()
            self._settle(self._child)
        self._failed += sum(records for _, records in self._taken())

    def _begin(self) -> Child:
        child = Child(self._settings, _tell)
        with self._counting:
            self._child = child
        return child

    def _send(self) -> None:
        try:
            child = self._child or self._begin()
        except Exception as error:  # noqa: BLE001 - without a writer the server still answers
            # It says why a process cannot start, and quotes no value.
            self._complaints.say(ChildProcessError(str(error)))
            self._closing.wait(PATIENCE)
            return
        try:
            child.send(self._taken())
        except OSError as error:
            self._complaints.say(error)
            child.end()
            self._settle(child)
            self._closing.wait(PATIENCE)

    def _taken(self) -> Iterator[tuple[bytes, int]]:
        """What waits now, out of the queue."""
        for _ in range(len(self._queue)):
            frame, records = self._queue.popleft()
            self._bytes_out += len(frame)
            self._records_out += records
            yield frame, records

    def _settle(self, child: Child) -> None:
        """What went to a writer that has ended, and of which nothing was heard, is lost."""
        with self._counting:
            self._child = None
            self._written += child.written
            self._failed += child.sent - child.written


def _tell(text: str) -> None:
    log.error("request log: %s", text)


def _call_of_the_model(one: tuple[Call, Part]) -> int:
    return id(one[1].of)


def threshold_of(sampling_rate: float) -> bytes | None:
    """Hashes below it are logged; None where all are."""
    limit = round(sampling_rate * _SPAN)
    return None if limit >= _SPAN else limit.to_bytes(8, "big")


def is_sampled(request_id: str, threshold: bytes) -> bool:
    """The same for every copy of a request, and independent of its arm.

    >>> sum(is_sampled(str(n), threshold_of(0.25)) for n in range(4000)) / 4000
    0.25...
    """
    # The person keeps this hash apart from the router's, which may see the same text.
    raw = request_id.encode("utf-8", "surrogatepass")
    return blake2b(raw, digest_size=8, person=_PERSON).digest() < threshold
