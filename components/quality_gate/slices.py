"""A TFMA result as plain values: our metrics per slice, with rows and intervals."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from components.quality_gate.intervals import Interval, hanley_mcneil, olkin_finn, wilson
from schemas.evidence import MetricRow

#: Our names (pipeline.settings.METRICS) to TFMA's; None where we derive the value ourselves.
TFMA_NAMES: Mapping[str, Mapping[str, str | None]] = {
    "binary": {
        "auc": "auc",
        "auc_pr": "auc_precision_recall",
        "accuracy": "binary_accuracy",
        "log_loss": "binary_crossentropy",
        "brier": "mean_squared_error",
        "precision": "precision",
        "recall": "recall",
        "f1": "f1_score",
        "calibration_ratio": "calibration",
    },
    "multiclass": {
        "accuracy": "sparse_categorical_accuracy",
        "log_loss": "sparse_categorical_crossentropy",
        "macro_auc": None,
    },
    "regression": {"r2": None, "rmse": None, "mae": "mean_absolute_error", "mse": "mean_squared_error"},
}
OVERALL = "overall"
SliceKey = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class SliceResult:
    """What TFMA measured on one group of rows.

    key : ((column, value), ...); () is all rows.
    whole : metrics by TFMA's names (components/evaluator/sums.py).
    by_class : class index to the metrics of that class against the rest.
    """

    key: SliceKey
    whole: Mapping[str, float]
    by_class: Mapping[int, Mapping[str, float]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """
        >>> SliceResult((("race", "White"), ("sex", "Female")), {}).name
        'race=White, sex=Female'
        """
        return ", ".join(f"{column}={value}" for column, value in self.key) or OVERALL

    @property
    def columns(self) -> frozenset[str]:
        return frozenset(column for column, _ in self.key)

    @property
    def rows(self) -> int:
        return int(self.whole.get("rows", 0))

    @property
    def effective_rows(self) -> float:
        """Kish's number of equally weighted rows; the number of rows where there are no weights."""
        return self.whole.get("kish_rows", 0.0)


def value_of(metric: str, task: str, result: SliceResult) -> float | None:
    """One of our metrics; None where it is not defined on these rows (NaN, a class is missing).

    r2 : 1 - mse / variance of the label on the same rows (not a squared correlation: a shifted prediction loses).
    macro_auc : plain mean of one-against-rest AUCs, and only where every class occurs.
    """
    if metric == "macro_auc":
        values = [one.get("auc", math.nan) for one in result.by_class.values()]
        value = sum(values) / len(values) if values else math.nan
    elif metric == "rmse":
        value = math.sqrt(result.whole.get("mean_squared_error", math.nan))
    elif metric == "r2":
        variance = result.whole.get("label_variance", math.nan)
        value = 1 - result.whole.get("mean_squared_error", math.nan) / variance if variance > 0 else math.nan
    else:
        positive = result.by_class.get(1, {}) if task == "binary" else {}
        value = {**result.whole, **positive}.get(TFMA_NAMES[task][metric] or "", math.nan)
    return value if math.isfinite(value) and _is_defined(metric, task, result) else None


def _is_defined(metric: str, task: str, result: SliceResult) -> bool:
    """TFMA answers 0 for an area where a class is missing; that is no measurement."""
    positives = result.whole.get("positive_rows", 0.0)
    if task == "binary" and metric == "auc":
        return 0 < positives < result.rows
    return positives > 0 if metric == "auc_pr" else result.rows > 0


def interval_of(metric: str, task: str, result: SliceResult) -> Interval | None:
    """The 95 % interval of one of our metrics; None for those without a sound formula from summaries."""
    value, rows = value_of(metric, task, result), result.effective_rows
    if value is None:
        return None
    positives = result.whole.get("label_mean", 0.0) * rows
    if metric == "auc":
        return hanley_mcneil(value, positives, rows - positives)
    if metric == "r2":
        return olkin_finn(value, rows)
    said_positive = result.whole.get("predicted_positive_rate", 0.0) * rows
    denominators = {"accuracy": rows, "recall": positives, "precision": said_positive}
    return wilson(value, denominators[metric]) if metric in denominators else None


def metric_rows(
    task: str, candidate: Iterable[SliceResult], baseline: Iterable[SliceResult] = ()
) -> tuple[MetricRow, ...]:
    """Every metric of the task on every slice, overall first, with the released model's value where there is one."""
    released = {result.key: result for result in baseline}
    rows = []
    for result in sorted(candidate, key=lambda r: (len(r.key), r.key)):
        for metric in TFMA_NAMES[task]:
            low, high = interval_of(metric, task, result) or (None, None)
            before = value_of(metric, task, released[result.key]) if result.key in released else None
            value = value_of(metric, task, result)
            rows.append(MetricRow(metric, result.name, value, result.rows, low, high, before))
    return tuple(rows)
