"""Which runs an output folder holds, also those that have not ended or cannot be read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from schemas import unfinished
from schemas.document import RecordError
from schemas.errors import MachineError, Problem, UsageError
from schemas.names import OF_MANY, did_you_mean
from schemas.output_folder import RUNS, OutputFolder
from schemas.records import RESULT_NAME, RunResult, read_result


@dataclass(frozen=True)
class RunFolder:
    """One folder below runs/.  result : None where there is no record that can be read; `problem` then says why.

    told : what a run that has not ended said of itself last.
    """

    path: Path
    result: RunResult | None
    problem: str = ""
    told: RunResult | None = None

    def recorded(self) -> RunResult:
        """Its record. Raises MachineError where there is none."""
        if self.result is None:
            remedy = "choose another run, or wait until it has ended"
            raise MachineError(
                "This run left no record.", Problem(str(self.path), self.problem, f"a {RESULT_NAME}", remedy)
            )
        return self.result


def check_ran(root: Path, remedy: str) -> None:
    """Raises MachineError for a folder in which nothing ran."""
    if not OutputFolder(root).runs.is_dir():
        got = f"no {RUNS}/ in it" if root.is_dir() else "no such folder"
        raise MachineError(
            "Nothing ran in this output folder yet.", Problem(str(root), got, "an output folder of a run", remedy)
        )


def run_folders(root: Path) -> list[RunFolder]:
    """The runs below an output folder, oldest first; a run that cannot be read is among them.

    A copy of `runs/latest` that a tool made which follows links is not: its run stands here under its own id.
    """
    at_work = unfinished.at_work(root)
    found = [read_folder(folder, is_at_work=folder == at_work) for folder in OutputFolder(root).run_folders()]
    return sorted(_own(found), key=started_at)


def read_folder(folder: Path, *, is_at_work: bool = False) -> RunFolder:
    """One run's folder, wherever it lies."""
    try:
        return RunFolder(folder, read_result(folder))
    except FileNotFoundError:
        problem = unfinished.sentence(folder, is_at_work=is_at_work)
        return RunFolder(folder, None, problem, unfinished.read(folder))
    except RecordError as error:
        return RunFolder(folder, None, f"{RESULT_NAME} cannot be read: {error}")


def started_at(run: RunFolder) -> tuple[str, str]:
    """What runs are sorted by."""
    known = run.result or run.told
    return known.started_at if known else "", run.path.name


def newest(folders: Iterable[RunFolder], place: Path) -> RunFolder:
    """The newest that left a record. Raises MachineError where none did.

    place : the output folder, for the message.
    """
    ended = [folder for folder in folders if folder.result]
    if not ended:
        raise MachineError(
            "No run has ended in this output folder yet.",
            Problem(str(OutputFolder(place).runs), "no record", "a run that has ended",
                    "run the pipeline, or wait until the run that is under way has ended"),
        )  # fmt: skip
    return max(ended, key=started_at)


def named(word: str, folders: Sequence[RunFolder], places: Sequence[Path], others: Sequence[str] = ()) -> RunFolder:
    """The run whose id is `word`. Raises UsageError for an id that no run, or more than one, has.

    places : the output folders that were looked in.  others : words that stand for a run, for "did you mean".
    """
    found = [folder for folder in folders if folder.path.name == word]
    if len(found) > 1:
        there = ", ".join(str(folder.path) for folder in found)
        raise UsageError(
            "More than one run has this id.", Problem("the run's id", word, there, "give its folder, or --output")
        )
    if not found:
        raise _no_such(word, [folder.path.name for folder in folders], places, others)
    return found[0]


def _no_such(word: str, names: Sequence[str], places: Sequence[Path], others: Sequence[str]) -> UsageError:
    known = ", ".join([*names[-5:], *(others if names else [])]) or "none yet"
    remedy = did_you_mean(word, [*names, *others], "list them: sluicegate runs", OF_MANY, most=3)
    where = ", ".join(str(OutputFolder(place).runs) for place in places) or "no output folder"
    return UsageError("There is no such run.", Problem(where, word, known, remedy))


def _own(found: Sequence[RunFolder]) -> list[RunFolder]:
    names = {run.path.name for run in found}
    return [r for r in found if r.result is None or r.result.run_id == r.path.name or r.result.run_id not in names]
