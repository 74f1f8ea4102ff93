"""Which output folder a command is about, and the run records in it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.local.options import DEFAULT_CONFIG
from schemas import unfinished
from schemas.errors import MachineError, Problem, UsageError

if TYPE_CHECKING:
    from pipeline.settings.file import LoadedSettings
    from schemas.records import RunResult


@dataclass(frozen=True)
class Place:
    """An output folder.  name : of the pipeline in it.  loaded : its settings, when --config named them."""

    root: Path
    name: str
    loaded: LoadedSettings | None


@dataclass(frozen=True)
class RunFolder:
    """One folder below runs/.  result : None where there is no record that can be read; `problem` then says why.

    told : what a run that has not ended said of itself last.
    """

    path: Path
    result: RunResult | None
    problem: str = ""
    told: RunResult | None = None


def add_options(parser: argparse.ArgumentParser) -> None:
    """--config and --output; with neither, the default settings file."""
    parser.add_argument("--config", metavar="FILE", help=f"settings file (default: {DEFAULT_CONFIG})")
    parser.add_argument("--output", metavar="FOLDER", help="output folder (default: the one that the settings name)")


def place_of(arguments: argparse.Namespace) -> Place:
    """The output folder the arguments name. Raises SettingsError, or MachineError when nothing ran there yet."""
    loaded = None
    if arguments.config or not arguments.output:
        from pipeline.settings.file import load

        loaded = load(arguments.config or DEFAULT_CONFIG)
    root = Path(arguments.output or (loaded.settings.output_folder if loaded else ""))
    if not (root / "runs").is_dir():
        run = f"sluicegate run --config {arguments.config or DEFAULT_CONFIG}"
        raise MachineError(
            "Nothing ran in this output folder yet.",
            Problem(str(root), "no runs/ in it", "an output folder of a run", f"run the pipeline first: {run}"),
        )
    return Place(root, loaded.settings.name if loaded else _name_in(root), loaded)


def run_folders(root: Path) -> list[RunFolder]:
    """The runs below an output folder, oldest first; a run that cannot be read is among them."""
    folders = list(_folders(root / "runs"))
    at_work = unfinished.at_work(root)
    found = [_read(folder, is_at_work=folder == at_work) for folder in folders]
    return sorted(found, key=started_at)


def started_at(run: RunFolder) -> tuple[str, str]:
    """What runs are sorted by."""
    known = run.result or run.told
    return known.started_at if known else "", run.path.name


def chosen_run(place: Place, run_id: str | None) -> RunFolder:
    """The run that was asked for, else the newest that left a record.

    Raises UsageError for an unknown run, MachineError when no run left a record.
    """
    folders = run_folders(place.root)
    if run_id:
        found = next((f for f in folders if f.path.name == run_id), None)
        if found is None:
            known = ", ".join(f.path.name for f in folders[-5:]) or "none yet"
            raise UsageError(
                "There is no such run.", Problem(f"{place.root / 'runs'}", run_id, known, "choose one of these")
            )
        if found.result is None:
            raise MachineError(
                "This run left no record.", Problem(str(found.path), found.problem, "", "choose another run")
            )
        return found
    ended = [f for f in folders if f.result]
    if not ended:
        remedy = "run the pipeline, or wait until the run that is under way has ended"
        raise MachineError(
            "No run has ended in this output folder yet.", Problem(str(place.root / "runs"), "no record", "", remedy)
        )
    return ended[-1]


def _folders(runs: Path) -> Iterator[Path]:
    if runs.is_dir():
        yield from (f for f in sorted(runs.iterdir()) if f.is_dir() and not f.is_symlink())


def _read(folder: Path, *, is_at_work: bool) -> RunFolder:
    from schemas.records import read_result

    try:
        return RunFolder(folder, read_result(folder))
    except FileNotFoundError:
        problem = unfinished.sentence(folder, is_at_work=is_at_work)
        return RunFolder(folder, None, problem, unfinished.read(folder))
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        return RunFolder(folder, None, f"result.json cannot be read: {error}")


def _name_in(root: Path) -> str:
    named = [f.result.name for f in run_folders(root) if f.result]
    return named[-1] if named else root.name
