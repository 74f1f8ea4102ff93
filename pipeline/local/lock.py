"""One run at a time in an output folder: an advisory lock that the kernel drops when the process dies, however it dies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from schemas.errors import MachineError, Problem
from schemas.run_lock import LOCK_NAME


@contextmanager
def only_run_in(folder: Path) -> Iterator[None]:
    """Holds `folder`'s lock. Raises MachineError naming the process that holds it already."""
    path = folder / LOCK_NAME
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise _taken(folder, file.read().strip()) from None
        file.seek(0)
        file.truncate()
        file.write(str(os.getpid()))
        file.flush()
        yield


def _taken(folder: Path, holder: str) -> MachineError:
    return MachineError(
        "Another run is at work in this output folder.",
        Problem(
            str(folder),
            f"locked by process {holder or 'unknown'}",
            "one run at a time",
            "wait until it ends, or give this run a folder of its own with --output",
        ),
    )
