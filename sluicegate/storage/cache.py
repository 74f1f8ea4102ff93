"""Where copies of what lies in a bucket are kept on this machine. All of it may be deleted at any time."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from schemas.errors import MachineError, Problem

#: Names the folder; else it is the user's own cache.
VARIABLE = "SLUICEGATE_CACHE"
_INCOMING = ".incoming-"
#: Seconds after which what an interrupted copy left is removed.
_ABANDONED = 24 * 3600.0


def folder() -> Path:
    """SLUICEGATE_CACHE, else below XDG_CACHE_HOME or ~/.cache; below the system's temporary folder where there is no home."""
    if named := os.environ.get(VARIABLE):
        return Path(named).absolute()
    if base := os.environ.get("XDG_CACHE_HOME"):
        return Path(base).absolute() / "sluicegate"
    try:
        home = Path.home()
    except RuntimeError:
        home = Path("/nonexistent")
    if os.access(home, os.W_OK):
        return home / ".cache" / "sluicegate"
    return Path(tempfile.gettempdir()) / f"sluicegate-cache-{os.getuid()}"


def kept(target: Path, fill: Callable[[Path], None], is_good: Callable[[Path], bool]) -> Path:
    """The folder `target`, filled by `fill` unless a good one stands there; never seen half filled.

    fill : writes into an empty folder.  is_good : whether a filled folder is what it should be; it is asked each time, before and
    after the filling. Any number of processes may do so at once.

    Raises MachineError where it cannot be written, or is not good after the filling; and what `fill` raises.
    """
    if target.is_dir() and is_good(target):
        return target
    aside = target.with_name(f"{_INCOMING}{os.getpid()}-{secrets.token_hex(4)}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(target.parent)
        aside.mkdir()
        fill(aside)
        if not is_good(aside):
            raise _not_the_same(target)
        _into_place(aside, target, is_good)
    except OSError as error:
        remedy = f"free some space, or name another folder in {VARIABLE}"
        raise MachineError(
            "The cache cannot be written.", Problem(str(target.parent), error.strerror or str(error), "", remedy)
        ) from None
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return target


def _into_place(aside: Path, target: Path, is_good: Callable[[Path], bool]) -> None:
    try:
        os.rename(aside, target)
    except OSError:
        if target.is_dir() and is_good(target):
            return  # somebody else was quicker
        worn = aside.with_name(f"{aside.name}-old")
        os.rename(target, worn)
        os.rename(aside, target)
        shutil.rmtree(worn, ignore_errors=True)


def _remove_abandoned(parent: Path) -> None:
    for path in parent.glob(f"{_INCOMING}*"):
        if time.time() - path.stat().st_mtime > _ABANDONED:
            shutil.rmtree(path, ignore_errors=True)


def _not_the_same(target: Path) -> MachineError:
    return MachineError(
        "What was copied from a bucket is not what it should be.",
        Problem(str(target), "other files than its record says", "the very files that were put there",
                "if it is being uploaded, wait; else push it again"),
    )  # fmt: skip
