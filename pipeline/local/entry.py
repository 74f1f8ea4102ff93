"""The entry point of a local run: a request in, an exit code out; a user's mistake prints no traceback."""

from __future__ import annotations

import sys

from pipeline.local.request import Request
from schemas.errors import EXIT_DONE, EXIT_ERROR, SluicegateError


def run_or_explain(request: Request) -> int:
    """Runs (or plans) what is asked for and returns the exit code. Only a bug raises."""
    try:
        return _plan(request) if request.plan else _run(request)
    except SluicegateError as error:
        print(f"{error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("Interrupted. Nothing was released; the next run starts where this one stopped.", file=sys.stderr)
        return EXIT_ERROR


def _plan(request: Request) -> int:
    from pipeline.local.plan import print_plan
    from pipeline.settings.file import load

    print_plan(load(request.config, request.overrides, request.environment))
    return EXIT_DONE


def _run(request: Request) -> int:
    from pipeline.local.run import run
    from pipeline.settings.file import load

    return run(load(request.config, request.overrides, request.environment), request)
