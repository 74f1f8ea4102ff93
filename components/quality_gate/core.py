"""Is the model good enough? Its metrics against the limits, against a constant, and against the released model."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from components.quality_gate.slices import OVERALL, TFMA_NAMES, SliceResult, interval_of, metric_rows, value_of
from schemas.verdict import Measurement, Status, Verdict, judge, judge_letting_unknown_pass

__all__ = ["GATE", "TFMA_NAMES", "Gate", "Limit", "SliceResult", "decide", "metric_rows"]

GATE = "quality_gate"
LOWER_IS_BETTER = frozenset({"log_loss", "brier", "rmse", "mae", "mse"})
#: Rounding in sums of floats must not turn "exactly at the limit" into a refusal.
TOLERANCE = 1e-9
#: What beats a constant, by task: (metric, value of the constant predictor or None: the majority class's share).
CONSTANT: Mapping[str, tuple[str, float | None]] = {
    "binary": ("auc", 0.5),
    "multiclass": ("accuracy", None),
    "regression": ("r2", 0.0),
}


@dataclass(frozen=True)
class Limit:
    """One limit of settings.QualityGate.  slice : columns whose groups are judged; () judges all rows."""

    metric: str
    at_least: float | None = None
    at_most: float | None = None
    max_drop: float | None = None
    slice: tuple[str, ...] = ()


@dataclass(frozen=True)
class Gate:
    """What the settings ask for.  task : "binary", "multiclass" or "regression"."""

    task: str
    beat_constant: bool = True
    limits: tuple[Limit, ...] = ()
    min_slice_rows: int = 100
    unknown_passes: bool = False

    @classmethod
    def from_json(cls, text: str, task: str) -> Gate:
        """Reads the JSON of settings.QualityGate."""
        content = json.loads(text)
        limits = tuple(Limit(**{**one, "slice": tuple(one.get("slice") or ())}) for one in content.pop("limits"))
        return cls(task=task, limits=limits, **content)


def decide(gate: Gate, candidate: Iterable[SliceResult], baseline: Iterable[SliceResult] | None) -> Verdict:
    """The quality gate's verdict.

    candidate, baseline : TFMA's results on the same rows; baseline None where no model was released yet.
    """
    results = {result.key: result for result in candidate}
    released = None if baseline is None else {result.key: result for result in baseline}
    measurements = [_against_constant(gate, results)] if gate.beat_constant else []
    for index, limit in enumerate(gate.limits):
        measurements += _of_limit(gate, limit, f"quality_gate.limits.{index}", results, released)
    bootstrap = any(m.reason == "bootstrap" for m in measurements)
    if not gate.unknown_passes:
        return judge(GATE, measurements, bootstrap=bootstrap, settings=_settings(gate))
    setting = "quality_gate.unknown_passes"
    return judge_letting_unknown_pass(GATE, measurements, setting, bootstrap=bootstrap, settings=_settings(gate))


def _settings(gate: Gate) -> dict[str, Any]:
    return {
        "task": gate.task,
        "beat_constant": gate.beat_constant,
        "min_slice_rows": gate.min_slice_rows,
        "unknown_passes": gate.unknown_passes,
    }


def _against_constant(gate: Gate, results: Mapping[Any, SliceResult]) -> Measurement:
    """The interval's lower end must lie above what predicting the same for every row would reach."""
    metric, constant = CONSTANT[gate.task]
    setting = f"{GATE}.beat_constant"
    overall = results.get(())
    if overall is None:
        detail = "TFMA measured nothing on all rows."
        return Measurement(metric, OVERALL, Status.UNKNOWN, reason="metric_missing", detail=detail, setting=setting)
    limit = overall.whole.get("majority_share") if constant is None else constant
    seen = _seen(metric, gate.task, overall, setting)
    m = replace(seen, limit=limit, direction="at least")
    if m.value is None or limit is None:
        return replace(m, status=Status.UNKNOWN, reason="metric_missing", detail=_undefined(metric, overall))
    # A value that loses by itself needs no interval to be refused.
    low = m.low if m.low is not None else (m.value if m.value <= limit else None)
    if low is None:
        return replace(m, status=Status.UNKNOWN, reason="no_interval", detail=f"{overall.rows} rows are too few.")
    if low > limit:
        return replace(m, status=Status.PASSED)
    detail = f"The lower end of {metric}, {low:.4g}, is not above {limit:.4g}, which a constant reaches."
    return replace(m, status=Status.FAILED, reason="not_above_constant", detail=detail)


def _of_limit(
    gate: Gate,
    limit: Limit,
    key: str,
    results: Mapping[Any, SliceResult],
    released: Mapping[Any, SliceResult] | None,
) -> Iterator[Measurement]:
    wanted = [r for r in results.values() if r.columns == frozenset(limit.slice)]
    small = [r for r in wanted if limit.slice and r.rows < gate.min_slice_rows]
    if len(small) == len(wanted):
        yield _nobody_to_judge(gate, limit, key, len(wanted))
    for result in sorted(wanted, key=lambda r: r.key):
        before = None if released is None else released.get(result.key)
        for one in _of_slice(limit, key, Rivals(gate.task, result, before, is_first=released is None)):
            yield _too_small(one, gate.min_slice_rows) if result in small else one


