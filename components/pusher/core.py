"""Putting a model version beside the others: never half of one, never the same one twice, never an older number."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from schemas.digest import model_digest
from schemas.errors import MachineError, Problem

#: Model servers look for integers only, so a hidden name is never served.
INCOMING = ".incoming-"


@dataclass(frozen=True)
class Pushed:
    """folder : of the version, a path or URI.  copied : False where a version with the same digest was there already."""

    folder: str
    version: int
    digest: str
    copied: bool


def versions(serving_folder: str | Path) -> tuple[int, ...]:
    """The version numbers in `serving_folder`, ascending; () where there is no such folder."""
    folder = Path(serving_folder)
    if not folder.is_dir():
        return ()
    names = (path.name for path in folder.iterdir() if path.is_dir())
    return tuple(sorted(int(name) for name in names if name.isascii() and name.isdigit()))


def next_version(existing: tuple[int, ...], now_seconds: float) -> int:
    """TFX's number, the Unix time in whole seconds, made greater than every existing one.

    >>> next_version((5, 1000), 999.9)
    1001
    >>> next_version((5,), 999.9)
    999
    """
    return max(int(now_seconds), max(existing, default=0) + 1)


def push(model: str | Path, serving_folder: str | Path, now_seconds: float) -> Pushed:
    """Copies the folder `model` into `serving_folder` as a new version, unless the same model is there.

    Of several versions with the same digest the newest counts. What an interrupted push left behind is removed;
    two pushes into one folder at a time are not provided for (the run's lock keeps them apart).

    Raises MachineError where the copy is not what was to be copied.
    """
    digest, existing = model_digest(model), versions(serving_folder)
    for version in reversed(existing):
        folder = Path(serving_folder) / str(version)
        if model_digest(folder) == digest:
            return Pushed(str(folder), version, digest, copied=False)
    version = next_version(existing, now_seconds)
    target = Path(serving_folder) / str(version)
    _remove_leftovers(Path(serving_folder))
    aside = target.with_name(f"{INCOMING}{version}-{os.getpid()}")
    shutil.copytree(model, aside)
    _verify(aside, digest)
    os.rename(aside, target)
    return Pushed(str(target), version, digest, copied=True)


def _verify(copy: Path, digest: str) -> None:
    found = model_digest(copy)
    if found != digest:
        shutil.rmtree(copy)
        raise MachineError(
            "The copy of the model is not the model; nothing was pushed.",
            Problem(str(copy), f"digest {found}", f"digest {digest}", "Check the disk, then run again."),
        )


def _remove_leftovers(serving_folder: Path) -> None:
    for path in serving_folder.glob(f"{INCOMING}*"):
        shutil.rmtree(path)
