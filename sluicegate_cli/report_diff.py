"""sluicegate report diff A B: what changed between two runs."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from schemas.document import RecordError
from schemas.errors import EXIT_DONE, MachineError, Problem, UsageError
from schemas.output_folder import output_of
from schemas.records import RESULT_NAME
from sluicegate.history.folders import RunFolder, named, read_folder, run_folders, started_at
from sluicegate_cli.output_folder import ALL, roots

if TYPE_CHECKING:
    from sluicegate.history.differences import Change, Fact
    from sluicegate.history.what_matters import Line

LATEST, PREVIOUS = "latest", "previous"
PIPE_WIDTH = 140
DESCRIPTION = """\
Prints what matters of two runs (verdict, judged metrics with their intervals, data), and then all that changed from run A
to run B: metrics, fairness gaps, data, verdicts, settings, explanations, code and libraries."""
_STYLES = {"PASSED": "green", "FAILED": "red", "REFUSED": "red", "UNKNOWN": "yellow", "ERROR": "magenta"}


def add(actions: argparse._SubParsersAction) -> None:
    parser = actions.add_parser("diff", help="print what changed between two runs", description=DESCRIPTION)
    what = f"a run's id, its folder, {LATEST}, or {PREVIOUS} (the one before {LATEST})"
    parser.add_argument("a", metavar="A", help=what)
    parser.add_argument("b", metavar="B", help="likewise")
    # Suppressed, because a default here would overwrite what was given before the word diff.
    parser.add_argument("--config", metavar="FILE", default=argparse.SUPPRESS, help="look among these settings' runs")
    parser.add_argument(
        "--output",
        metavar="FOLDER",
        default=argparse.SUPPRESS,
        help=f"look in this output folder (default: all below {ALL}/)",
    )
    parser.add_argument("--json", action="store_true", help="print a JSON object")
    parser.set_defaults(main=main)


def main(arguments: argparse.Namespace) -> int:
    from pipeline.gates import GATES
    from sluicegate.history.differences import compare, recorded
    from sluicegate.history.what_matters import headline

    places = roots(arguments)
    a, b = (_found(word, places) for word in (arguments.a, arguments.b))
    sides = []
    for run in (a, b):
        result = run.recorded()
        try:
            sides.append(recorded(run.path, result))
        except (OSError, RecordError) as error:
            raise MachineError(
                "This run's evidence cannot be read.",
                Problem(str(run.path), str(error), "files as this version writes them", "run the pipeline again"),
            ) from None
    timed = {gate.id for gate in GATES if gate.is_timed}
    before, after = sides
    changes, lines = compare(before, after, timed), headline(before, after)
    if arguments.json:
        print(json.dumps(_as_json(a, b, changes, lines), indent=1, ensure_ascii=False))
    else:
        _print(a, b, changes, lines)
    return EXIT_DONE


def _found(word: str, places: Sequence[Path]) -> RunFolder:
    """The run that `word` names. Raises UsageError for a name that no run, or more than one, has."""
    runs = [run for root in places for run in run_folders(root)]
    if word in (LATEST, PREVIOUS):
        return _newest(word, runs)
    folder = Path(word)
    if folder.is_dir():
        return _at(folder)
    return named(word, runs, places, (LATEST, PREVIOUS))


def _newest(word: str, runs: Sequence[RunFolder]) -> RunFolder:
    """Of those that ended; the previous one is of the same output folder as the latest."""
    ended = sorted((run for run in runs if run.result), key=started_at)
    mine = [run for run in ended if run.path.parent == ended[-1].path.parent]
    wanted = 1 if word == LATEST else 2
    if len(mine) < wanted:
        raise UsageError(
            "There is no such run.",
            Problem(
                "the command line",
                f"{word}, and {len(mine)} runs have ended",
                f"{wanted} runs that ended",
                "run the pipeline, or name runs by id or folder",
            ),
        )
    return mine[-wanted]


def _at(folder: Path) -> RunFolder:
    """The run in this folder, which may have been copied away from where it ran."""
    found = read_folder(folder.resolve() if output_of(folder) else folder)
    if found.result is None and found.told is None and not (folder / RESULT_NAME).exists():
        problem = Problem(str(folder), f"a folder without {RESULT_NAME}", "a run's folder", "name runs/<id> itself")
        raise UsageError("This folder is no run.", problem)
    return found


def _as_json(a: RunFolder, b: RunFolder, changes: Sequence[Change], lines: Sequence[Line]) -> dict[str, Any]:
    return {
        "a": _side(a),
        "b": _side(b),
        "what_matters": [
            {"item": line.item, "before": _plain(line.before), "after": _plain(line.after), "note": line.note}
            for line in lines
        ],
        "changes": [
            {"section": c.section, "item": c.item, "before": _plain(c.before), "after": _plain(c.after)}
            for c in changes
        ],
    }


def _side(run: RunFolder) -> dict[str, Any]:
    result = run.recorded()
    return {
        "run": result.run_id,
        "name": result.name,
        "started_at": result.started_at,
        "verdict": result.verdict,
        "folder": str(run.path),
    }


def _plain(fact: Fact | None) -> dict[str, Any] | None:
    if fact is None:
        return None
    found: dict[str, Any] = {"value": fact.value}
    return (
        found
        | ({"status": fact.status} if fact.status else {})
        | ({"interval": list(fact.interval)} if fact.interval else {})
    )


def _print(a: RunFolder, b: RunFolder, changes: Sequence[Change], lines: Sequence[Line]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    # A pipe has no width of its own, and 80 columns would break long keys that someone greps for.
    console = Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)
    for letter, side in (("A", _side(a)), ("B", _side(b))):
        console.print(
            Text(f"{letter}: {side['run']} of {side['name']}, {side['started_at']}, {side['verdict']}"), soft_wrap=True
        )
    console.print()
    console.print(_headline(lines))
    if not changes:
        console.print("Nothing changed. (Times, memory and run ids are not compared.)")
        return
    for section in dict.fromkeys(change.section for change in changes):
        table = Table(title=section, title_justify="left", title_style="bold", box=None, pad_edge=False)
        table.add_column("", ratio=2, overflow="fold")
        table.add_column("A", ratio=1, overflow="fold")
        table.add_column("B", ratio=1, overflow="fold")
        for change in changes:
            if change.section == section:
                table.add_row(Text(change.item), _cell(change.before), _cell(change.after, _moved(change)))
        console.print()
        console.print(table)
    sections = len({change.section for change in changes})
    console.print(f"\n{len(changes)} changes in {sections} sections. Times, memory and run ids are not compared.")


def _headline(lines: Sequence[Line]) -> Any:
    from rich.table import Table
    from rich.text import Text

    table = Table(title="what matters", title_justify="left", title_style="bold", box=None, pad_edge=False)
    for heading in ("", "A", "B", ""):
        table.add_column(heading, overflow="fold")
    for line in lines:
        table.add_row(Text(line.item), *(_cell(side, digits=4) for side in (line.before, line.after)), Text(line.note))
    return table


def _moved(change: Change) -> str:
    """By how much a number rose or fell; "" for everything else."""
    before, after = (fact.value if fact else None for fact in (change.before, change.after))
    if isinstance(before, bool) or not isinstance(before, float | int) or not isinstance(after, float | int):
        return ""
    return f"({after - before:+.4g})" if after != before else ""


def _cell(fact: Fact | None, moved: str = "", digits: int = 6) -> Any:
    from rich.text import Text

    if fact is None:
        return Text("not there", "dim")
    parts = [_said(fact.value, digits)] if fact.value is not None else []
    parts += [f"[{fact.interval[0]:.4g}, {fact.interval[1]:.4g}]"] if fact.interval else []
    text = Text(" ".join([*parts, moved] if moved else parts))
    if fact.status:
        text.append(" " if parts else "").append(fact.status, _STYLES.get(fact.status, ""))
    return text if text.plain else Text("none", "dim")


def _said(value: Any, digits: int) -> str:
    return f"{value:.{digits}g}" if isinstance(value, float) else f"{value}"
