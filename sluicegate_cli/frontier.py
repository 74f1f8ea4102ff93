"""sluicegate frontier: accuracy against the gap between groups, with intervals, for a sweep over mitigations."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence

from pipeline.local.options import DEFAULT_CONFIG, add_environment
from schemas.errors import Problem, UsageError
from schemas.names import did_you_mean
from sluicegate.fairness import mitigation

#: training.mitigation's, without "none", which is always drawn.
#: All but none, which is always drawn.
METHODS = mitigation.METHODS[1:]
STRENGTHS = "0,0.25,0.5,0.75,1"
EPILOG = """\
Trains one model per method and strength on the pipeline's own data and judges it on a fifth of
the train rows, set aside; the test split is not looked at. Writes frontier.html and frontier.json
into <output>/frontier/.

exit codes: 0 done, whether a point passes or not; 2 DataGate refused the data; 1 an error;
64 wrong usage, or settings under which nothing can be mitigated"""


def add(verbs: argparse._SubParsersAction) -> None:
    parser = verbs.add_parser(
        "frontier", help="draw what less of a gap costs in accuracy", description=__doc__, epilog=EPILOG
    )
    parser.add_argument("--config", default=DEFAULT_CONFIG, metavar="FILE", help="settings (default: %(default)s)")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="overrule one setting; repeatable"
    )
    add_environment(parser)
    parser.add_argument(
        "--methods", default=",".join(METHODS), metavar="LIST", help="mitigations to try (default: %(default)s)"
    )
    parser.add_argument(
        "--strengths", default=STRENGTHS, metavar="LIST", help="of each, from 0 to 1 (default: %(default)s)"
    )
    parser.add_argument("--output", metavar="FOLDER", help="output folder (default: the settings' own, output/<name>)")
    parser.set_defaults(main=main)


def main(arguments: argparse.Namespace) -> int:
    methods, strengths = methods_of(arguments.methods), strengths_of(arguments.strengths)
    from pipeline.frontier.study import Sweep, draw

    return draw(
        Sweep(arguments.config, tuple(arguments.set), arguments.output, methods, strengths, arguments.environment)
    )


def methods_of(text: str) -> tuple[str, ...]:
    """The methods in a list with commas, each once.

    Raises
    ------
    UsageError : it is empty, or names something else.
    """
    given = _parts(text)
    wrong = [one for one in given if one not in METHODS]
    if wrong or not given:
        remedy = did_you_mean(wrong[0] if wrong else "", METHODS, "name one or more of these, with commas")
        raise _wrong("--methods", ", ".join(wrong) or "nothing", ", ".join(METHODS), remedy)
    return tuple(dict.fromkeys(given))


def strengths_of(text: str) -> tuple[float, ...]:
    """The strengths above 0 in a list with commas, rising; 0 is the unmitigated model, which is always drawn.

    Raises
    ------
    UsageError : one is no number from 0 to 1, or none is above 0.
    """
    given = _parts(text)
    numbers = [_number(one) for one in given]
    wrong = [one for one, number in zip(given, numbers, strict=True) if not 0 <= number <= 1]
    found = tuple(sorted({number for number in numbers if number > 0}))
    if wrong or not found:
        got = ", ".join(wrong) or text or "nothing"
        raise _wrong("--strengths", got, "numbers from 0 to 1, one of them above 0", f"such as --strengths {STRENGTHS}")
    return found


def _parts(text: str) -> Sequence[str]:
    return [one.strip() for one in text.split(",") if one.strip()]


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _wrong(option: str, got: str, allowed: str, remedy: str) -> UsageError:
    return UsageError("The command line is wrong.", Problem(f"`sluicegate frontier {option}`", got, allowed, remedy))
