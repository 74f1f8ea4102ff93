"""Whether a run is at work in an output folder: the kernel drops a process's lock however the process dies."""

from __future__ import annotations

import fcntl
from pathlib import Path

LOCK_NAME = ".lock"


def holder(output_folder: str | Path) -> str | None:
    """The process that is at work there, "unknown" where it has not said who it is; None where there is none.

    Raises OSError where the lock cannot be looked at.
    """
    lock = Path(output_folder) / LOCK_NAME
    try:
        with lock.open("r", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return file.read().strip() or "unknown"
    except FileNotFoundError:
        pass
    return None
