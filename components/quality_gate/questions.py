"""The gate's settings as questions about the scored rows, each with the interval that answers it.

at_least, at_most   the metric's own interval: was enough shown?
max_drop            the difference to the released model on the same rows: was harm shown?
max_fall            the released model's metric on these rows against its value at its release, two samples: was harm shown?
net benefit         the model's decisions against always yes and always no: was harm shown?
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from components.quality_gate.gate import ID
from components.quality_gate.policy import CONSTANT, MAX_FALL_SHARE, Gate, Limit
from schemas.release_metrics import MetricThen, ReleaseMetrics
from sluicegate.quality.estimates import MetricEstimate, Spread, spread
from sluicegate.quality.groups import RowGroup
from sluicegate.quality.intervals import MeasuredMetric, interval, of_spread, two_samples
from sluicegate.quality.metrics import advantages, measure, worsening
from sluicegate.stats.interval import Interval, Levels
from sluicegate.stats.judge import Question

#: A threshold at the very end would make one kind of error cost nothing.
FURTHEST = 1e-6
WHERE_IT_IS_MEANT = (
    "If it cannot because you changed the table or the task, let this run pass: "
    "`overrides: [{gate: quality_gate, by: your name, reason: what you changed and why}]`; "
    "the next run is compared again, so take the line out then."
)


@dataclass(frozen=True, eq=False)
class Past:
    """What is known of the released model.

    is_first : no model was released yet.  recorded : its metrics at its release; None where nobody wrote them down.
    note : why it did not answer on these rows, or "".  caution : why these rows may favour it, or "".
    """

    is_first: bool
    version: int | None = None
    recorded: ReleaseMetrics | None = None
    note: str = ""
    caution: str = ""


def questions(gate: Gate, groups: Sequence[RowGroup], past: Past, threshold: float | None) -> Iterator[Question]:
    """Every question of the gate, in the order of the settings.  groups : all rows first.  threshold : the model's own."""
    if gate.beat_constant and gate.task == "binary":
        yield _net_benefit(gate, groups[0], threshold)
    for index, limit in enumerate(gate.limits):
        yield from _of_limit(gate, limit, f"{ID}.limits.{index}", groups, past)
    metric = CONSTANT[gate.task][0]
    if not any(one.max_fall is not None and one.metric == metric and not one.slice for one in gate.limits):
        yield from _default_fall(metric, groups[0], past)


def _of_limit(gate: Gate, limit: Limit, key: str, groups: Sequence[RowGroup], past: Past) -> Iterator[Question]:
    wanted = [group for group in groups if frozenset(group.columns) == frozenset(limit.slice or ())]
    small = [group for group in wanted if limit.slice and len(group) < gate.min_slice_rows]
    if len(small) == len(wanted):
        yield _nobody_to_judge(gate, limit, key, len(wanted))
    for group in wanted:
        for question in _of_group(limit, key, group, past):
            yield _too_small(question, gate.min_slice_rows) if group in small else question


def _nobody_to_judge(gate: Gate, limit: Limit, key: str, number: int) -> Question:
    where = f"each {' x '.join(limit.slice or ())}"
    if number:
        detail = f"None of the {number} groups has {gate.min_slice_rows} rows (quality_gate.min_slice_rows)."
        return _blank(limit.metric, where, key, 0, reason="too_few_rows", detail=detail)
    detail = "The test rows hold no such group; is it among evaluation.slices?"
    return _blank(limit.metric, where, key, 0, reason="slice_missing", detail=detail)


def _too_small(q: Question, min_rows: int) -> Question:
    detail = f"{q.rows} rows, and a group needs {min_rows} to be judged (quality_gate.min_slice_rows)."
    return replace(q, gates=False, reason="too_few_rows", detail=detail)


def _blank(name: str, where: str, setting: str, rows: int, reason: str = "", detail: str = "") -> Question:
    return Question(
        f"{setting}|{where}|{name}", name, where, math.nan, "", setting, rows, True, reason=reason, detail=detail
    )


