"""`python -m sluicegate.serving`: the model server."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from schemas.errors import EXIT_DONE, SluicegateError


def main(argv: Sequence[str] | None = None, prog: str = "python -m sluicegate.serving") -> int:
    """Serves until told to stop; returns the exit code."""
    from sluicegate.serving import flags

    try:
        options = flags.read(sys.argv[1:] if argv is None else argv, os.environ, prog)
        from sluicegate.serving.start import start

        start(options)
    except SluicegateError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return EXIT_DONE


if __name__ == "__main__":
    sys.exit(main())
