"""Ours against stock TFX's taxi template on the same Chicago taxi rows, whole process each: `make bench`.

Both run as processes of their own, one after the other, and the pair is repeated; ratios are of the medians. Absolute
times differ between machines, ratios much less. To reach: wall ratio at most 1.0, although this side gates and reports.
"""

import argparse
import csv
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

PROJECT = Path(__file__).resolve().parents[1]
TABLE = PROJECT / "data" / "chicago_taxi" / "chicago_taxi.csv"
#: Columns that we added to the file TFX ships; the stock side gets the file without them.
ADDED = ("big_tip",)


@dataclass(frozen=True)
class Cost:
    """wall, cpu : seconds.  memory : MiB at the peak."""

    wall: float
    cpu: float
    memory: float


def measure(command: list[str], log: Path) -> Cost:
    """Runs the command to its end. Raises CalledProcessError when it fails; its output is in `log`."""
    began = time.monotonic()
    with log.open("w") as file:
        child = subprocess.Popen(command, cwd=PROJECT, stdout=file, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(child.pid, 0)
    wall = time.monotonic() - began
    if code := os.waitstatus_to_exitcode(status):
        raise subprocess.CalledProcessError(code, command, log.read_text()[-3000:])
    unit = 1024 if sys.platform == "linux" else 1024 * 1024
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / unit)


def stock_data(folder: Path) -> Path:
    """A folder with the rows as TFX ships them."""
    folder.mkdir()
    with TABLE.open(newline="") as source, (folder / "data.csv").open("w", newline="") as target:
        rows = csv.DictReader(source)
        kept = [name for name in rows.fieldnames or () if name not in ADDED]
        writer = csv.DictWriter(target, kept, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return folder


def one_pair(folder: Path, data: Path) -> tuple[Cost, Cost]:
    stock = [sys.executable, "-m", "benchmarks.stock_taxi", str(data), str(folder / "stock")]
    ours = [
        sys.executable,
        "local_runner.py",
        "--config",
        "configs/taxi.yaml",
        "--output",
        str(folder / "ours"),
        "--quiet",
    ]
    return measure(ours, folder / "ours.log"), measure(stock, folder / "stock.log")


def show(pairs: list[tuple[Cost, Cost]]) -> None:
    table = Table(
        "", "this pipeline", "stock TFX", "ratio", title=f"Chicago taxi, whole process, median of {len(pairs)}"
    )
    for name, unit in (("wall", "s"), ("cpu", "s"), ("memory", "MiB")):
        ours, stock = (statistics.median(getattr(pair[side], name) for pair in pairs) for side in (0, 1))
        table.add_row(name, f"{ours:.1f} {unit}", f"{stock:.1f} {unit}", f"{ours / stock:.2f}")
    Console().print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=3, help="how often each side runs (default: %(default)s)")
    arguments = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with tempfile.TemporaryDirectory() as name:
        data = stock_data(Path(name, "data"))
        pairs = []
        for index in range(arguments.pairs):
            folder = Path(name, str(index))
            folder.mkdir()
            pairs.append(one_pair(folder, data))
        show(pairs)


if __name__ == "__main__":
    main()
