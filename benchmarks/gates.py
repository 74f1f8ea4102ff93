"""Error rates of every gate, and what it finds: `python -m benchmarks.gates [--quick] [--only data|quality|fairness]`.

False refusals are of honest data, per run and not per check; the smallest shift, leak or drop is the smallest that is found in nine
of ten runs. All of it works on sufficient statistics, or on made scores, with the gates' own code.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor

from rich.console import Console
from rich.table import Table

from benchmarks import gates_data, gates_fairness, gates_quality
from benchmarks.gate_rates import Cell, Rate, Smallest

QUICK, WIDTH = 0.1, 130
GATES = {"data": gates_data, "quality": gates_quality, "fairness": gates_fairness}


def main() -> None:
    """Prints a table per question and gate."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth of the runs")
    parser.add_argument("--only", choices=tuple(GATES), help="one gate")
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="default: one per core")
    arguments = parser.parse_args()
    # Wide enough for a name per line where nobody looks at a terminal.
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    began, promises = time.perf_counter(), []
    with ProcessPoolExecutor(arguments.processes) as pool:
        for name in [arguments.only] if arguments.only else GATES:
            for title, cells in GATES[name].cells(QUICK if arguments.quick else 1.0):
                started = time.perf_counter()
                lines = [line for found in pool.map(worked_out, cells) for line in found]
                promises += [line.promise for line in lines if isinstance(line, Rate)]
                console.print(table(title, lines))
                console.print(f"{time.perf_counter() - started:.0f} s\n")
    # Only now are the workers' seconds known: they have ended.
    used = sum(os.times()[:4])
    kept, broken = promises.count("kept"), promises.count("BROKEN")
    console.print(
        f"{kept} promises shown to be kept, {len(promises) - kept - broken} open, {broken} broken; "
        f"{time.perf_counter() - began:.0f} s, of processors {used:.0f} s"
    )


def worked_out(cell: Cell) -> Sequence[Rate | Smallest]:
    """The lines of one cell."""
    found = cell()
    return found if isinstance(found, list) else [found]


def table(title: str, lines: Sequence[Rate | Smallest]) -> Table:
    """Of shares of runs, or of smallest sizes; the ends are exact 95 % ends, each by itself."""
    rates = [line for line in lines if isinstance(line, Rate)]
    if not rates:
        made = Table("what", "rows", "of", "runs", "smallest", "found in", "lower 95 % end", title=title)
        for one in lines:
            assert isinstance(one, Smallest)
            size = "none of those tried" if one.size is None else f"{one.size:g}"
            made.add_row(
                one.what,
                f"{one.rows:,}",
                f"{one.of:,}",
                f"{one.runs:,}",
                size,
                f"{one.hits / one.runs:.0%}",
                f"{one.low:.1%}",
            )
        return made
    is_floor = rates[0].at_least
    seen, end = ("found", "lower 95 % end") if is_floor else ("refused", "upper 95 % end")
    made = Table("what", "rows", "of", "runs", seen, "share", end, "promised", "", title=title)
    for rate in rates:
        bound = f"{'>=' if is_floor else '<='} {rate.allowed:.0%}"
        made.add_row(
            rate.what,
            f"{rate.rows:,}",
            f"{rate.of:,}",
            f"{rate.runs:,}",
            f"{rate.hits}",
            f"{rate.share:.2%}",
            f"{rate.ends[0 if is_floor else 1]:.2%}",
            bound,
            rate.promise,
        )
    return made


if __name__ == "__main__":
    main()
