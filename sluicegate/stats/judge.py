"""Passed, refused, or cannot tell: each limit against its interval, and never against the point value alone.

PASSED   the far end of the interval is inside the limit
FAILED   the near end is beyond it, at the level that Holm's procedure gives the limit within the gate's family
UNKNOWN  the limit lies in between, or the measure is not defined: nobody is selected, fewer than two groups can be judged

Where the question is "was harm shown?" UNKNOWN does not gate: it is written down with what would settle it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from schemas.verdict import Measurement, Status
from sluicegate.stats.families import holm
from sluicegate.stats.interval import Interval, Levels
from sluicegate.stats.sample_size import factor_to_settle

#: Rounding must not turn "exactly at the limit" into a refusal.
TOLERANCE = 1e-9
#: Groups that a sentence names.
MOST_NAMED = 12


@dataclass(frozen=True, eq=False)
class Question:
    """One limit, with all that is needed to answer it.

    key : unique among the questions.  measure, slice : as in the measurement.  limit, direction : "at most" or "at least".
    value : the point value, NaN where it is not defined.  interval : at levels, with so many times the rows.
    reason, detail : why it cannot be answered at all; "" where it can.
    left_out : groups that were not judged, with their rows.
    rows_to_start : rows at which two groups could be judged; for reason "too_few_rows".
    asks_for_harm : what these rows cannot tell does not gate.
    refusal, remedy : reason code and last sentence of a refusal; "" for "above_limit" or "below_limit", and none.
    seeks_rows : whether the rows are searched that would settle it, which takes some thirty intervals.
    """

    key: str
    measure: str
    slice: str
    limit: float
    direction: str
    setting: str
    rows: int
    gates: bool
    value: float = float("nan")
    interval: Callable[[Levels, float], Interval] | None = None
    reason: str = ""
    detail: str = ""
    baseline: float | None = None
    rows_to_start: int | None = None
    left_out: tuple[str, ...] = ()
    asks_for_harm: bool = False
    refusal: str = ""
    remedy: str = ""
    seeks_rows: bool = True

    @property
    def is_answerable(self) -> bool:
        return not self.reason and self.interval is not None and bool(np.isfinite(self.value))

    def ends(self, levels: Levels, factor: float = 1.0) -> tuple[float, float]:
        """low, high.  A refusal of "at most" looks at the low end; the interval of "at least" is already turned."""
        assert self.interval is not None  # noqa: S101  `is_answerable` said so
        found = self.interval(levels, factor)
        return float(found.low), float(found.high)


@dataclass(frozen=True)
class Answer:
    """near_level : how often the refusing end may miss, after Holm.  rows_needed : rows that would settle it."""

    measurement: Measurement
    near_level: float | None = None
    rows_needed: int | None = None


def answer(questions: Sequence[Question], level: float) -> dict[str, Answer]:
    """An answer per question.  level : how often each end may miss; Holm shares the near one among those that gate."""
    family = [q.key for q in questions if q.gates and q.is_answerable]
    by_key = {q.key: q for q in questions}

    def is_refused(key: str, near: float) -> bool:
        question = by_key[key]
        return _is_beyond(question, *question.ends(Levels(near, level)))

    levels = holm(family, is_refused, level)
    return {q.key: _answer(q, Levels(levels.get(q.key, level), level)) for q in questions}


def _is_interval(low: float, high: float) -> bool:
    return bool(np.isfinite([low, high]).all()) and low <= high + TOLERANCE


def _is_beyond(q: Question, low: float, high: float) -> bool:
    return low > q.limit + TOLERANCE if q.direction == "at most" else high < q.limit - TOLERANCE


def _is_inside(q: Question, low: float, high: float) -> bool:
    return high <= q.limit + TOLERANCE if q.direction == "at most" else low >= q.limit - TOLERANCE


def _answer(q: Question, levels: Levels) -> Answer:
    seen = Measurement(
        q.measure,
        q.slice,
        Status.UNKNOWN,
        q.value if np.isfinite(q.value) else None,
        limit=q.limit,
        direction=q.direction,
        rows=q.rows,
        baseline=q.baseline,
        reason=q.reason,
        detail=q.detail,
        setting=q.setting,
        gates=q.gates,
    )
    if q.reason == "bootstrap":
        return Answer(replace(seen, status=Status.PASSED))
    if not q.is_answerable:
        return Answer(replace(seen, reason=q.reason or "undefined"), rows_needed=q.rows_to_start)
    low, high = q.ends(levels)
    seen = replace(seen, low=low, high=high)
    if not _is_interval(low, high):
        detail = f"{q.measure} has no interval here."
        return Answer(_let_pass(q, replace(seen, low=None, high=None, reason="undefined", detail=detail)))
    if _is_inside(q, low, high):
        return Answer(replace(seen, status=Status.PASSED, detail=_not_judged(q.left_out)), levels.near)
    if _is_beyond(q, low, high):
        return Answer(_refused(q, seen, low, high), levels.near)
    return _open(q, seen, levels)


def _not_judged(groups: Sequence[str]) -> str:
    """What a pass says nothing about."""
    more = f" and {len(groups) - MOST_NAMED} more" if len(groups) > MOST_NAMED else ""
    return f"Not judged: {', '.join(groups[:MOST_NAMED])}{more}." if groups else ""


def _refused(q: Question, seen: Measurement, low: float, high: float) -> Measurement:
    is_at_most = seen.direction == "at most"
    near = f"at least {_number(low)}" if is_at_most else f"at most {_number(high)}"
    said = f"{seen.name} of {seen.slice} is {_number(seen.value)}, with these rows {near}; it must be {seen.direction} {seen.limit:g}."
    reason = q.refusal or ("above_limit" if is_at_most else "below_limit")
    return replace(seen, status=Status.FAILED, reason=reason, detail=f"{said} {q.remedy}".strip())


def _let_pass(q: Question, seen: Measurement) -> Measurement:
    """What cannot be told, as it stands in the verdict of a question that only asks whether harm was shown."""
    if not q.asks_for_harm:
        return seen
    return replace(seen, gates=False, detail=f"{seen.detail} Harm was not shown, so it passes.")


def _open(q: Question, seen: Measurement, levels: Levels) -> Answer:
    if not q.seeks_rows:
        return Answer(_let_pass(q, replace(seen, reason="not_settled")), levels.near)

    def is_open(factor: float) -> bool:
        low, high = q.ends(levels, factor)
        return not (_is_inside(q, low, high) or _is_beyond(q, low, high))

    factor = factor_to_settle(is_open)
    needed = None if factor is None else round_up(q.rows * factor)
    where = f"{_number(seen.value)} [{_number(seen.low)}, {_number(seen.high)}]"
    said = f"{seen.name} of {seen.slice} is {where}: these {q.rows:,} rows cannot tell on which side of {q.limit:g} it lies."
    if needed is None:
        more = "It lies so near the limit that no number of rows would settle it."
    else:
        more = f"About {needed:,} rows like these would, if the shares stay what they are."
    seen = _let_pass(q, replace(seen, reason="not_settled", detail=f"{said} {more}"))
    return Answer(seen, levels.near, needed)


def _number(value: float | None) -> str:
    """
    >>> [_number(v) for v in (0.5, 0.0, 0.00012, 1_700_000_000.0)]
    ['0.500', '0.000', '0.00012', '1.7e+09']
    """
    if value is None:
        return "undefined"
    return f"{value:.3f}" if value == 0 or 0.001 <= abs(value) < 10_000 else f"{value:.4g}"


def round_up(rows: float) -> int:
    """Two significant digits: more would be a claim.

    >>> round_up(51_234.0), round_up(98.2)
    (52000, 99)
    """
    unit = 10 ** max(len(str(int(rows))) - 2, 0)
    return int(-(-rows // unit) * unit)
