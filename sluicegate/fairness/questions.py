"""The limits of the settings and of the profile, as questions to the measured groupings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from sluicegate.fairness import paired
from sluicegate.fairness.counts import NEGATIVE, POSITIVE, UNLABELLED
from sluicegate.fairness.estimates import Grouping
from sluicegate.fairness.gaps import MEASURES, Measure
from sluicegate.fairness.policy import Limit, Policy
from sluicegate.fairness.resampling import Resampled
from sluicegate.stats.interval import Interval, Levels
from sluicegate.stats.judge import Question, round_up

KNOWN, ALL = (NEGATIVE, POSITIVE), (NEGATIVE, POSITIVE, UNLABELLED)
#: By estimate: the labels among which somebody must be selected, else KNOWN. A true positive rate needs a positive; a false positive rate
#: may well be 0 everywhere, in a model that selects somebody.
TAKEN: Mapping[str, tuple[int, ...]] = {"tpr": (POSITIVE,), "selection_rate": ALL, "score": ALL, "scores": ALL}

Grouped = Mapping[tuple[str, ...], Grouping]


@dataclass(frozen=True)
class MeasuredGap:
    """What there is to ask.  groupings : by columns, in the order of `sensitive`.

    is_first : no model was released yet.  has_baseline : the released model answered the same rows.
    why_not : a sentence where no limit can be answered at all (multiclass without `positive`), with its reason code.
    baseline_note : why the released model did not answer, or "".
    """

    groupings: Grouped
    resampled: Resampled
    is_first: bool
    has_baseline: bool
    why_not: tuple[str, str] | None = None
    baseline_note: str = ""


def questions(policy: Policy, limits: tuple[Limit, ...], measured: MeasuredGap) -> Iterator[Question]:
    """One per bound: a limit with `at_most` and `max_rise` asks twice."""
    order = [one.column for one in policy.sensitive]
    for index, wanted in enumerate(limits):
        columns = tuple(sorted(dict.fromkeys(wanted.of), key=order.index))
        limit = replace(wanted, of=columns, report_only=wanted.report_only or policy.report_only)
        bound, direction = (limit.at_most, "at most") if limit.at_most is not None else (limit.at_least, "at least")
        if bound is not None:
            key = (
                f"{limit.setting}.{direction.replace(' ', '_')}"
                if limit.setting.startswith("fairness.limits")
                else limit.setting
            )
            blank = _blank(limit, f"{index}.bound", bound, direction, key, measured)
            yield _bound(blank, limit, measured, policy.seed)
        if limit.max_rise is not None:
            key = f"{limit.setting}.max_rise"
            blank = _blank(limit, f"{index}.rise", limit.max_rise, "at most", key, measured)
            yield _rise(replace(blank, measure=f"{limit.measure} rise"), limit, measured)


def _blank(limit: Limit, key: str, bound: float, direction: str, setting: str, measured: MeasuredGap) -> Question:
    grouping = measured.groupings.get(limit.of)
    rows = 0 if grouping is None else round(float(grouping.rows.sum()))
    return Question(key, limit.measure, " x ".join(limit.of), bound, direction, setting, rows, not limit.report_only)


def _unanswerable(q: Question, limit: Limit, measured: MeasuredGap) -> Question | None:
    """The question with the reason why it has no answer; None where it may have one."""
    grouping, measure = measured.groupings.get(limit.of), MEASURES[limit.measure]
    if measured.why_not is not None:
        reason, detail = measured.why_not
        return replace(q, reason=reason, detail=detail)
    if grouping is None or not grouping.can_measure(measure):
        return replace(q, reason="not_measured", detail=f"This task has no {limit.measure}.")
    few = min(int(grouping.judged(name).sum()) for name in measure.of)
    if _selects_nobody(grouping, measure, only_judged=few > 1):
        whom = "none of the positives of" if "tpr" in measure.of else "nobody in"
        detail = f"The model selects {whom} these groups, so {limit.measure} says nothing; that is no pass."
        return replace(q, reason="undefined", detail=detail)
    return _too_few(q, grouping, measure, few) if few < 2 else None


def _selects_nobody(grouping: Grouping, measure: Measure, *, only_judged: bool) -> bool:
    """Whether a model with decisions takes nobody, whatever the measure: where all are refused, all are treated alike."""
    if grouping.counts is None:
        return False
    for name in measure.of:
        compared = grouping.judged(name) if only_judged else np.ones(len(grouping.rows), bool)
        if not grouping.counts.weight[compared][:, TAKEN.get(name, KNOWN), 1].sum() > 0:
            return True
    return False


def _too_few(q: Question, grouping: Grouping, measure: Measure, few: int) -> Question:
    floors = grouping.floors
    needed = max((_rows_to_judge(grouping, name) for name in measure.of), default=float("inf"))
    detail = (
        f"{few or 'None'} of the {len(grouping.rows)} groups of {q.slice} has {floors.rows} rows (fairness.min_rows) and {floors.positives} under "
        "the rate (fairness.min_positives); a comparison needs two."
    )
    if not np.isfinite(needed):
        return replace(q, reason="too_few_rows", detail=detail)
    rows = round_up(needed)
    return replace(
        q, reason="too_few_rows", detail=f"{detail} About {rows:,} rows like these would do.", rows_to_start=rows
    )


def _rows_to_judge(grouping: Grouping, name: str) -> float:
    """Rows at which the second group reaches the floors."""
    with np.errstate(divide="ignore"):
        factors = np.maximum(grouping.floors.rows / grouping.rows, grouping.floors.positives / grouping.under(name))
    return float(np.sort(factors)[1] * grouping.rows.sum()) if len(factors) > 1 else float("inf")


def _bound(q: Question, limit: Limit, measured: MeasuredGap, seed: int) -> Question:
    hopeless = _unanswerable(q, limit, measured)
    if hopeless is not None:
        return hopeless
    grouping, measure = measured.groupings[limit.of], MEASURES[limit.measure]
    before = None
    if measured.has_baseline and measure.kind != "area":
        released = grouping.point(measure, baseline=True)
        before = None if np.isnan(released) else released

    def interval(levels: Levels, factor: float) -> Interval:
        # The far end of a ratio is its low one; `bounds` has turned the levels already.
        return grouping.interval(measure, levels, factor, seed)

    left_out = grouping.left_out(measure)
    return replace(q, value=grouping.point(measure), interval=interval, baseline=before, left_out=left_out)


def _rise(q: Question, limit: Limit, measured: MeasuredGap) -> Question:
    if measured.is_first:
        detail = "No model was released yet, so there is nothing to be worse than."
        return replace(q, reason="bootstrap", detail=detail)
    hopeless = _unanswerable(q, limit, measured)
    if hopeless is not None:
        return hopeless
    grouping, measure = measured.groupings[limit.of], MEASURES[limit.measure]
    if not measured.has_baseline or not paired.can_compare(grouping, measure):
        detail = f"The released model has no {limit.measure} on these rows to be compared with."
        if measured.baseline_note:
            detail = f"{detail[:-1]}: {measured.baseline_note}."
        return replace(q, reason="baseline_missing", detail=detail)
    released = grouping.point(measure, baseline=True)
    if np.isnan(released):
        return replace(q, reason="baseline_missing", detail=f"The released model's {limit.measure} is not defined.")
    value = float(paired.rise(measure, np.array(grouping.point(measure)), np.array(released)))

    def interval(levels: Levels, factor: float) -> Interval:
        return paired.of(grouping, measure, levels, factor)

    return replace(q, value=value, interval=interval, baseline=released, left_out=grouping.left_out(measure))
