"""sluicegate runs: what was run, what became of it, and why not."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

from schemas.errors import EXIT_DONE
from sluicegate.history.folders import run_folders, started_at
from sluicegate_cli.output_folder import ALL, roots

if TYPE_CHECKING:
    from sluicegate.api.runs import Run


def add(verbs: argparse._SubParsersAction) -> None:
    parser = verbs.add_parser("runs", help="list runs, their verdicts and why one was refused", description=__doc__)
    parser.add_argument("--config", metavar="FILE", help="only runs of these settings")
    parser.add_argument(
        "--output", metavar="FOLDER", help=f"only runs in this output folder (default: all below {ALL}/)"
    )
    parser.add_argument("--json", action="store_true", help="print a JSON list")
    parser.set_defaults(main=main)


def main(arguments: argparse.Namespace) -> int:
    from sluicegate.api.listing import lines
    from sluicegate.api.runs import Run

    found = [folder for root in roots(arguments) for folder in run_folders(root)]
    runs = [Run(folder) for folder in sorted(found, key=started_at)]
    if arguments.json:
        print(json.dumps([_row(run) for run in runs], indent=1, ensure_ascii=False))
    elif not runs:
        print("No runs yet: run `sluicegate run --config configs/census.yaml` first.")
    else:
        print("\n".join(lines([run.row for run in runs])))
    return EXIT_DONE


def _row(run: Run) -> dict[str, Any]:
    told = run.folder.result or run.folder.told
    row: dict[str, Any] = {"run": run.id, "name": run.name}
    row |= {"started_at": told.started_at} if told else {}
    row |= {"verdict": run.verdict}
    if run.has_ended:
        metric, value = run.row.metric or (None, None)
        row |= {"metric": metric, "value": value, "seconds": run.seconds, "version": run.version}
    return {**row, "why": run.why, "folder": str(run.path)}
