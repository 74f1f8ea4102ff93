"""Runs as lines of text: what `sluicegate runs` prints, and what a list of runs looks like in Python."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

_WIDTH = 80


@dataclass(frozen=True)
class Row:
    """One run in one line.  metric : the one that stands for it, and its value.  why : it released nothing."""

    verdict: str
    run: str
    name: str
    metric: tuple[str, float] | None = None
    seconds: float | None = None
    version: int | None = None
    why: str = ""

    @property
    def cells(self) -> tuple[str, str, str, str, str, str]:
        """verdict, run, name, metric, seconds and version as text."""
        metric = "{} {:.4f}".format(*self.metric) if self.metric else ""
        seconds = "" if self.seconds is None else f"{self.seconds:.0f}"
        return self.verdict, self.run, self.name, metric, seconds, str(self.version or "")


def lines(rows: Sequence[Row]) -> list[str]:
    """A line of heads, then a line per run and why it released nothing."""
    found = [f"{'run':<17} {'name':<14} {'verdict':<8} {'metric':<15} {'seconds':>7} {'version':>12}"]
    for row in rows:
        verdict, run, name, metric, seconds, version = row.cells
        found.append(f"{run:<17} {name[:14]:<14} {verdict or '-':<8} {metric:<15} {seconds:>7} {version:>12}".rstrip())
        found += textwrap.wrap(row.why, _WIDTH, initial_indent="    ", subsequent_indent="    ")
    return found