def _of_group(limit: Limit, key: str, group: RowGroup, past: Past) -> Iterator[Question]:
    now = group.metric(limit.metric)
    blank = _blank(limit.metric, group.name, key, len(group))
    blank = replace(blank, value=now.value, baseline=group.before(limit.metric))
    if limit.at_least is not None:
        yield _bound(blank, limit.at_least, "at least", now)
    if limit.at_most is not None:
        yield _bound(blank, limit.at_most, "at most", now)
    if limit.max_drop is not None:
        yield _drop(_named(blank, "drop", f"{key}.max_drop", limit.max_drop), limit.metric, group, past)
    if limit.max_fall is not None:
        yield _fall(_named(blank, "fall", f"{key}.max_fall", limit.max_fall), limit.metric, group, past)


def _bound(blank: Question, limit: float, direction: str, now: MeasuredMetric) -> Question:
    setting = f"{blank.setting}.{direction.replace(' ', '_')}"
    q = replace(blank, key=f"{blank.key}|{direction}", limit=limit, direction=direction, setting=setting)
    if not now.is_defined:
        return replace(q, reason="metric_missing", detail=undefined(blank.measure, blank.rows))

    def ends(levels: Levels, factor: float) -> Interval:
        low, high = (levels.far, levels.near) if direction == "at least" else (levels.near, levels.far)
        return interval(*now.ends(low, high, factor))

    return replace(q, interval=ends)


def undefined(metric: str, rows: int) -> str:
    """Why a metric has no value."""
    return f"{metric} is not defined on these {rows} rows (a class or a decision is missing, or the weights are 0)."


def _named(blank: Question, what: str, setting: str, limit: float) -> Question:
    return replace(
        blank, key=f"{blank.key}|{what}", measure=f"{blank.measure} {what}", limit=limit, direction="at most",
        setting=setting, asks_for_harm=True,
    )  # fmt: skip


def _drop(q: Question, metric: str, group: RowGroup, past: Past) -> Question:
    """Against the released model's value on the same rows; the first model ever has none to be compared with."""
    if not group.metric(metric).is_defined:
        return replace(q, reason="metric_missing", detail=undefined(metric, len(group)))
    if past.is_first:
        return _bootstrap(q)
    if q.baseline is None or group.released is None:
        return replace(
            q, value=math.nan, reason="baseline_missing", detail=f"{_no_answer(metric, past)} {WHERE_IT_IS_MEANT}"
        )
    lost = worsening(metric, measure(metric, group.task, group.candidate), measure(metric, group.task, group.released))
    how = spread(lost, group.candidate.cluster)
    now = group.metric(metric).value
    remedy = f"The released model reaches {q.baseline:.4g} on the same rows, this one {now:.4g}. {past.caution}".strip()
    return replace(
        q, value=lost.value, interval=_of_difference(lost, how), refusal="worse_than_released", remedy=remedy
    )


def _of_difference(found: MetricEstimate, how: Spread) -> Callable[[Levels, float], Interval]:
    def ends(levels: Levels, factor: float) -> Interval:
        low = of_spread(found.value, how, levels.near, factor)[0]
        return interval(low, of_spread(found.value, how, levels.far, factor)[1])

    return ends


def _bootstrap(q: Question) -> Question:
    return replace(
        q, value=math.nan, reason="bootstrap", detail="No model was released yet, so there is nothing to be worse than."
    )


def _no_answer(metric: str, past: Past) -> str:
    why = f": {past.note}" if past.note else ""
    return f"The released model has no {metric} on these rows{why}."


def _default_fall(metric: str, group: RowGroup, past: Past) -> Iterator[Question]:
    """The question that nobody has to ask: is the released model still what it was?"""
    if past.is_first:
        return
    blank = replace(_blank(metric, group.name, f"{ID}.limits", len(group)), gates=False)
    then = past.recorded.of(metric, group.name) if past.recorded else None
    above = math.nan if then is None or past.recorded is None else then.value - (past.recorded.constant or 0.0)
    limit = MAX_FALL_SHARE * above if above > 0 else math.nan
    question = _fall(_named(blank, "fall", f"{ID}.limits", limit), metric, group, past)
    yield replace(question, gates=question.is_answerable and math.isfinite(limit))


