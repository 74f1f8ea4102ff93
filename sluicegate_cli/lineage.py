"""sluicegate lineage: which data, schema, code and settings made a model version, and what became of data or code."""

from __future__ import annotations

import argparse
import json
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from schemas.errors import EXIT_DONE, MachineError, Problem, UsageError
from sluicegate_cli.output_folder import Place, add_options, chosen_run, place_of, run_folders
from sluicegate_cli.tree import Branch, draw

if TYPE_CHECKING:
    from pathlib import Path

    from sluicegate.lineage.trace import Fate, Known, Origin, StepOrigin

_WIDTH = 90


def add(verbs: argparse._SubParsersAction) -> None:
    parser = verbs.add_parser(
        "lineage", help="what a model version is made of, and what data or code became", description=__doc__
    )
    add_options(parser)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--version", type=int, metavar="N", help="a model version (default: the one that is stable)")
    what.add_argument("--run", metavar="ID", help="the version that a run pushed")
    what.add_argument("--data", metavar="DIGEST", help="a table's digest, or its first characters: what became of it")
    what.add_argument("--commit", metavar="SHA", help="a commit, or its first characters: what became of it")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(main=main)


def main(arguments: argparse.Namespace) -> int:
    place = place_of(arguments)
    known = _known(place)
    if arguments.data is not None or arguments.commit is not None:
        return _show_fates(arguments, known)
    from sluicegate.lineage.trace import origin

    found = origin(known, _version(arguments, place, known))
    print(_json(asdict(found)) if arguments.json else draw(_origin_tree(found, place.root)))
    return EXIT_DONE


def _show_fates(arguments: argparse.Namespace, known: Known) -> int:
    from sluicegate.lineage.trace import fates_of_commit, fates_of_data

    if arguments.data is not None:
        head, fates = f"data {arguments.data}", fates_of_data(known, arguments.data)
    else:
        head, fates = f"code at commit {arguments.commit}", fates_of_commit(known, arguments.commit)
    print(_json([asdict(fate) for fate in fates]) if arguments.json else draw(_fates_tree(head, known.name, fates)))
    return EXIT_DONE


def _known(place: Place) -> Known:
    from pipeline.run.folders import serving_place
    from pipeline.run.metadata import connection
    from pipeline.settings.metadata import Metadata
    from schemas import release
    from schemas.output_folder import OutputFolder
    from sluicegate.delivery.release_state import current
    from sluicegate.lineage.store import read
    from sluicegate.lineage.trace import Known
    from sluicegate.storage.opening import at

    folder = OutputFolder(place.root, place.name)
    metadata = place.loaded.settings.metadata if place.loaded else Metadata()
    if metadata.kind == "sqlite" and not folder.metadata_db.exists():
        remedy = "run the pipeline first; where PostgreSQL keeps the lineage, name the settings with --config"
        raise MachineError("There is no lineage here.", Problem(str(folder.metadata_db), "no such file", "", remedy))
    graph = read(connection(metadata, folder.metadata_db), place.name)
    runs = {f.result.run_id: f.result for f in run_folders(place.root) if f.result}
    serving = serving_place(place.loaded.settings, folder) if place.loaded else folder.serving
    try:
        return Known(place.name, graph, runs, current(serving).release)
    except ValueError as error:
        raise MachineError(
            "The release record cannot be read.",
            Problem(
                at(serving).where(release.FILE_NAME),
                str(error),
                "what a release step wrote",
                "put it back from a backup",
            ),
        ) from None


