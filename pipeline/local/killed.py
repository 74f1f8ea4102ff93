"""What killed runs left behind, put in order: by the next run in the same output folder, or by `sluicegate doctor`.

Whoever calls holds the output folder's lock, so no run is at work there. What is found open is of runs that were killed.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline import gates
from pipeline.local import temporary
from schemas import records, unfinished
from schemas.document import RecordError
from schemas.errors import EXIT_ERROR
from schemas.output_folder import OutputFolder
from schemas.records import RunResult, State, StepRecord

if TYPE_CHECKING:
    from pipeline.run.executions import Closed
    from pipeline.settings.metadata import Metadata

#: In the frontier's folder: the id under which its steps stand in ML Metadata.
FRONTIER_RUN = "run_id"
#: Names that whole_file, folders and schemas.release give to what is not yet complete: `.NAME.PID`, `.NAME.PID-RANDOM`.
_ASIDE = re.compile(r"\..+\.\d+(-[0-9a-f]{8})?")
_RUN_ID = re.compile(r"\d{8}-\d{6}(-\d+)?")
_ASIDE_SECONDS = 60.0
_BEFORE_ITS_REPORT = "The run was killed before its report was drawn: metrics and charts may be missing."


@dataclass(frozen=True)
class Found:
    """One killed run.  place : "in Trainer", or where else it was.  executions : ids in ML Metadata that were closed."""

    run_id: str
    place: str
    executions: tuple[int, ...]

    def __str__(self) -> str:
        closed = f"; closed in ML Metadata: execution {', '.join(map(str, self.executions))}" if self.executions else ""
        return f"run {self.run_id} was killed {self.place}{closed}"


def is_any_in(folder: OutputFolder) -> bool:
    """Whether a run was killed here; quick, and opens no database."""
    return bool(_open_runs(folder)) or (folder.frontier / FRONTIER_RUN).exists() or any(_partial(folder))


def close(folder: OutputFolder, metadata: Metadata, *, thorough: bool = False) -> list[Found]:
    """Closes what killed runs left open and removes what they were about to make.

    thorough : look at every execution of a database of the folder's own, also of runs whose folders were removed.
    Raises MachineError where ML Metadata cannot be opened.
    """
    homes = _open_runs(folder)
    executions = _close_executions(folder, metadata, homes, thorough)
    found = [_close(folder, home, [e for e in executions if e.run_id == home.name]) for home in homes]
    rest = {e.run_id for e in executions} - {home.name for home in homes}
    found += [_told(run_id, [e for e in executions if e.run_id == run_id]) for run_id in sorted(rest)]
    for execution in executions:
        _remove_outputs(folder, execution)
    for path in _partial(folder):
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)
    temporary.remove_left(folder.frontier)
    (folder.frontier / FRONTIER_RUN).unlink(missing_ok=True)
    if homes:
        _draw_index(folder)
    return found


def _open_runs(folder: OutputFolder) -> list[Path]:
    if not folder.runs.is_dir():
        return []
    runs = (path for path in sorted(folder.runs.iterdir()) if path.is_dir() and not path.is_symlink())
    return [
        path for path in runs if unfinished.is_open(path) and (_RUN_ID.fullmatch(path.name) or unfinished.read(path))
    ]


def _close_executions(folder: OutputFolder, settings: Metadata, homes: Sequence[Path], thorough: bool) -> list[Closed]:
    run_ids = {home.name for home in homes}
    with suppress(OSError):
        run_ids.add((folder.frontier / FRONTIER_RUN).read_text(encoding="utf-8").strip())
    is_own = settings.kind == "sqlite"
    if (is_own and not folder.metadata_db.exists()) or not (run_ids or (thorough and is_own)):
        return []
    from pipeline.run import executions, metadata
    from sluicegate.lineage.connection import connection

    found = connection(settings, folder.metadata_db)
    metadata.check(found)
    every = thorough and is_own
    return executions.close(found, folder.name, None if every else run_ids, executions.FAILED, unfinished.KILLED)


def _close(folder: OutputFolder, home: Path, executions: Sequence[Closed]) -> Found:
    """The run gets the result that it could not write itself."""
    temporary.remove_left(home)
    told = unfinished.read(home)
    place = unfinished.place_of(told) if told else _told(home.name, executions).place
    try:
        result = records.read_result(home)
        place = "before its report was drawn"
        result = replace(result, notes=(*result.notes, _BEFORE_ITS_REPORT))
    except (FileNotFoundError, RecordError):
        result = told or _pieced_together(folder, home, executions)
    records.write_result(result, home)
    for path in home.glob(".*"):
        if _ASIDE.fullmatch(path.name):
            path.unlink(missing_ok=True)
    _draw(home)
    # Last, so that whoever is killed here is followed by one who does it again.
    unfinished.remove(home)
    return Found(home.name, place, tuple(e.id for e in executions))


def _told(run_id: str, executions: Sequence[Closed]) -> Found:
    steps = ", ".join(dict.fromkeys(e.step for e in executions if e.step))
    return Found(run_id, f"in {steps}" if steps else "at an unknown place", tuple(e.id for e in executions))


def _pieced_together(folder: OutputFolder, home: Path, executions: Sequence[Closed]) -> RunResult:
    """Of a run that had not begun to tell, or of an older Sluicegate."""
    steps = [StepRecord(e.step, State.FAILED, execution_id=e.id, error=unfinished.KILLED) for e in executions if e.step]
    began = datetime.fromtimestamp(home.stat().st_mtime, UTC)
    with suppress(ValueError):
        began = datetime.strptime(home.name[:15], "%Y%m%d-%H%M%S").replace(tzinfo=UTC)
    notes = () if steps else ("The run was killed, and left no word of where it was.",)
    return RunResult(
        home.name, folder.name, "ERROR", EXIT_ERROR, began.isoformat(timespec="seconds"), 0.0, tuple(steps), notes=notes
    )


def _remove_outputs(folder: OutputFolder, execution: Closed) -> None:
    """ML Metadata knows nothing of what lies there, and never will: TFX publishes a step's outputs at its end."""
    if execution.step and os.path.basename(execution.step) == execution.step:
        for path in (folder.artifacts / execution.step).glob(f"*/{execution.id}"):
            shutil.rmtree(path, ignore_errors=True)
        for path in (folder.artifacts / execution.step).glob(f".system/*/{execution.id}"):
            shutil.rmtree(path, ignore_errors=True)
        for path in (folder.artifacts / execution.step).glob(".system/stateful_working_dir/*"):
            shutil.rmtree(path, ignore_errors=True)


def _partial(folder: OutputFolder) -> Iterator[Path]:
    """Files and version folders that were about to get their name."""
    for place in (folder.root, folder.runs):
        yield from (path for path in place.glob(".*") if _ASIDE.fullmatch(path.name))
    yield from folder.serving.glob(".incoming-*")
    # A server writes here, too, without our lock; what it writes now has its name in a moment.
    for path in folder.serving.rglob(".*"):
        with suppress(FileNotFoundError):
            if _ASIDE.fullmatch(path.name) and time.time() - path.lstat().st_mtime > _ASIDE_SECONDS:
                yield path


def _draw(home: Path) -> None:
    from sluicegate.reports.build import build

    # A report is no reason to leave a run open, nor to keep the next one from running.
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        build(home, gates.GATES)


def _draw_index(folder: OutputFolder) -> None:
    from sluicegate.reports.run_index import build_index

    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        build_index(folder.root)
