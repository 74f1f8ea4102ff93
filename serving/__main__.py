"""`python -m serving`: the old name of `python -m sluicegate.serving`."""

import sys

from serving import NOTE

if __name__ == "__main__":
    print(f"{NOTE}: start it with python -m sluicegate.serving", file=sys.stderr)
    from sluicegate.serving.__main__ import main

    sys.exit(main(prog="python -m serving"))
