"""The points of a sweep on a terminal, 80 columns wide."""

from __future__ import annotations

from pathlib import Path
from typing import TextIO

from rich.table import Table
from rich.text import Text

from pipeline.local.live_console import terminal
from sluicegate.reports.frontier import Frontier, FrontierDot, answer

_STYLES = {"PASSED": "green", "FAILED": "red", "UNKNOWN": "yellow"}


def print_frontier(frontier: Frontier, page: Path, stream: TextIO) -> None:
    """The table, what it was judged on and what was left out; the last line says where it is and what to set."""
    screen = terminal(stream)
    screen.print()
    screen.print(_table(frontier))
    screen.print(f"\n{frontier.rows_in_words}.")
    for note in frontier.notes:
        screen.print(Text(note, style="dim"))
    stream.write(f"\n{answer(frontier)}\n{last_line(frontier, page)}\n")
    stream.flush()


def last_line(frontier: Frontier, page: Path) -> str:
    """Where the files are, and the cheapest point that passes as options of a command."""
    where = f"{page} and {page.with_suffix('.json').name}"
    best = frontier.cheapest
    if best is None:
        return f"{where}: " + ("no limit to pass." if frontier.limit is None else "no point passes.")
    return f"{where}: cheapest that passes: {' '.join(f'--set {one}' for one in best.settings)}"


def _table(frontier: Frontier) -> Table:
    limit = "no limit" if frontier.limit is None else f"{frontier.direction} {frontier.limit:g}, {frontier.setting}"
    found = Table(
        title=Text(f"accuracy against {frontier.title} ({limit})"), title_justify="left", box=None, padding=(0, 1, 0, 0)
    )
    found.add_column("mitigation", no_wrap=True)
    for heading in ("gap", "interval", "accuracy", "interval", "AUC"):
        found.add_column(heading, justify="right", no_wrap=True)
    if frontier.limit is not None:
        found.add_column("would be", no_wrap=True)
    for point in frontier.points:
        verdict = [Text(point.status, style=_STYLES.get(point.status, ""))] if frontier.limit is not None else []
        found.add_row(*_cells(point), *verdict, style="bold" if point == frontier.cheapest else "")
    return found


def _cells(point: FrontierDot) -> tuple[str, ...]:
    return (
        point.name, _number(point.gap), _interval(point.gap_low, point.gap_high), _number(point.accuracy),
        _interval(point.accuracy_low, point.accuracy_high), _number(point.auc),
    )  # fmt: skip


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _interval(low: float | None, high: float | None) -> str:
    return "-" if low is None or high is None else f"{low:.3f} to {high:.3f}"
