"""The writer's process as the server sees it."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from schemas.errors import MachineError, Problem
from sluicegate.serving.request_log.process import LENGTH, settings_as_json
from sluicegate.serving.request_log.settings import RequestLogSettings

#: Bytes that the pipe holds while the writer is busy; systems that cannot say so have less.
_PIPE = 2**20
#: Bytes that are sent at a time.
_SENT = 2**18
_ROOT = Path(__file__).resolve().parents[3]


class Child:
    """A process that writes, from its start.

    written, failed : records, as it has told.  sent : records that went to it.

    Raises MachineError when it cannot start.
    """

    def __init__(self, settings: RequestLogSettings, on_trouble: Callable[[str], object]) -> None:
        self.written = self.failed = self.sent = 0
        self._on_trouble = on_trouble
        path = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH", "")]))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "sluicegate.serving.request_log.process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
        )
        to, replies = self._process.stdin, self._process.stdout
        assert to is not None  # noqa: S101 - it was asked for
        assert replies is not None  # noqa: S101 - it was asked for
        self._to, self._from = to, replies
        if hasattr(fcntl, "F_SETPIPE_SZ"):
            # More than an unprivileged process may have is refused.
            with suppress(OSError):
                fcntl.fcntl(self._to, fcntl.F_SETPIPE_SZ, _PIPE)
        with suppress(BrokenPipeError):
            self._put([settings_as_json(settings)])
        self._await_ready()
        self._listener = threading.Thread(target=self._listen, name="request-log-replies", daemon=True)
        self._listener.start()

    def send(self, frames: Iterable[tuple[bytes, int]]) -> None:
        """Hands over frames with the number of their records; waits while the process is busy.

        Raises OSError once the process is no more, also where there is nothing to hand over.
        """
        if self._process.poll() is not None:
            raise BrokenPipeError(f"its writer ended with status {self._process.returncode}")
        held: list[bytes] = []
        size = 0
        for frame, records in frames:
            held.append(frame)
            size += len(frame)
            self.sent += records
            if size >= _SENT:
                self._put(held)
                held, size = [], 0
        self._put(held)

    def end(self) -> None:
        """Waits until all is written, and the process has ended."""
        with suppress(OSError):
            self._to.close()
        self._process.wait()
        self._listener.join()

    def _put(self, frames: list[bytes]) -> None:
        rest = memoryview(b"".join([part for frame in frames for part in (LENGTH.pack(len(frame)), frame)]))
        while rest:
            rest = rest[os.write(self._to.fileno(), rest) :]

    def _await_ready(self) -> None:
        line = self._from.readline()
        said = json.loads(line) if line else {}
        if "ready" in said:
            return
        self._process.kill()
        self._process.wait()
        got = said.get("cannot") or f"its writer ended with status {self._process.returncode}"
        remedy = "install what is missing, choose another --request_log_format, or serve without --request_log"
        raise MachineError("The request log cannot be written.", Problem("--request_log", got, "", remedy))

    def _listen(self) -> None:
        for line in self._from:
            said = json.loads(line)
            if "trouble" in said:
                self._on_trouble(said["trouble"])
            else:
                self.written, self.failed = said["written"], said["failed"]
        self._from.close()
