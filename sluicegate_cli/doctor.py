"""sluicegate doctor: is this machine fit to run the pipeline, and if not, what to do about it.

What killed runs left open in the output folder and in ML Metadata is closed; a run that is at work is left alone.
"""

from __future__ import annotations

import argparse
import json
import textwrap
from dataclasses import asdict
from typing import TYPE_CHECKING

from pipeline.local.options import DEFAULT_CONFIG, add_environment
from schemas.errors import EXIT_DONE, EXIT_ERROR

if TYPE_CHECKING:
    from sluicegate_cli.checks import CheckFinding

_WIDTH = 80


def add(verbs: argparse._SubParsersAction) -> None:
    parser = verbs.add_parser("doctor", help="check this machine and say what is wrong with it", description=__doc__)
    parser.add_argument("--config", default=DEFAULT_CONFIG, metavar="FILE", help="settings (default: %(default)s)")
    parser.add_argument("--output", metavar="FOLDER", help="output folder (default: the one that the settings name)")
    add_environment(parser)
    parser.add_argument("--quick", action="store_true", help="do not import TensorFlow and TFX (saves some 15 seconds)")
    parser.add_argument("--json", action="store_true", help="print a JSON list")
    parser.set_defaults(main=main)


def main(arguments: argparse.Namespace) -> int:
    from sluicegate_cli.checks import all_checks

    findings = []
    checks = all_checks(
        arguments.config, quick=arguments.quick, output_folder=arguments.output, environment=arguments.environment
    )
    for check in checks:
        finding = check()
        findings.append(finding)
        if not arguments.json:
            print("\n".join(_lines(finding)), flush=True)
    if arguments.json:
        print(json.dumps([asdict(finding) for finding in findings], indent=1, ensure_ascii=False))
    failed = [finding.name for finding in findings if finding.state == "FAIL"]
    if not arguments.json:
        print(f"\nNot fit to run: {', '.join(failed)}." if failed else "\nFit to run.")
    return EXIT_ERROR if failed else EXIT_DONE


def _lines(finding: CheckFinding) -> list[str]:
    head = f"{finding.state:<5} {finding.name:<12} "
    lines = textwrap.wrap(finding.found, _WIDTH, initial_indent=head, subsequent_indent=" " * len(head)) or [
        head.rstrip()
    ]
    if finding.remedy:
        lines += textwrap.wrap(
            f"do: {finding.remedy}", _WIDTH, initial_indent=" " * len(head), subsequent_indent=" " * len(head)
        )
    return lines