def _version(arguments: argparse.Namespace, place: Place, known: Known) -> int:
    """The version asked for; else the stable one; else the newest that was pushed."""
    from sluicegate.lineage.trace import version_of_run

    if arguments.version is not None:
        return int(arguments.version)
    if arguments.run is None and known.release.stable is not None:
        return known.release.stable
    run_id = arguments.run or chosen_run(place, None).path.name
    version = version_of_run(known, run_id)
    if version is None:
        if arguments.run and run_id not in {*known.runs, *(e.run_id for e in known.graph.executions.values())}:
            chosen_run(place, run_id)
        from sluicegate.reports.story import headline

        why = headline(known.runs[run_id]).sentence if run_id in known.runs else "its record is gone"
        raise UsageError(
            f"Run {run_id} pushed no version.",
            Problem(f"{place.root / 'runs' / run_id}", why, "a run that pushed a version",
                    "choose another run or version: `sluicegate runs` lists them"),
        )  # fmt: skip
    return version


def _origin_tree(found: Origin, root: Path) -> Branch:
    """Paths below `root`, the output folder, are shown from there on."""
    gone = "not recorded (the run's folder is gone)"
    span = "" if found.data_span is None else f", span {found.data_span}"
    metrics = ", ".join(f"{name} {value:.4g}" for name, value in found.metrics.items())
    gates = ", ".join(f"{gate} {status}" for gate, status in found.gates.items())
    return Branch(
        f"version {found.version} of {found.name}: {found.standing}",
        (
            Branch(f"model     {_short(found.model_digest)} in {found.folder}"),
            Branch(f"data      {_short(found.data_digest)}{span}  {found.data_path}".rstrip()),
            Branch(f"schema    {found.schema or gone}"),
            Branch(
                f"code      {_commit(found.commit) or gone}"
                + (f", digest {_short(found.code_digest)}" if found.code_digest else "")
            ),
            Branch(f"settings  {_short(found.settings_digest) or gone}", _training(found.settings)),
            Branch(f"gates     {gates or gone}"),
            Branch(f"metrics   {metrics or gone}"),
            Branch(f"run       {found.run_id}"),
            Branch("steps", tuple(_step(step, found.run_id, root) for step in found.steps)),
        ),
    )


def _training(settings: Mapping[str, Any]) -> tuple[Branch, ...]:
    chosen = {**(settings.get("training") or {})}
    text = ", ".join(f"{key} {value}" for key, value in chosen.items())
    return tuple(map(Branch, textwrap.wrap(text, _WIDTH, break_long_words=False)))


def _step(step: StepOrigin, run_id: str, root: Path) -> Branch:
    text = f"{step.step:<16} execution {step.execution_id}"
    text += f", code {_short(step.code_digest)}" if step.code_digest else ""
    if step.run_id != run_id:
        text += f", made by run {step.run_id}" + (f" at {_commit(step.commit)}" if step.commit else "")
    return Branch(text, tuple(Branch(f"{key}: {_below(uri, root)}") for key, uri in step.outputs.items()))


def _below(uri: str, root: Path) -> str:
    return uri.removeprefix(f"{root.resolve()}/")


def _fates_tree(head: str, name: str, fates: Sequence[Fate]) -> Branch:
    count = "1 run" if len(fates) == 1 else f"{len(fates)} runs"
    return Branch(f"{head} of {name}: {count}", tuple(_fate(fate) for fate in fates))


def _fate(fate: Fate) -> Branch:
    text = f"run {fate.run_id}  {fate.verdict or 'no record'}"
    came = (
        f"version {fate.version}: {fate.standing}"
        if fate.version is not None
        else f"no version: {fate.why or 'nothing was pushed'}"
    )
    facts = [came, f"data {_short(fate.data_digest)}"]
    facts += [f"code {_commit(fate.commit)}"] if fate.commit else []
    return Branch(text, tuple(map(Branch, facts)))


def _short(digest: str) -> str:
    return digest[:12]


def _commit(commit: str) -> str:
    """Twelve characters of the commit, and whether the work tree differed from it."""
    sha, plus, changes = commit.partition("+")
    return f"commit {sha[:12]}" + (f" with {changes}" if plus else "") if sha else ""


def _json(content: Any) -> str:
    return json.dumps(content, indent=1, ensure_ascii=False)
