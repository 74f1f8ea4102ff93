"""A server that somebody started for a while ends with whoever that was, also when that process is killed."""

from __future__ import annotations

import os
import signal
import threading
import time

#: Environment variable: the process id of the one that the server is for. Not set, the server is on its own.
VARIABLE = "SLUICEGATE_SERVER_OF"
_LOOK_SECONDS = 0.5
#: Seconds for the drain; then nobody is left who waits for an answer.
_GRACE_SECONDS = 10.0


def end_with(pid: int) -> None:
    """Watches from a thread; the system tells nobody of a parent's end but by a new parent, everywhere alike."""
    threading.Thread(target=_watch, args=(pid,), name="parent", daemon=True).start()


def _watch(pid: int) -> None:
    while os.getppid() == pid:
        time.sleep(_LOOK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_GRACE_SECONDS)
    os._exit(1)
