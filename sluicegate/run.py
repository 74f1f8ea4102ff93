"""sluicegate run: the same as local_runner.py."""

from __future__ import annotations

import argparse

from sluicegate.output_folder import DEFAULT_CONFIG


def add(verbs: argparse._SubParsersAction) -> None:
    parser = verbs.add_parser("run", help="run the pipeline on this machine", description=__doc__)
    parser.add_argument("--config", default=DEFAULT_CONFIG, metavar="FILE", help="settings (default: %(default)s)")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="overrule one setting; repeatable"
    )
    parser.add_argument("--output", metavar="FOLDER", help="output folder (default: the settings' own, output/<name>)")
    parser.add_argument("--plan", action="store_true", help="print the steps and every effective setting; run nothing")
    parser.add_argument("--again", action="store_true", help="run even when nothing changed since the last run")
    parser.add_argument("--quiet", action="store_true", help="print only how it ended")
    parser.add_argument("--json", action="store_true", help="print one JSON object per event")
    parser.set_defaults(main=main)


def main(arguments: argparse.Namespace) -> int:
    from pipeline.local.entry import Request, run_or_explain

    return run_or_explain(
        Request(
            config=arguments.config,
            overrides=tuple(arguments.set),
            output=arguments.output,
            plan=arguments.plan,
            again=arguments.again,
            console="quiet" if arguments.quiet else "json" if arguments.json else "live",
        )
    )
