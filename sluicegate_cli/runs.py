"""sluicegate runs: what was run, what became of it, and why not."""

from __future__ import annotations

import argparse
import json
import textwrap
from pathlib import Path
from typing import Any

from schemas.errors import EXIT_DONE
from sluicegate_cli.output_folder import RunFolder, run_folders, started_at

#: The first of these that a run measured stands for it.
KEY_METRICS = ("auc", "accuracy", "r2")
ALL = "output"
_WIDTH = 80


def add(verbs: argparse._SubParsersAction) -> None:
    parser = verbs.add_parser("runs", help="list runs, their verdicts and why one was refused", description=__doc__)
    parser.add_argument("--config", metavar="FILE", help="only runs of these settings")
    parser.add_argument(
        "--output", metavar="FOLDER", help=f"only runs in this output folder (default: all below {ALL}/)"
    )
    parser.add_argument("--json", action="store_true", help="print a JSON list")
    parser.set_defaults(main=main)


def main(arguments: argparse.Namespace) -> int:
    found = [run for root in _roots(arguments) for run in run_folders(root)]
    rows = [_row(run) for run in sorted(found, key=started_at)]
    if arguments.json:
        print(json.dumps(rows, indent=1, ensure_ascii=False))
    elif not rows:
        print("No runs yet: run `sluicegate run --config configs/census.yaml` first.")
    else:
        print("\n".join(_lines(rows)))
    return EXIT_DONE


def _roots(arguments: argparse.Namespace) -> list[Path]:
    if arguments.output or arguments.config:
        from sluicegate_cli.output_folder import place_of

        return [place_of(arguments).root]
    return sorted(folder for folder in Path(ALL).glob("*") if (folder / "runs").is_dir())


def _row(run: RunFolder) -> dict[str, Any]:
    from pipeline.local.run_words import first_line_of
    from sluicegate.reports.story import headline

    result = run.result
    if result is None:
        told = {"started_at": run.told.started_at} if run.told else {}
        return {
            "run": run.path.name,
            "name": run.told.name if run.told else run.path.parents[1].name,
            **told,
            "verdict": "",
            "why": run.problem,
            "folder": str(run.path),
        }
    metric = next((name for name in KEY_METRICS if name in result.metrics), None)
    failed = next((step for step in result.steps if step.error), None)
    why = "" if result.verdict == "PASSED" else headline(result).sentence
    return {
        "run": result.run_id,
        "name": result.name,
        "started_at": result.started_at,
        "verdict": result.verdict,
        "metric": metric,
        "value": result.metrics.get(metric) if metric else None,
        "seconds": result.seconds,
        "version": result.pushed_version,
        "why": f"{failed.step}: {first_line_of(failed.error)}" if failed and result.verdict == "ERROR" else why,
        "folder": str(run.path),
    }


def _lines(rows: list[dict[str, Any]]) -> list[str]:
    lines = [f"{'run':<17} {'name':<14} {'verdict':<8} {'metric':<15} {'seconds':>7} {'version':>12}"]
    for row in rows:
        metric = f"{row['metric']} {row['value']:.4f}" if row.get("metric") else ""
        seconds = f"{row['seconds']:.0f}" if "seconds" in row else ""
        version = str(row.get("version") or "")
        head = f"{row['run']:<17} {row['name'][:14]:<14} {row['verdict'] or '-':<8}"
        lines.append(f"{head} {metric:<15} {seconds:>7} {version:>12}".rstrip())
        lines += textwrap.wrap(row["why"], _WIDTH, initial_indent="    ", subsequent_indent="    ")
    return lines