def _fall(q: Question, metric: str, group: RowGroup, past: Past) -> Question:
    """The released model's value on these rows against the one that was recorded at its release."""
    q = replace(q, value=math.nan, baseline=None)
    if past.is_first:
        return _bootstrap(q)
    if group.released is None:
        return replace(q, reason="baseline_missing", detail=_no_answer(metric, past))
    then = past.recorded.of(metric, group.name) if past.recorded else None
    if then is None:
        detail = f"What the released model's {metric} was at its release is not recorded, so nothing can be said about a fall."
        return replace(q, gates=False, reason="not_recorded", detail=detail)
    now = measure(metric, group.task, group.released)
    if not now.is_defined:
        return replace(q, reason="baseline_missing", detail=_no_answer(metric, past))
    return _fallen(q, metric, (then, now), group, past)


def _fallen(
    q: Question, metric: str, values: tuple[MetricThen, MetricEstimate], group: RowGroup, past: Past
) -> Question:
    then, now = values
    earlier = Spread(then.error, then.freedom, then.units)
    later = spread(now, group.candidate.cluster)
    fallen = worsening(metric, now, MetricEstimate(then.value, 0.0 * now.influence))

    def ends(levels: Levels, factor: float) -> Interval:
        both = two_samples(earlier, later, factor)
        low = of_spread(fallen.value, both, levels.near)[0]
        return interval(low, of_spread(fallen.value, both, levels.far)[1])

    remedy = (
        f"Version {past.version}, which is released, had {then.value:.4g} at its release and has {now.value:.4g} on this run's test rows: the "
        "labels are others than they were, or the world has changed. Look at where the labels come from; if the change is real, "
        "let it pass by an override or a larger max_fall."
    )
    return replace(
        q, value=fallen.value, interval=ends, baseline=then.value, refusal="labels_or_world_changed", remedy=remedy
    )


def _net_benefit(gate: Gate, group: RowGroup, threshold: float | None) -> Question:
    """Above 0: better than the better one of always yes and always no. A refusal compares with both, so the two share its error."""
    t = min(max(0.5 if threshold is None else threshold, FURTHEST), 1 - FURTHEST)
    wanted = gate.costs.ratio
    cost_ratio = t / (1 - t) if wanted is None else wanted
    setting = f"{ID}.beat_constant" if wanted is None else f"{ID}.costs"
    q = replace(
        _blank("net benefit", group.name, setting, len(group)), limit=0.0, direction="at least", asks_for_harm=True
    )
    if not group.metric("auc").is_defined:
        return replace(q, gates=False, reason="metric_missing", detail=undefined("net benefit", len(group)))
    both = advantages(group.candidate, cost_ratio)
    how = [spread(one, group.candidate.cluster) for one in both]

    def ends(levels: Levels, factor: float) -> Interval:
        low = min(of_spread(one.value, by, levels.far, factor)[0] for one, by in zip(both, how, strict=True))
        high = min(of_spread(one.value, by, levels.near / 2, factor)[1] for one, by in zip(both, how, strict=True))
        return interval(low, high)

    over_all, over_none = both
    instead = "calling every row positive" if over_all.value < over_none.value else "calling no row positive"
    remedy = f"At {cost_ratio:.3g} hits for a false alarm {instead} does better than the model's decisions at its threshold of {t:.3g}."
    if wanted is not None:
        remedy += f" Costs like these ask for evaluation.threshold: {cost_ratio / (1 + cost_ratio):.3g}."
    return replace(
        q, value=min(over_all.value, over_none.value), interval=ends, refusal="worse_than_always_one_way", remedy=remedy
    )
