"""`sluicegate VERB ...`: picks the verb and says in plain words what went wrong."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence

from schemas.errors import EXIT_ERROR, SluicegateError
from sluicegate_cli import doctor, frontier, init, lineage, predict, report, runs, schema, serve, settings
from sluicegate_cli import run as run_verb
from sluicegate_cli.parser import Parser, VersionAction

VERBS = (init, run_verb, serve, runs, predict, lineage, schema, settings, doctor, report, frontier)
DESCRIPTION = "Takes a table to a served model through gates that can say why."
EPILOG = """\
the usual way:
  sluicegate init --data my.csv --label bought     propose settings and a schema
  sluicegate run --config configs/my.yaml          data to a gated, pushed model and a report
  sluicegate serve --config configs/my.yaml        the released model behind REST and gRPC
  sluicegate lineage --config configs/my.yaml      what the model in production is made of

exit codes: 0 done; 2 a gate refused; 1 an error; 64 wrong usage or settings"""
BUG = "This is a bug in Sluicegate: please report it with the lines above and the command you gave."


def parser() -> Parser:
    """The whole command line; building it imports nothing heavy."""
    parser = Parser(prog="sluicegate", description=DESCRIPTION, epilog=EPILOG)
    parser.add_argument("--version", action=VersionAction, help="print the version and end")
    verbs = parser.add_subparsers(metavar="VERB", dest="verb", required=True, parser_class=Parser)
    for verb in VERBS:
        verb.add(verbs)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    try:
        arguments = parser().parse_args(argv)
        code: int = arguments.main(arguments)
        # Here and not at exit, where a reader that went away could only be met with a traceback.
        sys.stdout.flush()
        return code
    except SluicegateError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return EXIT_ERROR
    except BrokenPipeError:
        # The reader (head, less) has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_ERROR
    except Exception:  # noqa: BLE001 - a bug must show itself whole
        traceback.print_exc()
        print(f"\n{BUG}", file=sys.stderr)
        return EXIT_ERROR


def run() -> None:
    """The entry point of the installed command."""
    sys.exit(main())


if __name__ == "__main__":
    run()
