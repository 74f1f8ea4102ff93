"""Makes an output folder, and says why it cannot; what lies where in it: schemas/output_folder.py."""

from __future__ import annotations

import os
from pathlib import Path

from pipeline.settings.file import LoadedSettings
from schemas.errors import MachineError, Problem
from schemas.output_folder import OutputFolder
from sluicegate.storage.opening import absolute


def make(folder: OutputFolder) -> None:
    """Makes the folders. Raises MachineError where the machine does not let us write."""
    try:
        for path in (folder.root, folder.artifacts, folder.runs):
            path.mkdir(parents=True, exist_ok=True)
        probe = folder.root / f".writable.{os.getpid()}"
        probe.write_text("")
        probe.unlink()
    except OSError as error:
        raise cannot_write(folder.root, error) from None


def serving_place(loaded: LoadedSettings, folder: OutputFolder) -> str:
    """Where versions and release.json lie, a path or URI: the one place that decides it for a local runner."""
    named = loaded.environment.serving_folder
    return absolute(named) if named else str(folder.serving)


def point_latest_at(folder: OutputFolder, run_id: str) -> None:
    """Makes `runs/latest` a link to this run, at once."""
    aside = folder.runs / f".latest.{os.getpid()}"
    aside.unlink(missing_ok=True)
    aside.symlink_to(run_id)
    os.replace(aside, folder.latest)


def cannot_write(place: Path, error: OSError) -> MachineError:
    """The four parts of "cannot write here"."""
    remedy = "free some space" if error.errno in (28, 122) else "give yourself the right to write there"
    return MachineError(
        "The output folder cannot be written.",
        Problem(str(place), (error.strerror or str(error)).lower(), "a folder that can be written",
                f"{remedy}, or choose another folder with --output"),
    )  # fmt: skip
