"""Takes exchanges from the event loop, and writes them in a thread of its own."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from hashlib import blake2b

from serving.exchange import Exchange, Together
from serving.request_log.files import Clock, Files
from serving.request_log.formats import format_of
from serving.request_log.privacy import Privacy, redact
from serving.request_log.settings import RequestLogSettings

log = logging.getLogger("sluicegate.serving")

#: Records that the writer turns into columns at a time. A chunk costs some milliseconds however few its records are, and
#: between two chunks the event loop can have the interpreter.
CHUNK = 1024
#: Seconds between two looks at the queue, which is what a killed server loses; half a queue wakes the writer before.
INTERVAL = 0.5
#: Seconds between two messages about trouble.
QUIET = 60.0
_PERSON = b"request log"
_SPAN = 1 << 64
#: Bytes of a record without its arrays.
_RECORD = 512
#: Under which `Together.known` keeps its size.
_SIZE = "bytes"


class RequestLog:
    """The request log of a server.

    dropped : records that did not fit into the queue, or came after `close`.
    written : records that are on the disk.  failed : records that the disk or the format refused.

    Once nothing is queued, offers that returned True are written + failed.
    """

    def __init__(
        self,
        settings: RequestLogSettings,
        clock: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
        interval: float = INTERVAL,
    ) -> None:
        self.dropped = self.written = self.failed = 0
        self._settings, self._interval = settings, interval
        self._threshold = threshold_of(settings.sampling_rate)
        self._privacy = Privacy.of(settings)
        self._complaints = Complaints(steady)
        # A format's library that is missing is found out here, not in the thread.
        self._files = Files(settings, format_of(settings), Clock(clock, steady), self._complaints.say)
        self._queue: deque[tuple[Exchange, int]] = deque()
        # Only those who offer hold this lock, so the event loop never waits for the writer.
        self._offering = threading.Lock()
        self._bytes_in = self._bytes_out = 0
        self._wake_at = max(1, settings.queue_records // 2)
        self._wake = threading.Event()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="request-log", daemon=True)
        self._thread.start()

    def offer(self, exchange: Exchange) -> bool:
        """Whether the exchange will be written. Neither blocks nor raises; its arrays must not be changed afterwards."""
        try:
            if self._threshold is not None and not is_sampled(exchange.request_id, self._threshold):
                return False
            size = size_of(exchange)
            with self._offering:
                waiting = len(self._queue)
                held = self._bytes_in - self._bytes_out + size
                if self._closed or waiting >= self._settings.queue_records or held > self._settings.queue_bytes:
                    self.dropped += 1
                    return False
                self._bytes_in += size
                self._queue.append((exchange, size))
            if waiting + 1 == self._wake_at:
                self._wake.set()
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a record, the client gets its answer
            self.dropped += 1
            self._complaints.say(error)
            return False
        return True

    @property
    def queued(self) -> int:
        """Records that wait for the writer."""
        return len(self._queue)

    def close(self, timeout: float = 10.0) -> bool:
        """Writes what was accepted and completes the files; False where that took longer than `timeout` seconds."""
        with self._offering:
            self._closed = True
        self._wake.set()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    # -- the writer's thread

    def _run(self) -> None:
        self._guarded(self._files.recover)
        closing = False
        while not closing:
            self._wake.wait(self._interval)
            self._wake.clear()
            closing = self._closed
            self._guarded(self._files.tick)
            self._drain()
        self._guarded(self._files.close)

    def _drain(self) -> None:
        records = len(self._queue)
        chunks = -(-records // CHUNK)
        for n in range(chunks):
            chunk = [self._queue.popleft() for _ in range((n + 1) * records // chunks - n * records // chunks)]
            for exchanges in self._streams([exchange for exchange, _ in chunk]):
                self._write(exchanges)
            self._bytes_out += sum(size for _, size in chunk)
            # A thread that computes gives the interpreter away every 5 ms only, which the event loop would feel.
            time.sleep(0)

    def _streams(self, exchanges: Sequence[Exchange]) -> list[list[Exchange]]:
        streams: dict[Hashable, list[Exchange]] = {}
        for exchange in exchanges:
            try:
                streams.setdefault(self._files.stream_of(exchange), []).append(redact(exchange, self._privacy))
            except Exception as error:  # noqa: BLE001 - one record must not take others with it
                self._fail(1, error)
        return list(streams.values())

    def _write(self, exchanges: list[Exchange]) -> None:
        try:
            self._files.write(exchanges)
        except OSError as error:
            self._fail(len(exchanges), error)
        except Exception as error:  # noqa: BLE001 - one record must not take others with it
            if len(exchanges) == 1:
                self._fail(1, error)
                return
            for exchange in exchanges:
                self._write([exchange])
        else:
            self.written += len(exchanges)

    def _fail(self, records: int, error: Exception) -> None:
        self.failed += records
        self._complaints.say(error)

    def _guarded(self, action: Callable[[], None]) -> None:
        try:
            action()
        except Exception as error:  # noqa: BLE001 - the thread must outlive any disk
            self._complaints.say(error)


class Complaints:
    """Says once in a while what goes wrong, and how often it did."""

    def __init__(self, steady: Callable[[], float]) -> None:
        self._steady, self._next, self._count = steady, float("-inf"), 0

    def say(self, error: Exception) -> None:
        self._count += 1
        now = self._steady()
        if now < self._next:
            return
        # The text of any other error could quote a value that must not reach a log.
        text = str(error) if isinstance(error, OSError) else "a record or file cannot be used"
        log.error("request log: %s: %s (%d since the last message)", type(error).__name__, text, self._count)
        self._next, self._count = now + QUIET, 0


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


def size_of(exchange: Exchange) -> int:
    """Bytes that an exchange holds on to, roughly: texts are taken to be as long as the first.

    Of rows that ran with others, the even share.
    """
    part, known = exchange.part, exchange.part.of.known
    size = known.get(_SIZE)
    if size is None:
        size = known[_SIZE] = _bytes_of(part.of)
    if part.rows is None:
        return _RECORD + int(size)
    return _RECORD + int(size * part.rows / max(1, len(next(iter(part.of.inputs.values())))))


def _bytes_of(arrays: Together) -> int:
    size = 0
    for tensors in (arrays.inputs, arrays.outputs):
        for array in tensors.values():
            size += array.nbytes
            if array.dtype.hasobject and array.size:
                size += array.size * (len(array.item(0)) + 33)
    return size