def _nobody_to_judge(gate: Gate, limit: Limit, key: str, groups: int) -> Measurement:
    where = f"each {' x '.join(limit.slice)}" if limit.slice else OVERALL
    if groups:
        detail = f"None of the {groups} groups has {gate.min_slice_rows} rows (quality_gate.min_slice_rows)."
        return Measurement(limit.metric, where, Status.UNKNOWN, reason="too_few_rows", detail=detail, setting=key)
    detail = "TFMA measured no such group; is it among evaluation.slices, and present in the test rows?"
    return Measurement(limit.metric, where, Status.UNKNOWN, reason="slice_missing", detail=detail, setting=key)


def _too_small(m: Measurement, min_rows: int) -> Measurement:
    detail = f"{m.rows} rows, and a group needs {min_rows} to be judged (quality_gate.min_slice_rows)."
    return replace(m, status=Status.UNKNOWN, gates=False, reason="too_few_rows", detail=detail)


@dataclass(frozen=True)
class Rivals:
    """One group of rows, seen by the candidate and by the released model.

    released : None where that has no result on these rows.  is_first : no model was released yet.
    """

    task: str
    candidate: SliceResult
    released: SliceResult | None
    is_first: bool


def _of_slice(limit: Limit, key: str, rivals: Rivals) -> Iterator[Measurement]:
    result, task = rivals.candidate, rivals.task
    seen = _seen(limit.metric, task, result, key)
    if rivals.released is not None:
        seen = replace(seen, baseline=value_of(limit.metric, task, rivals.released))
    if limit.at_least is not None:
        yield _bound(replace(seen, setting=f"{key}.at_least", limit=limit.at_least, direction="at least"), result)
    if limit.at_most is not None:
        yield _bound(replace(seen, setting=f"{key}.at_most", limit=limit.at_most, direction="at most"), result)
    if limit.max_drop is not None:
        yield _drop(replace(seen, setting=f"{key}.max_drop"), limit.max_drop, rivals)


def _seen(metric: str, task: str, result: SliceResult, setting: str) -> Measurement:
    low, high = interval_of(metric, task, result) or (None, None)
    value = value_of(metric, task, result)
    status = Status.UNKNOWN
    return Measurement(metric, result.name, status, value, low, high, rows=result.rows, setting=setting)


def _bound(m: Measurement, result: SliceResult) -> Measurement:
    """The measurement judged against its own limit; at the limit passes."""
    if m.value is None or m.limit is None:
        return replace(m, status=Status.UNKNOWN, reason="metric_missing", detail=_undefined(m.name, result))
    distance = m.value - m.limit if m.direction == "at least" else m.limit - m.value
    if distance >= -TOLERANCE * max(1.0, abs(m.limit)):
        return replace(m, status=Status.PASSED)
    reason = "below_limit" if m.direction == "at least" else "above_limit"
    detail = f"{m.name} is {m.value:.4g}, and must be {m.direction} {m.limit:.4g}."
    return replace(m, status=Status.FAILED, reason=reason, detail=detail)


def _drop(m: Measurement, max_drop: float, rivals: Rivals) -> Measurement:
    """Against the released model's value on the same rows; the first model ever has none to be compared with."""
    result = rivals.candidate
    if rivals.is_first:
        if m.value is None:
            return replace(m, status=Status.UNKNOWN, reason="metric_missing", detail=_undefined(m.name, result))
        detail = "No model was released yet, so there is nothing to be worse than."
        return replace(m, status=Status.PASSED, reason="bootstrap", detail=detail)
    if m.baseline is None:
        detail = f"The released model has no {m.name} on these rows."
        return replace(m, status=Status.UNKNOWN, reason="baseline_missing", detail=detail)
    direction, limit = _worst_allowed(m.name, m.value, m.baseline, max_drop)
    judged = _bound(replace(m, direction=direction, limit=limit), result)
    if judged.status is not Status.FAILED:
        return judged
    detail = f"{m.name} is {m.value:.4g}, the released model's {m.baseline:.4g}; it may lose {max_drop:.4g}."
    return replace(judged, reason="worse_than_released", detail=detail)


def _worst_allowed(metric: str, value: float | None, baseline: float, max_drop: float) -> tuple[str, float]:
    """The bound that `max_drop` sets, and its side; a calibration ratio is the worse the further it is from 1."""
    if metric == "calibration_ratio":
        reach = abs(baseline - 1) + max_drop
        return ("at most", 1 + reach) if value is not None and value > 1 else ("at least", 1 - reach)
    return ("at most", baseline + max_drop) if metric in LOWER_IS_BETTER else ("at least", baseline - max_drop)


def _undefined(metric: str, result: SliceResult) -> str:
    return f"{metric} is not defined on these {result.rows} rows (a class or a prediction is missing, or not finite)."
