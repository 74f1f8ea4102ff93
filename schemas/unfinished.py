"""`unfinished.json` in a run's folder: what became of the run, should its process die now.

It is a run's record like result.json, and written anew as each step begins: what is done, the step that is at work as the one that
failed, and the rest as not run. It goes when the run ends. So a run that was killed is named by the step it died in, and nothing has to
be found out afterwards.
"""

from __future__ import annotations

from pathlib import Path

from schemas.document import RecordError
from schemas.output_folder import OutputFolder
from schemas.records import RESULT_NAME, RunResult, State, read_result, write_result
from schemas.run_lock import holder

FILE_NAME = "unfinished.json"
#: The error of the step that was at work.
KILLED = "the run's process ended in this step: it was killed, ran out of memory, or the machine went down."


def write(result: RunResult, run_folder: Path) -> None:
    write_result(result, run_folder, FILE_NAME)


def read(run_folder: Path) -> RunResult | None:
    """None where there is none that can be read: an older run, or one that was killed before it had begun to tell."""
    try:
        return read_result(run_folder, FILE_NAME)
    except (FileNotFoundError, RecordError):
        return None


def remove(run_folder: Path) -> None:
    (run_folder / FILE_NAME).unlink(missing_ok=True)


def is_open(run_folder: Path) -> bool:
    """Whether the run has not come to its end: it is under way, or was killed."""
    return not (run_folder / RESULT_NAME).exists() or (run_folder / FILE_NAME).exists()


def at_work(output_folder: Path) -> Path | None:
    """The folder of the run that is at work there now; None where there is none.

    A run puts those before it in order, so of what is open the newest is the one that holds the lock.
    """
    try:
        if holder(output_folder) is None:
            return None
        open_runs = [path for path in OutputFolder(output_folder).run_folders() if is_open(path)]
    except OSError:
        return None
    return max(open_runs, key=lambda path: path.name, default=None)


def sentence(run_folder: Path, *, is_at_work: bool) -> str:
    """What to say of a run without result.json.

    is_at_work : whether a run holds the lock of the output folder, and this is the newest one there.
    """
    told = read(run_folder)
    if told is None:
        return f"No {RESULT_NAME}: the run is under way, or was killed."
    place = place_of(told)
    return f"The run is under way: {place}." if is_at_work else f"The run was killed {place}."


def place_of(told: RunResult) -> str:
    """Words such as "in Trainer", or where a run without a failed step stood.

    >>> place_of(RunResult("r", "t", "ERROR", 1, "", 0, notes=("before its first step",)))
    'before its first step'
    """
    failed = next((step for step in told.steps if step.state is State.FAILED), None)
    return f"in {failed.step}" if failed else told.notes[-1] if told.notes else "at an unknown place"
