"""Runs the pipeline on this machine: python local_runner.py --config configs/census.yaml"""

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from pipeline.local import options
from pipeline.local.entry import run_or_explain

EPILOG = """exit codes: 0 done, nothing refused; 2 a gate refused; 1 an error; 64 wrong usage or settings"""


class Parser(argparse.ArgumentParser):
    """Ends with 64 on wrong usage: argparse's own 2 means here that a gate refused."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(64, f"{message}\n  do:      read python local_runner.py --help\n")


def parser() -> Parser:
    parser = Parser(description=__doc__, epilog=EPILOG)
    options.add(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    return run_or_explain(options.request_of(parser().parse_args(argv)))


if __name__ == "__main__":
    sys.exit(main())
