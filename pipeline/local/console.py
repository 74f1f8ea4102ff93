"""What a person, or a program, sees of a run while it goes on.

The runner sends file descriptors 1 and 2 into the run's log and hands a console the stream that is still the terminal.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Protocol, TextIO

from pipeline.local import refusal_table
from pipeline.local.run_words import Where, progress_line, show_seconds, verdict_line
from schemas.progress import Progress
from schemas.records import RunResult, StepRecord
from schemas.verdict import Verdict

#: So long may a log stand still while a training goes on.
SILENCE_SECONDS = 10.0


class Console(Protocol):
    """The moments of a run that are worth saying. `close` leaves the terminal as it was, also after an exception."""

    def run_started(self, run_id: str, steps: Sequence[str], log_path: str) -> None: ...

    def step_started(self, step: str) -> None: ...

    def step_progress(self, step: str, progress: Progress) -> None: ...

    def step_ended(self, record: StepRecord) -> None: ...

    def refusal(self, verdict: Verdict, where: Where) -> None: ...

    def run_ended(self, result: RunResult, report: str) -> None: ...

    def close(self) -> None: ...


def for_stream(stream: TextIO, *, quiet: bool = False, as_json: bool = False) -> Console:
    """The console that was asked for, writing to `stream`."""
    if as_json:
        return Json(stream)
    if quiet:
        return Quiet(stream)
    if stream.isatty():
        from pipeline.local.live_console import Live, terminal

        screen = terminal(stream)
        return Plain(stream) if screen.is_dumb_terminal else Live(screen)
    return Plain(stream)


class Plain:
    """One line per finished step, and now and then one from a long training: for CI logs, pipes and files."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream, self._total, self._log = stream, 0, ""
        self._ended = 0
        self._clock, self._spoke = clock, clock()

    def run_started(self, run_id: str, steps: Sequence[str], log_path: str) -> None:
        self._total, self._ended, self._log = len(steps), 0, log_path
        self._say(f"run {run_id}: {len(steps)} steps, log in {log_path}")

    def step_started(self, step: str) -> None:
        """Nothing: a line that cannot be taken back is worth writing only when the step has ended."""
        self._spoke = self._clock()

    def step_progress(self, step: str, progress: Progress) -> None:
        """At most a line in SILENCE_SECONDS, so that a long training is not silent and a short one says nothing."""
        if self._clock() - self._spoke >= SILENCE_SECONDS:
            self._spoke = self._clock()
            self._say(f"         {step}: {progress_line(progress)}")

    def step_ended(self, record: StepRecord) -> None:
        self._ended += 1
        place = f"{self._ended:>2}/{self._total}"
        self._say(f"  {place}  {record.step:<20} {record.state.value:<8} {show_seconds(record.seconds):>10}")
        if record.error:
            self._say(f"         {record.problem}\n         the whole story: {self._log}")

    def refusal(self, verdict: Verdict, where: Where) -> None:
        self._say("\n" + refusal_table.as_text(verdict, where))

    def run_ended(self, result: RunResult, report: str) -> None:
        self._say(f"\n{verdict_line(result)}")
        self._say(f"report: {report}" if report else f"log: {self._log}")

    def close(self) -> None:
        self._stream.flush()

    def _say(self, text: str) -> None:
        self._stream.write(f"{text}\n")
        self._stream.flush()


class Quiet:
    """Only how it ended; and why, when it was not as asked for."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._log = stream, ""

    def run_started(self, run_id: str, steps: Sequence[str], log_path: str) -> None:
        self._log = log_path

    def step_started(self, step: str) -> None: ...

    def step_progress(self, step: str, progress: Progress) -> None: ...

    def step_ended(self, record: StepRecord) -> None:
        if record.error:
            self._say(f"{record.step}: {record.problem}\nthe whole story: {self._log}")

    def refusal(self, verdict: Verdict, where: Where) -> None:
        self._say(refusal_table.as_text(verdict, where))

    def run_ended(self, result: RunResult, report: str) -> None:
        self._say(verdict_line(result))

    def close(self) -> None: ...

    def _say(self, text: str) -> None:
        self._stream.write(f"{text}\n")
        self._stream.flush()


class Json:
    """One JSON object per event and line. `event` says which; times are seconds since the run started."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream, self._clock, self._start = stream, clock, clock()

    def run_started(self, run_id: str, steps: Sequence[str], log_path: str) -> None:
        self._start = self._clock()
        self._say("run_started", run_id=run_id, steps=list(steps), log=log_path)

    def step_started(self, step: str) -> None:
        self._say("step_started", step=step)

    def step_progress(self, step: str, progress: Progress) -> None:
        self._say("step_progress", step=step, **asdict(progress))

    def step_ended(self, record: StepRecord) -> None:
        self._say("step_ended", **asdict(record))

    def refusal(self, verdict: Verdict, where: Where) -> None:
        refused = [asdict(m) | {"where": where(m.setting) if m.setting else ""} for m in verdict.refusals]
        self._say("refusal", gate=verdict.gate, status=verdict.status.value, detail=verdict.detail, refused=refused)

    def run_ended(self, result: RunResult, report: str) -> None:
        content = asdict(result)
        kept = (
            "run_id",
            "name",
            "verdict",
            "exit_code",
            "seconds",
            "metrics",
            "pushed_path",
            "pushed_version",
            "notes",
        )
        self._say("run_ended", **{key: content[key] for key in kept}, report=report)

    def close(self) -> None: ...

    def _say(self, event: str, **content: object) -> None:
        event_with_time = {"event": event, "at_seconds": round(self._clock() - self._start, 3), **content}
        # A reader of JSON knows no NaN: what is not finite becomes null.
        finite = json.loads(json.dumps(event_with_time), parse_constant=lambda _: None)
        self._stream.write(json.dumps(finite, ensure_ascii=False) + "\n")
        self._stream.flush()
