"""`python -m sluicegate`: the old name of `python -m sluicegate_cli`, for one release."""

import importlib
import sys

if __name__ == "__main__":
    print("`python -m sluicegate` is called `sluicegate` or `python -m sluicegate_cli` now.", file=sys.stderr)
    # By name: the library knows nothing of the command line above it.
    sys.exit(importlib.import_module("sluicegate_cli.__main__").main())
