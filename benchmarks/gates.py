"""Error rates of every gate, and what it finds: `python -m benchmarks.gates [--quick]`.

False refusals are of honest data, per run and not per check; the smallest shift, leak or drop is the smallest that is found in nine
of ten runs. All of it works on sufficient statistics with the gates' own code. Takes about ten minutes; --quick one, on fewer runs.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import time
from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

from benchmarks import gates_data
from benchmarks.gates_data import Rate, Smallest

QUICK, WIDTH = 0.1, 120


def main() -> None:
    """Prints a table per question and gate."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth of the runs")
    parser.add_argument("--only", choices=("data", "quality", "fairness"), help="one gate")
    arguments = parser.parse_args()
    # Wide enough for a name per line where nobody looks at a terminal.
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    scale, began = (QUICK if arguments.quick else 1.0), time.perf_counter()
    if arguments.only in (None, "data"):
        _data(console, scale)
    if arguments.only in (None, "quality") and importlib.util.find_spec("benchmarks.gates_quality"):
        importlib.import_module("benchmarks.gates_quality").report(console, scale)
    if arguments.only in (None, "fairness"):
        from benchmarks.fairness import proofs, table

        for name, rows in proofs().items():
            console.print(table(f"fairness gate: refusals of models that are fair ({name})", rows))
    console.print(f"{time.perf_counter() - began:.0f} s")


def _data(console: Console, scale: float) -> None:
    console.print(_rates("data gate: runs that refuse honest data (drift)", gates_data.honest_rates(scale)))
    console.print(_rates("data gate: honest features called a leak", gates_data.honest_leaks(scale)))
    console.print(_rates("data gate: drift that must be found", gates_data.named(scale)))
    console.print(_smallest("data gate: the smallest shift found in 9 of 10 runs", gates_data.smallest_shifts(scale)))
    console.print(_smallest("data gate: the smallest leak found in 9 of 10 runs", gates_data.smallest_leaks(scale)))


def _rates(title: str, rows: Iterable[Rate]) -> Table:
    table = Table("what", "rows", "columns", "runs", "refused", "share", "upper 95 % end", title=title)
    for one in rows:
        share = one.hits / one.runs
        table.add_row(
            one.what,
            f"{one.rows:,}",
            f"{one.columns:,}",
            f"{one.runs:,}",
            f"{one.hits}",
            f"{share:.2%}",
            f"{one.high:.2%}",
        )
    return table


def _smallest(title: str, rows: Iterable[Smallest]) -> Table:
    table = Table("what", "rows", "columns", "runs", "smallest", "found in", title=title)
    for one in rows:
        size = "none of those tried" if one.size is None else f"{one.size:g}"
        table.add_row(one.what, f"{one.rows:,}", f"{one.columns:,}", f"{one.runs:,}", size, f"{one.rate:.0%}")
    return table


if __name__ == "__main__":
    main()
