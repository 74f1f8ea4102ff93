"""Runs the pipeline on this machine: python local_runner.py --config configs/census.yaml"""

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

EPILOG = """exit codes: 0 done, nothing refused; 2 a gate refused; 1 an error; 64 wrong usage or settings"""


class Parser(argparse.ArgumentParser):
    """Ends with 64 on wrong usage: argparse's own 2 means here that a gate refused."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(64, f"{message}\n  do:      read python local_runner.py --help\n")


def parser() -> Parser:
    parser = Parser(description=__doc__, epilog=EPILOG)
    parser.add_argument(
        "--config", default="configs/census.yaml", metavar="FILE", help="settings (default: %(default)s)"
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="overrule one setting; repeatable"
    )
    parser.add_argument("--output", metavar="FOLDER", help="output folder (default: the settings' own, output/<name>)")
    parser.add_argument("--plan", action="store_true", help="print the steps and every effective setting; run nothing")
    parser.add_argument("--again", action="store_true", help="run even when nothing changed since the last run")
    parser.add_argument("--quiet", action="store_true", help="print only how it ended")
    parser.add_argument("--json", action="store_true", help="print one JSON object per event")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    arguments = parser().parse_args(argv)
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


if __name__ == "__main__":
    sys.exit(main())
