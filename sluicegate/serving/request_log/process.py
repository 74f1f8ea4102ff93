"""The process that writes a request log: frames come in on a pipe, counts and complaints go out on another.

It belongs to a server and ends with it: at the end of its input it completes the files, so nothing that reached it is lost even
when the server is killed. Signals that stop a server are meant for the server, which closes the pipe when it has drained.
"""

from __future__ import annotations

import json
import os
import select
import signal
import struct
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sluicegate.serving.request_log.settings import RequestLogSettings

#: In front of each frame: its length.
LENGTH = struct.Struct("<I")
#: Bytes that are taken in at a time, so that many records share the fixed costs of writing.
_TAKEN = 4 * 2**20
#: Seconds between two looks at the files' ages.
_LOOK = 0.5
#: Seconds without a byte after which what has come is written.
_PAUSE = 0.005
#: The server's threads come first.
_NICE = 10

Reply = Callable[[dict[str, Any]], None]


def settings_as_json(settings: RequestLogSettings) -> bytes:
    return json.dumps(asdict(settings) | {"folder": os.fspath(settings.folder)}).encode()


def _settings(raw: bytes) -> RequestLogSettings:
    content = json.loads(raw)
    lists = {name: tuple(content[name]) for name in ("leave_out", "hash_columns")}
    return RequestLogSettings(**content | lists | {"folder": Path(content["folder"])})


class Frames:
    """Cuts a stream of bytes into frames."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The frames that are whole now."""
        self._rest += data
        found, at = [], 0
        while len(self._rest) - at >= LENGTH.size:
            (length,) = LENGTH.unpack_from(self._rest, at)
            if len(self._rest) - at - LENGTH.size < length:
                break
            at += LENGTH.size
            found.append(bytes(self._rest[at : at + length]))
            at += length
        del self._rest[:at]
        return found


def run(source: int, reply: Reply) -> None:
    """Writes until the input ends.

    source : descriptor of frames, the settings first.
    """
    frames = Frames()
    waiting = _first(source, frames)
    if not waiting:
        return
    settings = _settings(waiting.pop(0))
    try:
        writer = _writer(settings, reply)
    except ImportError as error:
        reply({"cannot": str(error)})
        return
    reply({"ready": True})
    writer.recover()
    ended = False
    while not ended:
        data, ended = _read(source, min(_LOOK, settings.rotate_seconds / 2))
        waiting += frames.feed(data)
        writer.tick()
        if waiting:
            writer.write(waiting)
            waiting = []
            reply({"written": writer.written, "failed": writer.failed})
    writer.close()


def _first(source: int, frames: Frames) -> list[bytes]:
    found: list[bytes] = []
    while not found and (data := os.read(source, 2**16)):
        found = frames.feed(data)
    return found


def _writer(settings: RequestLogSettings, reply: Reply) -> Any:
    from sluicegate.serving.request_log.complaints import Complaints
    from sluicegate.serving.request_log.files import Clock
    from sluicegate.serving.request_log.writer import Writer

    complaints = Complaints(time.monotonic, lambda text: reply({"trouble": text}))
    return Writer(settings, Clock(time.time, time.monotonic), complaints.say)


def _read(source: int, patience: float) -> tuple[bytes, bool]:
    """What has come within `patience` seconds, and all that follows at once; and whether the input has ended."""
    taken: list[bytes] = []
    size = 0
    while size < _TAKEN and select.select([source], [], [], _PAUSE if taken else patience)[0]:
        data = os.read(source, 2**20)
        if not data:
            return b"".join(taken), True
        taken.append(data)
        size += len(data)
    return b"".join(taken), False


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    with suppress(OSError):
        os.nice(_NICE)
    replies = os.dup(sys.stdout.fileno())
    # Whatever a library prints must not be taken for a reply.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def reply(said: dict[str, Any]) -> None:
        # The server may be gone already.
        with suppress(BrokenPipeError):
            os.write(replies, json.dumps(said).encode() + b"\n")

    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    run(sys.stdin.fileno(), reply)
    # All is on the disk, and an import may be under way in a thread, which must not be torn down halfway.
    os._exit(0)


if __name__ == "__main__":
    main()
