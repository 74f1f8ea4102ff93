"""What made a model version, out of ML Metadata and the records beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from schemas import release
from schemas.errors import MachineError, Problem, UsageError
from schemas.output_folder import OutputFolder
from schemas.records import RunResult
from sluicegate.delivery.release_state import current
from sluicegate.history.folders import run_folders
from sluicegate.lineage.connection import StorePlace, connection
from sluicegate.lineage.store import read
from sluicegate.lineage.trace import Known, Origin, origin, version_of_run
from sluicegate.lineage.tree import draw
from sluicegate.lineage.words import origin_tree
from sluicegate.reports.story import headline
from sluicegate.storage.opening import at, is_remote, split_name

#: Where no record says where ML Metadata is kept.
_SQLITE = {"kind": "sqlite"}


@dataclass(frozen=True, repr=False)
class Lineage(Origin):
    """What made one version, step by step; printed, it is the tree that `sluicegate lineage` draws.

    root : the output folder, which paths are shown from.
    """

    root: Path = Path()

    def __repr__(self) -> str:
        return draw(origin_tree(self, self.root))

    def _repr_html_(self) -> str:
        return f"<pre>{escape(repr(self))}</pre>"


def of_version(folder: OutputFolder, settings: Mapping[str, Any], version: int | None) -> Lineage:
    """What made a version; None for the stable one.

    settings : of a run, which say where ML Metadata is kept.
    Raises UsageError for a version that nobody pushed, MachineError where nothing can be read.
    """
    known = known_in(folder, _place(settings))
    wanted = known.release.stable if version is None else version
    if wanted is None:
        remedy = "name a version, or ask a run that pushed one for its lineage()"
        raise UsageError("No version is stable.", Problem(str(folder.serving), "no stable version", "", remedy))
    return _lineage(known, wanted, folder.root)


def of_run(folder: OutputFolder, settings: Mapping[str, Any], run_id: str) -> Lineage:
    """What made the version that a run pushed. Raises UsageError where it pushed none."""
    known = known_in(folder, _place(settings))
    return _lineage(known, version_pushed_by(known, run_id, folder.root), folder.root)


def known_in(folder: OutputFolder, place: StorePlace) -> Known:
    """Everything that an output folder and its ML Metadata know. Raises MachineError where they cannot be read."""
    if place.kind == "sqlite" and not folder.metadata_db.exists():
        remedy = "run the pipeline first; where PostgreSQL keeps the lineage, name the settings with --config"
        raise MachineError("There is no lineage here.", Problem(str(folder.metadata_db), "no such file", "", remedy))
    graph = read(connection(place, folder.metadata_db), folder.name, folder.root if place.kind == "sqlite" else None)
    runs = {run.result.run_id: run.result for run in run_folders(folder.root) if run.result}
    serving = _serving_of(folder, runs)
    try:
        return Known(folder.name, graph, runs, current(serving).release)
    except ValueError as error:
        raise MachineError(
            "The release record cannot be read.",
            Problem(at(serving).where(release.FILE_NAME), str(error), "what a release step wrote",
                    "put it back from a backup"),
        ) from None  # fmt: skip


def _serving_of(folder: OutputFolder, runs: Mapping[str, RunResult]) -> str | Path:
    """Where the newest push went: into the output folder, or a bucket."""
    pushed = [runs[run_id].pushed_path for run_id in sorted(runs) if runs[run_id].pushed_path]
    last = pushed[-1] if pushed else None
    return split_name(last)[0] if last and is_remote(last) else folder.serving


def is_known(known: Known, run_id: str) -> bool:
    """Whether a record or ML Metadata tells of the run."""
    return run_id in known.runs or any(one.run_id == run_id for one in known.graph.executions.values())


def version_pushed_by(known: Known, run_id: str, root: Path) -> int:
    """The version that a run pushed, or found there already. Raises UsageError where it pushed none, and says why."""
    version = version_of_run(known, run_id)
    if version is None:
        why = headline(known.runs[run_id]).sentence if run_id in known.runs else "its record is gone"
        raise UsageError(
            f"Run {run_id} pushed no version.",
            Problem(str(OutputFolder(root).run(run_id)), why, "a run that pushed a version",
                    "choose another run or version: `sluicegate runs` lists them"),
        )  # fmt: skip
    return version


def _lineage(known: Known, version: int, root: Path) -> Lineage:
    return Lineage(**vars(origin(known, version)), root=root)


def _place(settings: Mapping[str, Any]) -> StorePlace:
    place: StorePlace = SimpleNamespace(**(settings.get("metadata") or _SQLITE))
    return place
