"""Where each step's bar lies on the time axis of its run."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from schemas.records import StepRecord


@dataclass(frozen=True)
class StepBar:
    """left, width : percent of the run's length; width is None for a step that took no time."""

    step: StepRecord
    left: float = 0.0
    width: float | None = None


def bars(steps: Sequence[StepRecord]) -> tuple[StepBar, ...]:
    """One bar per step, in order. Steps without a readable start are laid end to end."""
    starts = _starts(steps)
    ran = [(s, at) for s, at in zip(steps, starts, strict=True) if s.seconds > 0]
    if not ran:
        return tuple(StepBar(s) for s in steps)
    begin = min(at for _, at in ran)
    length = max(at + s.seconds for s, at in ran) - begin
    return tuple(
        StepBar(s, round((at - begin) / length * 100, 2), round(s.seconds / length * 100, 2))
        if s.seconds > 0
        else StepBar(s)
        for s, at in zip(steps, starts, strict=True)
    )


def _starts(steps: Sequence[StepRecord]) -> list[float]:
    """Seconds since the epoch, or since the first step when a time is missing."""
    read = [_seconds_of(s.started_at) for s in steps]
    known = [at for at, s in zip(read, steps, strict=True) if s.seconds > 0 and at is not None]
    if len(known) == sum(s.seconds > 0 for s in steps):
        return [0.0 if at is None else at for at in read]
    starts, clock = [], 0.0
    for step in steps:
        starts.append(clock)
        clock += step.seconds
    return starts


def _seconds_of(iso: str) -> float | None:
    try:
        time = datetime.datetime.fromisoformat(iso)
    except ValueError:
        return None
    return (time if time.tzinfo else time.replace(tzinfo=datetime.UTC)).timestamp()
