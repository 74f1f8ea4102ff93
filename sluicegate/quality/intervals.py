"""Intervals of a metric and of differences, at any level, from a value and its error.

accuracy, precision, recall    exact limits of a share (Clopper & Pearson 1934) for the effective rows under it
auc, auc_pr, macro_auc, f1     Student's limits of the log-odds; they stay between 0 and 1
log_loss, brier, mse, mae, ... Student's limits of the logarithm: such values are skewed and not below 0
r2                             Fieller's limits of the ratio of squared error to variance
differences                    Student's limits

A value at the end of its range has no error, but it is not certain: then the limits are those of a share of the rarer class.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sluicegate.quality.estimates import Ints, MetricEstimate, Spread, kish, spread
from sluicegate.quality.metrics import ScoredSample, variance_and_error
from sluicegate.stats.interval import Interval
from sluicegate.stats.limits import share_limits, student_quantile

SHARES = frozenset({"accuracy", "precision", "recall"})
ODDS = frozenset({"auc", "auc_pr", "macro_auc", "f1"})
#: How often each end of an interval that is only shown may miss.
SHOWN = 0.025
Ends = tuple[float, float]


@dataclass(frozen=True)
class Parts:
    """Two values that a ratio is made of, with their variances and covariance, of the same rows."""

    below: float
    above: float
    of_below: float
    of_above: float
    shared: float

    @classmethod
    def of(cls, below: MetricEstimate, above: MetricEstimate, cluster: Ints | None) -> Parts:
        one, other = (e.influence if cluster is None else np.bincount(cluster, e.influence) for e in (below, above))
        scale = len(one) / max(len(one) - 1, 1)
        products = (float(a @ b) * scale for a, b in ((one, one), (other, other), (one, other)))
        return cls(below.value, above.value, *products)

    def ends(self, quantile: float) -> Ends | None:
        """Fieller's limits of above / below (1954, J. R. Stat. Soc. B 16:175): every ratio r at which above - r below is not shown to differ from 0.

        A row far away moves both parts alike, so the limits stay where those from the ratio's own error run off. None where they are open.
        """
        q = quantile**2
        x = self.below**2 - q * self.of_below
        y = self.below * self.above - q * self.shared
        z = self.above**2 - q * self.of_above
        if x <= 0 or y * y < x * z:
            return None
        root = math.sqrt(y * y - x * z)
        return (y - root) / x, (y + root) / x


@dataclass(frozen=True)
class MeasuredMetric:
    """A metric on one group of rows.

    rows : of them.  effective : rows under a share, or of the rarer class: what limits at the end of the range go by.
    parts : of an r2, the label's variance and the squared error; None of other metrics.
    """

    metric: str
    value: float
    spread: Spread
    rows: int
    effective: float
    parts: Parts | None = None

    @property
    def is_defined(self) -> bool:
        return math.isfinite(self.value)

    def ends(self, low_level: float, high_level: float, factor: float = 1.0) -> Ends:
        """Lower and upper limit, each missed with its level; NaN where there are none.  factor : how many times the rows."""
        return _limits(self, low_level, factor)[0], _limits(self, high_level, factor)[1]

    def shown(self) -> tuple[float | None, float | None]:
        """Both ends of the 95 % interval, None where it has none."""
        low, high = self.ends(SHOWN, SHOWN)
        return (low, high) if math.isfinite(low) and math.isfinite(high) else (None, None)


def measured(metric: str, estimate: MetricEstimate, sample: ScoredSample) -> MeasuredMetric:
    """An estimate with all that its interval needs."""
    found = spread(estimate, sample.cluster)
    parts = Parts.of(*variance_and_error(sample), sample.cluster) if metric == "r2" and estimate.is_defined else None
    return MeasuredMetric(
        metric, estimate.value, found, len(sample), _effective(metric, estimate, found, sample), parts
    )


def _effective(metric: str, estimate: MetricEstimate, found: Spread, sample: ScoredSample) -> float:
    if sample.decision is None:
        return kish(sample.weight, sample.cluster)
    if metric not in SHARES:
        of_class = [sample.only(sample.label == one) for one in range(sample.scores.shape[1])]
        return min((kish(one.weight, one.cluster) for one in of_class), default=0.0)
    under = {"accuracy": None, "precision": sample.decision == 1, "recall": sample.label == 1}[metric]
    weight = sample.weight if under is None else sample.weight[under]
    rows = kish(weight)
    variance = estimate.value * (1 - estimate.value)
    if variance > 0 and found.error > 0:
        # What weights or groups take away; never more than there are.
        return min(rows, variance / (found.error**2 * (found.units - 1) / found.units))
    cluster = None if sample.cluster is None else sample.cluster if under is None else sample.cluster[under]
    return rows if cluster is None else kish(weight, cluster)


def _limits(m: MeasuredMetric, level: float, factor: float) -> Ends:
    if not m.is_defined or math.isnan(m.spread.error):
        return math.nan, math.nan
    if m.metric in SHARES:
        return _of_share(m.value, m.effective * factor, level)
    if m.metric in ODDS:
        if not 0 < m.value < 1 or not m.spread.error > 0:
            return _of_share(m.value, m.effective * factor, level)
        error = m.spread.error / (m.value * (1 - m.value))
        low, high = _student(math.log(m.value / (1 - m.value)), error, m.spread, level, factor)
        return 1 / (1 + math.exp(-low)), 1 / (1 + math.exp(-high))
    if m.metric == "r2":
        quantile = float(student_quantile(level, m.spread.with_rows(factor).freedom)) / math.sqrt(factor)
        ends = m.parts.ends(quantile) if m.parts else None
        low, high = ends or _of_positive(1 - m.value, m.spread, level, factor)
        return 1 - high, 1 - max(low, 0.0)
    return _of_positive(m.value, m.spread, level, factor)


def _of_share(value: float, rows: float, level: float) -> Ends:
    if not rows > 0:
        return math.nan, math.nan
    low, high = share_limits(np.asarray(value), np.asarray(rows), level)
    return float(low), float(high)


def _of_positive(value: float, of: Spread, level: float, factor: float) -> Ends:
    if not value > 0 or not of.error > 0:
        return value, value
    low, high = _student(math.log(value), of.error / value, of, level, factor)
    return math.exp(max(low, -700.0)), math.exp(min(high, 700.0))


def _student(value: float, error: float, of: Spread, level: float, factor: float) -> Ends:
    half = float(student_quantile(level, of.with_rows(factor).freedom)) * error / math.sqrt(factor)
    # A handful of rows can make ends that no float holds.
    return max(value - half, -700.0), min(value + half, 700.0)


def of_spread(value: float, of: Spread, level: float, factor: float = 1.0) -> Ends:
    """Student's limits of a difference, each missed with `level`. An error of 0 leaves no doubt: no row was answered differently."""
    if not math.isfinite(value) or math.isnan(of.error):
        return math.nan, math.nan
    scaled = of.with_rows(factor)
    half = float(student_quantile(level, scaled.freedom)) * scaled.error if scaled.error > 0 else 0.0
    return value - half, value + half


def two_samples(first: Spread, second: Spread, factor: float = 1.0) -> Spread:
    """The error of a difference of two values from different rows, with Satterthwaite's freedom.  factor : times the rows of `second`."""
    now = second.with_rows(factor)
    variances = first.error**2, now.error**2
    total = sum(variances)
    if not total > 0:
        return Spread(math.sqrt(total) if total == 0 else math.nan, 1.0, second.units)
    freedom = total**2 / sum(v**2 / max(of.freedom, 1.0) for v, of in zip(variances, (first, now), strict=True))
    return Spread(math.sqrt(total), freedom, first.units + second.units)


def interval(low: float, high: float) -> Interval:
    return Interval(np.float64(low), np.float64(high))  # type: ignore[arg-type]
