"""local_runner.py of a project whose pipeline/gates.py has one line more."""

import sys

from pipeline import gates
from tests.pipeline.rows_gate import gate as rows_gate

if __name__ == "__main__":
    # Before anything else is imported, as the line in the file would be.
    gates.GATES = (*gates.GATES, rows_gate.GATE)
    from local_runner import main

    sys.exit(main())
