"""The options of a local run, for both entry points: local_runner.py and `sluicegate run`."""

from __future__ import annotations

import argparse

from pipeline.local.request import Request

DEFAULT_CONFIG = "configs/census.yaml"


def add(parser: argparse.ArgumentParser) -> None:
    """Declares them."""
    parser.add_argument("--config", default=DEFAULT_CONFIG, metavar="FILE", help="settings (default: %(default)s)")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="overrule one setting; repeatable"
    )
    add_environment(parser)
    parser.add_argument("--output", metavar="FOLDER", help="output folder (default: the settings' own, output/<name>)")
    parser.add_argument("--plan", action="store_true", help="print the steps and every effective setting; run nothing")
    parser.add_argument("--again", action="store_true", help="run even when nothing changed since the last run")
    parser.add_argument("--quiet", action="store_true", help="print only how it ended")
    parser.add_argument("--json", action="store_true", help="print one JSON object per event")


def add_environment(parser: argparse.ArgumentParser) -> None:
    """--environment, for every command that reads settings."""
    parser.add_argument(
        "--environment",
        default="local",
        metavar="NAME",
        help="one of the settings' environments (default: %(default)s)",
    )


def request_of(arguments: argparse.Namespace) -> Request:
    """What they ask for."""
    return Request(
        config=arguments.config,
        overrides=tuple(arguments.set),
        output=arguments.output,
        environment=arguments.environment,
        plan=arguments.plan,
        again=arguments.again,
        console="quiet" if arguments.quiet else "json" if arguments.json else "live",
    )
