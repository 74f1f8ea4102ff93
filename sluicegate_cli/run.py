"""sluicegate run: the same as local_runner.py."""

from __future__ import annotations

import argparse

from pipeline.local import options


def add(verbs: argparse._SubParsersAction) -> None:
    parser = verbs.add_parser("run", help="run the pipeline on this machine", description=__doc__)
    options.add(parser)
    parser.set_defaults(main=main)


def main(arguments: argparse.Namespace) -> int:
    from pipeline.local.entry import run_or_explain

    return run_or_explain(options.request_of(arguments))
