"""Which output folders a command is about, and the run in them that was asked for."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.local.options import DEFAULT_CONFIG, add_environment
from sluicegate.history.folders import RunFolder, check_ran, named, newest, run_folders

if TYPE_CHECKING:
    from pipeline.settings.file import LoadedSettings

#: Where commands over all output folders look.
ALL = "output"


@dataclass(frozen=True)
class Place:
    """An output folder.  name : of the pipeline in it.  loaded : its settings, when --config named them."""

    root: Path
    name: str
    loaded: LoadedSettings | None


def add_options(parser: argparse.ArgumentParser) -> None:
    """--config and --output; with neither, the default settings file."""
    parser.add_argument("--config", metavar="FILE", help=f"settings file (default: {DEFAULT_CONFIG})")
    parser.add_argument("--output", metavar="FOLDER", help="output folder (default: the one that the settings name)")
    add_environment(parser)


def place_of(arguments: argparse.Namespace) -> Place:
    """The output folder the arguments name. Raises SettingsError, or MachineError when nothing ran there yet."""
    loaded = None
    if arguments.config or not arguments.output:
        from pipeline.settings.file import load

        loaded = load(arguments.config or DEFAULT_CONFIG, (), arguments.environment)
    root = Path(arguments.output or (loaded.settings.output_folder if loaded else ""))
    check_ran(root, f"run the pipeline first: sluicegate run --config {arguments.config or DEFAULT_CONFIG}")
    return Place(root, loaded.settings.name if loaded else _name_in(root), loaded)


def roots(arguments: argparse.Namespace) -> list[Path]:
    """The output folder the arguments name; with neither --config nor --output, all below output/."""
    from schemas.output_folder import OutputFolder

    if arguments.output or arguments.config:
        return [place_of(arguments).root]
    return sorted(folder for folder in Path(ALL).glob("*") if OutputFolder(folder).runs.is_dir())


def chosen_run(place: Place, run_id: str | None) -> RunFolder:
    """The run that was asked for, else the newest that left a record.

    Raises UsageError for an unknown run, MachineError when it, or any, left no record.
    """
    folders = run_folders(place.root)
    found = named(run_id, folders, [place.root]) if run_id else newest(folders, place.root)
    found.recorded()
    return found


def _name_in(root: Path) -> str:
    of_runs = [run.result.name for run in run_folders(root) if run.result]
    return of_runs[-1] if of_runs else root.name
