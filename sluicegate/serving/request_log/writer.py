"""Writes what was packed into the files of a log, whatever is wrong with a record or with the disk."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

from sluicegate.serving.exchange import Exchange
from sluicegate.serving.request_log.chosen_format import format_of
from sluicegate.serving.request_log.files import Clock, Files
from sluicegate.serving.request_log.packing import unpack
from sluicegate.serving.request_log.privacy import Privacy, redact
from sluicegate.serving.request_log.settings import RequestLogSettings


class Writer:
    """written : records that are on the disk.  failed : records that the disk or the format refused.

    on_trouble : called with each error of a record or of the disk, which is not raised.
    """

    def __init__(self, settings: RequestLogSettings, clock: Clock, on_trouble: Callable[[Exception], None]) -> None:
        self.written = self.failed = 0
        self._say = on_trouble
        self._privacy = Privacy.of(settings)
        # A format's library that is missing is found out here, before anything is written.
        self._files = Files(settings, format_of(settings), clock, on_trouble)

    def recover(self) -> None:
        """Completes what processes that are no more have left behind."""
        self._guarded(self._files.recover)

    def tick(self) -> None:
        """Completes files that are old enough."""
        self._guarded(self._files.tick)

    def close(self) -> None:
        """Completes all files."""
        self._guarded(self._files.close)

    def write(self, frames: Sequence[bytes]) -> None:
        """Appends what `packing.frame` made."""
        for stream in self._streams(unpack(frames)):
            self._put(stream)

    def _streams(self, exchanges: Sequence[Exchange]) -> list[list[Exchange]]:
        streams: dict[Hashable, list[Exchange]] = {}
        for exchange in exchanges:
            try:
                streams.setdefault(self._files.stream_of(exchange), []).append(redact(exchange, self._privacy))
            except Exception as error:  # noqa: BLE001 - one record must not take others with it
                self._fail(1, error)
        return list(streams.values())

    def _put(self, exchanges: list[Exchange]) -> None:
        try:
            self._files.write(exchanges)
        except OSError as error:
            self._fail(len(exchanges), error)
        except Exception as error:  # noqa: BLE001 - one record must not take others with it
            if len(exchanges) == 1:
                self._fail(1, error)
                return
            for exchange in exchanges:
                self._put([exchange])
        else:
            self.written += len(exchanges)

    def _fail(self, records: int, error: Exception) -> None:
        self.failed += records
        self._say(error)

    def _guarded(self, action: Callable[[], None]) -> None:
        try:
            action()
        except Exception as error:  # noqa: BLE001 - the writer must outlive any disk
            self._say(error)
