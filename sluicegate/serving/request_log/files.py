"""Files that grow hidden, and are renamed when they are complete. Belongs to the writer's thread.

A file in progress is locked by the process that writes it, and the system releases the lock when that process dies in
whatever way. So what is hidden and not locked was left behind, and is completed at the next start.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sluicegate.serving import private
from sluicegate.serving.exchange import Exchange
from sluicegate.serving.request_log import names
from sluicegate.serving.request_log.formats import Format, Growing
from sluicegate.serving.request_log.settings import RequestLogSettings

#: Seconds until a file that could not be completed is tried again.
PATIENCE = 10.0


@dataclass(frozen=True)
class Clock:
    """wall : seconds since 1970, for names.  steady : seconds that never jump, for ages."""

    wall: Callable[[], float]
    steady: Callable[[], float]


@dataclass
class _File:
    path: Path
    layout: bytes
    began: float
    lock: int
    growing: Growing


@dataclass
class _Ended:
    """A file that takes no more.  torn : its end may be half written.  lock : held until it is complete."""

    path: Path
    torn: bool
    lock: int
    not_before: float = 0.0


class Files:
    """The files of all models.

    on_trouble : called with what went wrong where no record is lost by it.
    """

    def __init__(
        self, settings: RequestLogSettings, form: Format, clock: Clock, on_trouble: Callable[[Exception], None]
    ) -> None:
        self._settings, self._format, self._clock, self._on_trouble = settings, form, clock, on_trouble
        self._open: dict[Hashable, _File] = {}
        self._ended: list[_Ended] = []
        self._sequence = 0

    def stream_of(self, exchange: Exchange) -> Hashable:
        return self._format.stream_of(exchange)

    def write(self, exchanges: Sequence[Exchange]) -> None:
        """Appends exchanges of one stream to its file. Raises OSError, or what the format raises: then none is in."""
        stream = self._format.stream_of(exchanges[0])
        batch = self._format.encode(exchanges)
        if not batch.pieces:
            return
        file = self._open.get(stream)
        if file is not None and file.layout != batch.layout:
            self._end(stream)
            file = None
        if file is None:
            file = self._open[stream] = self._begin(exchanges[0].model, batch.layout)
        try:
            file.growing.append(batch.pieces)
        except BaseException:
            self._end(stream, torn=True)
            raise
        if file.growing.size >= self._settings.rotate_bytes:
            self._end(stream)

    def tick(self) -> None:
        """Completes files that are old enough, and tries again those that could not be completed."""
        now = self._clock.steady()
        for stream in [s for s, f in self._open.items() if now - f.began >= self._settings.rotate_seconds]:
            self._end(stream)
        self._complete_ended(now)

    def close(self) -> None:
        """Completes everything; what cannot be is left for the next start."""
        for stream in list(self._open):
            self._end(stream)
        self._complete_ended(float("inf"))
        for ended in self._ended:
            os.close(ended.lock)
        self._ended = []

    def recover(self) -> None:
        """Completes what processes that are no more have left behind."""
        for path in sorted(self._settings.folder.glob(f"*/.*{names.IN_PROGRESS}")):
            # Another format's leftovers wait until the log is set to it again.
            if names.shown(path.name).endswith("." + self._format.ending) and (lock := _lock(path)) is not None:
                self._ended.append(_Ended(path, True, lock))
        self._complete_ended(self._clock.steady())

    def _begin(self, model: str, layout: bytes) -> _File:
        folder = self._settings.folder / names.folder_of(model)
        private.make_folders(self._settings.folder, folder)
        path, lock = self._reserved(folder, model)
        try:
            return _File(path, layout, self._clock.steady(), lock, self._format.open(path, layout))
        except BaseException:
            path.unlink(missing_ok=True)
            os.close(lock)
            raise

    def _reserved(self, folder: Path, model: str) -> tuple[Path, int]:
        """A new, empty and locked file in progress. Processes in containers may share a folder and a process id."""
        while True:
            self._sequence += 1
            name = str(names.FileName(model, self._clock.wall(), self._sequence, os.getpid(), self._format.ending))
            path = folder / names.hidden(name)
            with suppress(FileExistsError):
                lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, private.FILE_MODE)
                fcntl.flock(lock, fcntl.LOCK_EX)
                # Between the two calls above a starting process may have taken the empty file for a leftover.
                if path.exists() and not (folder / name).exists():
                    return path, lock
                path.unlink(missing_ok=True)
                os.close(lock)

    def _end(self, stream: Hashable, torn: bool = False) -> None:
        """Closes the file of a stream and completes it. Never raises for the disk's sake."""
        file = self._open.pop(stream)
        try:
            file.growing.close()
        except OSError as error:
            torn = True
            self._on_trouble(error)
        self._ended.append(_Ended(file.path, torn, file.lock))
        self._complete_ended(self._clock.steady())

    def _complete_ended(self, now: float) -> None:
        for ended in [e for e in self._ended if e.not_before <= now]:
            try:
                self._complete(ended)
            except OSError as error:
                ended.not_before = now + PATIENCE
                self._on_trouble(error)
                continue
            except Exception as error:  # noqa: BLE001 - a file that cannot be read must not stop those that can
                self._on_trouble(error)
                with suppress(OSError):
                    ended.path.rename(ended.path.with_name(ended.path.name + names.BROKEN))
            self._ended.remove(ended)
            os.close(ended.lock)
            self._prune(ended.path.parent)

    def _complete(self, ended: _Ended) -> None:
        complete = ended.path.with_name(names.shown(ended.path.name))
        if ended.path.exists():
            self._format.finish(ended.path, complete, ended.torn)
            ended.path.unlink(missing_ok=True)
        _sync_folder(complete.parent)

    def _prune(self, folder: Path) -> None:
        if not self._settings.max_files:
            return
        try:
            for path in complete_files(folder, self._format.ending)[: -self._settings.max_files]:
                path.unlink(missing_ok=True)
        except OSError as error:
            self._on_trouble(error)


def complete_files(folder: Path, ending: str) -> list[Path]:
    """Complete files of a model's folder, the oldest first; none where there is no folder."""
    return [path for _, path in sorted(_aged(folder, ending))]


def _aged(folder: Path, ending: str) -> Iterator[tuple[tuple[str, int], Path]]:
    with suppress(FileNotFoundError):
        for path in folder.iterdir():
            age = names.age_of(path.name, ending)
            if age is not None:
                yield age, path


def _lock(path: Path) -> int | None:
    """A descriptor that holds the lock, or None where a process still writes the file."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Another process may have completed it between our open and our lock.
        if path.exists():
            return descriptor
    except BlockingIOError:
        pass
    os.close(descriptor)
    return None


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
