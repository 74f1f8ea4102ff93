"""The run on a terminal: one line per step, redrawn while it goes on."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from typing import TextIO

from rich.console import Console as Screen
from rich.console import Group, RenderableType
from rich.live import Live as Redrawn
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from pipeline.local import refusal_table
from pipeline.local.run_words import Where, progress_line, show_seconds, verdict_line
from schemas.progress import Progress
from schemas.records import RunResult, State, StepRecord
from schemas.verdict import Verdict

_WIDEST = 100
_STYLES = {
    State.DONE: "green",
    State.CACHED: "cyan",
    State.SKIPPED: "yellow",
    State.FAILED: "bold red",
    State.NOT_RUN: "dim",
}
_VERDICT_STYLES = {"PASSED": "bold green", "REFUSED": "bold yellow", "ERROR": "bold red"}


def terminal(stream: TextIO) -> Screen:
    """The terminal behind `stream`. Its width is asked of the stream itself: fd 1 may be a log file by now."""
    try:
        width = os.get_terminal_size(stream.fileno()).columns or 80
    except OSError:
        width = 80
    return Screen(file=stream, width=min(width, _WIDEST), highlight=False)


class Live:
    """Steps with state and seconds; the running one has a spinner; the last line is the total."""

    def __init__(self, screen: Screen, clock: Callable[[], float] = time.monotonic) -> None:
        self._screen, self._clock = screen, clock
        self._steps: tuple[str, ...] = ()
        self._records: dict[str, StepRecord] = {}
        self._running: tuple[str, float] | None = None
        self._progress = ""
        # Said below the steps when they have ended: what is printed meanwhile would stand above them.
        self._later: list[Text] = []
        self._spinner = Spinner("dots")
        self._start, self._log = clock(), ""
        self._redrawn = Redrawn(
            get_renderable=self._drawing,
            console=screen,
            refresh_per_second=8,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def run_started(self, run_id: str, steps: Sequence[str], log_path: str) -> None:
        self._steps, self._start, self._log = tuple(steps), self._clock(), log_path
        self._screen.print(f"run {run_id}, log in {log_path}", soft_wrap=True)
        self._redrawn.start()

    def step_started(self, step: str) -> None:
        self._running, self._progress = (step, self._clock()), ""

    def step_progress(self, step: str, progress: Progress) -> None:
        self._progress = progress_line(progress)

    def step_ended(self, record: StepRecord) -> None:
        self._records[record.step], self._running = record, None
        self._redrawn.refresh()
        if record.error:
            self._later.append(Text(f"\n{record.step}: {record.problem}", "red"))
            self._later.append(Text(f"the whole story: {self._log}"))

    def refusal(self, verdict: Verdict, where: Where) -> None:
        self._later.append(Text("\n" + refusal_table.as_text(verdict, where)))

    def run_ended(self, result: RunResult, report: str) -> None:
        self.close()
        self._screen.print(Text(f"\n{verdict_line(result)}", _VERDICT_STYLES.get(result.verdict, "")), soft_wrap=True)
        self._screen.print(f"report: {report}" if report else f"log: {self._log}", soft_wrap=True)

    def close(self) -> None:
        self._running = None
        self._redrawn.stop()
        while self._later:
            self._screen.print(self._later.pop(0), soft_wrap=True)

    def _drawing(self) -> RenderableType:
        table = Table.grid(padding=(0, 2))
        table.add_column(width=1)
        table.add_column(min_width=18, no_wrap=True, overflow="ellipsis")
        table.add_column(width=8, no_wrap=True)
        table.add_column(justify="right", no_wrap=True)
        for step in self._steps:
            table.add_row(*self._cells(step))
        total = f"{len(self._records)} of {len(self._steps)} steps, {show_seconds(self._clock() - self._start)}"
        said = (
            [Text(f"   {self._progress}", no_wrap=True, overflow="ellipsis")]
            if self._running and self._progress
            else []
        )
        return Group(table, *said, Text(total, "dim"))

    def _cells(self, step: str) -> tuple[RenderableType, ...]:
        record = self._records.get(step)
        if record:
            style = _STYLES[record.state]
            took = show_seconds(record.seconds) if record.state in (State.DONE, State.CACHED, State.FAILED) else ""
            return (
                Text("✓" if record.state in (State.DONE, State.CACHED) else "-", style),
                step,
                Text(record.state.value, style),
                took,
            )
        if self._running and self._running[0] == step:
            return self._spinner, Text(step, "bold"), "running", show_seconds(self._clock() - self._running[1])
        return "", Text(step, "dim"), "", ""
