"""sluicegate schema: the contract of the data; what the newest data would change; and taking that change over."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from schemas.errors import EXIT_DONE, EXIT_ERROR, DataError, MachineError, Problem, UsageError
from schemas.file_names import SCHEMA
from schemas.output_folder import OutputFolder
from sluicegate_cli.output_folder import Place, add_options, chosen_run, place_of

if TYPE_CHECKING:
    from schemas.records import RunResult

SCHEMA_STEPS = ("ImportSchemaGen", "SchemaGen")


def add(verbs: argparse._SubParsersAction) -> None:
    parser = verbs.add_parser(
        "schema", help="show the data's contract, or accept what new data propose", description=__doc__
    )
    actions = parser.add_subparsers(metavar="show|diff|accept", dest="action", required=True, parser_class=type(parser))
    for name, help_text in (
        ("show", "print the schema that data must meet"),
        ("diff", "print what a run's data would change in it"),
        ("accept", "make the change, keeping the old file as .bak"),
    ):
        action = actions.add_parser(name, help=help_text, description=help_text)
        add_options(action)
        action.add_argument("--run", metavar="ID", help="the run whose data count (default: the newest that ended)")
        if name == "accept":
            action.add_argument("--yes", action="store_true", help="do not ask")
    parser.set_defaults(main=main)


def main(arguments: argparse.Namespace) -> int:
    return {"show": _show, "diff": _diff, "accept": _accept}[arguments.action](arguments)


def _show(arguments: argparse.Namespace) -> int:
    if not arguments.run and not arguments.output:
        from pipeline.local.options import DEFAULT_CONFIG
        from pipeline.settings.file import load

        curated = load(arguments.config or DEFAULT_CONFIG, (), arguments.environment).settings.schema_file
        if curated:
            print(_text(Path(curated), "the schema that the settings name").rstrip())
            return EXIT_DONE
    print(_text(_used_schema(_run(place_of(arguments), arguments.run)), "the schema that the run used").rstrip())
    return EXIT_DONE


def _diff(arguments: argparse.Namespace) -> int:
    from schemas.file_names import DIFF_NAME

    run = _run(place_of(arguments), arguments.run)
    diff = _verdict_folder(run) / DIFF_NAME
    if diff.exists():
        print(diff.read_text(encoding="utf-8").rstrip())
    else:
        print(f"Run {run.run_id} proposes no change: its data met the schema.")
    return EXIT_DONE


def _accept(arguments: argparse.Namespace) -> int:
    from schemas.file_names import DIFF_NAME, PROPOSAL_NAME
    from sluicegate.tables.schema_change import apply_proposal

    place = place_of(arguments)
    run = _run(place, arguments.run)
    target = _curated(place, run)
    folder = _verdict_folder(run)
    if not (folder / PROPOSAL_NAME).exists():
        print(f"Run {run.run_id} proposes no change: its data met the schema.")
        return EXIT_DONE
    print(_text(folder / DIFF_NAME, "the difference").rstrip())
    if not arguments.yes and not _agreed(target):
        print("Nothing was changed.", file=sys.stderr)
        return EXIT_ERROR
    current = _before(place, target, _text(_used_schema(run), "the schema that the run used"))
    backup = apply_proposal(current, _text(folder / PROPOSAL_NAME, "the proposal"), target)
    print(f"\n{target} holds the proposal now; the schema before it is {backup}.")
    print("Read it once more, commit it, and run the pipeline: the data of that run now meet the schema.")
    return EXIT_DONE


def _before(place: Place, target: Path, used: str) -> str:
    """The text that the proposal changes: the file's own, where the run used it as the settings amend it."""
    from pipeline.run.schema_in_force import title
    from schemas.pbtxt import parse_pbtxt

    known = [path.read_text(encoding="utf-8") for path in OutputFolder(place.root).schemas.glob(f"*/{SCHEMA}")]
    own, same = _text(target, "the settings' schema"), parse_pbtxt(used, "the run's schema")
    head = f"# {title(str(target))}"
    is_amended = any(text.startswith(head) and parse_pbtxt(text, "the run's schema") == same for text in known)
    return own if is_amended else used


def _agreed(target: Path) -> bool:
    """Asks on a terminal. Raises UsageError where nobody can answer."""
    if not sys.stdin.isatty():
        raise UsageError(
            "Accepting a schema wants a yes.",
            Problem(
                "`sluicegate schema accept`",
                "no terminal to ask on",
                "",
                "give --yes when you have read the difference",
            ),
        )
    return input(f"\nChange {target} so? [y/N] ").strip().lower() in ("y", "yes")


def _run(place: Place, run_id: str | None) -> RunResult:
    return chosen_run(place, run_id).recorded()


def _curated(place: Place, run: RunResult) -> Path:
    """The schema file that the settings name. Raises DataError where the schema is inferred from each table."""
    settings = place.loaded.settings.schema_file if place.loaded else run.settings.get("schema")
    if settings:
        return Path(settings)
    command = f"sluicegate schema show --output {place.root} > {run.name}.pbtxt"
    raise DataError(
        "There is no schema file to change.",
        Problem(place.loaded.path if place.loaded else str(place.root),
                "no `schema:` in the settings, so it is inferred anew from each train split",
                "settings that name a schema file", f"make one with `{command}`, name it under `schema:` and review it"),
    )  # fmt: skip


def _used_schema(run: RunResult) -> Path:
    made = [step.output("schema") for step in run.steps if step.step in SCHEMA_STEPS]
    if not made or made[0] is None:
        raise MachineError(
            "This run did not come to a schema.",
            Problem(
                f"run {run.run_id}",
                "no schema among its outputs",
                "",
                "choose a run that got so far: `sluicegate runs`",
            ),
        )
    return Path(made[0].uri) / SCHEMA


def _verdict_folder(run: RunResult) -> Path:
    from pipeline import gates
    from schemas.file_names import PROPOSAL_NAME
    from schemas.gates import leaving

    gate, output = leaving(gates.GATES, PROPOSAL_NAME)
    verdict = next((step.output(output) for step in run.steps if step.step == gate.step), None)
    if verdict is None:
        raise MachineError(
            "This run's data were not judged.",
            Problem(
                f"run {run.run_id}", f"no verdict of {gate.step}", "", "choose a run that got so far: `sluicegate runs`"
            ),
        )
    return Path(verdict.uri)


def _text(path: Path, what: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise MachineError(
            f"Cannot read {what}.",
            Problem(
                str(path),
                (error.strerror or str(error)).lower(),
                "a schema in text form",
                "put the file back, or run again",
            ),
        ) from None
