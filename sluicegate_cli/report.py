"""sluicegate report: where a run's report is; draws it anew or opens it on request; `report diff` compares two runs."""

from __future__ import annotations

import argparse

from schemas.errors import EXIT_DONE, MachineError, Problem
from schemas.output_folder import report_of
from sluicegate.history.folders import RunFolder
from sluicegate_cli import report_diff
from sluicegate_cli.output_folder import Place, add_options, chosen_run, place_of


def add(verbs: argparse._SubParsersAction) -> None:
    parser = verbs.add_parser(
        "report", help="show where a run's report is, or what changed between two", description=__doc__
    )
    add_options(parser)
    parser.add_argument("--run", metavar="ID", help="a run's id (default: the newest that ended)")
    parser.add_argument("--rebuild", action="store_true", help="draw the report anew from the run's records")
    parser.add_argument("--open", action="store_true", help="open it in the browser")
    parser.set_defaults(main=main)
    report_diff.add(parser.add_subparsers(metavar="diff", dest="action", parser_class=type(parser)))


def main(arguments: argparse.Namespace) -> int:
    place = place_of(arguments)
    run = chosen_run(place, arguments.run)
    index = report_of(run.path)
    if arguments.rebuild:
        _rebuild(place, run)
    elif not index.exists():
        raise MachineError(
            "This run has no report.", Problem(str(index), "no such file", "", "draw it: sluicegate report --rebuild")
        )
    print(index)
    if arguments.open:
        import webbrowser

        webbrowser.open(index.resolve().as_uri())
    return EXIT_DONE


def _rebuild(place: Place, run: RunFolder) -> None:
    from pipeline import gates
    from sluicegate.reports.build import build
    from sluicegate.reports.run_index import build_index

    lines = {}
    if place.loaded and run.result:
        keys = {m.setting for gate in run.result.gates for m in gate.measurements if m.setting}
        lines = {key: place.loaded.where(key) for key in keys}
    build(run.path, gates.GATES, settings_lines=lines)
    build_index(place.root)
