"""A value computed from rows, with what each row adds to it: from that follow its error, that of a difference, and of groups of rows.

The influence of a row is the derivative of the value in the row's share (Hampel 1974, J. Am. Stat. Assoc. 69:383; as a variance:
Efron 1982, The Jackknife, ch. 6, the infinitesimal jackknife). For an AUC it is the placement value, so that the error is that of DeLong,
DeLong & Clarke-Pearson (1988, Biometrics 44:837). Weights are in it, rows of one key are added up before they are squared, and
the influences of two models on the same rows are subtracted: one rule for every metric.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

#: One row far from all others would bring the kurtosis' freedom to 2 and the quantile to 4. On errors with tails as heavy as Student's with 3
#: degrees, and on those of the taxi tips, that made no interval hold the truth more often than 5 degrees do, only wider.
LEAST_FREEDOM = 5.0

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class MetricEstimate:
    """value : NaN where it is not defined.  influence : (rows,), sums to 0; a row's addition to the value's error.

    few : effective rows (or groups of rows) of the rarer class, where the value hangs on both.
    """

    value: float
    influence: Floats
    few: float = math.inf

    @property
    def is_defined(self) -> bool:
        return math.isfinite(self.value)

    def minus(self, other: MetricEstimate) -> MetricEstimate:
        """The difference, of the same rows."""
        return MetricEstimate(self.value - other.value, self.influence - other.influence, min(self.few, other.few))

    def times(self, factor: float) -> MetricEstimate:
        return MetricEstimate(factor * self.value, factor * self.influence, self.few)

    def shifted(self, by: float) -> MetricEstimate:
        return MetricEstimate(self.value + by, self.influence, self.few)

    def over(self, other: MetricEstimate) -> MetricEstimate:
        """The ratio; not defined over 0."""
        if not other.value > 0:
            return undefined(len(self.influence))
        value = self.value / other.value
        return MetricEstimate(value, (self.influence - value * other.influence) / other.value)

    def root(self) -> MetricEstimate:
        """The square root of a value that is not negative."""
        if not self.value > 0:
            return MetricEstimate(math.sqrt(self.value) if self.value == 0 else math.nan, np.zeros(len(self.influence)))
        value = math.sqrt(self.value)
        return MetricEstimate(value, self.influence / (2 * value))


def undefined(rows: int) -> MetricEstimate:
    return MetricEstimate(math.nan, np.zeros(rows))


def mean(values: npt.ArrayLike, weight: Floats) -> MetricEstimate:
    """The weighted mean; not defined where the weights add up to nothing.  values : (rows,) numbers or truths."""
    numbers = np.asarray(values, np.float64)
    total = weight.sum()
    if not total > 0:
        return undefined(len(weight))
    value = float((weight * numbers).sum() / total)
    return MetricEstimate(value, weight * (numbers - value) / total)


@dataclass(frozen=True)
class Spread:
    """How uncertain a value is.

    error : its standard error.  freedom : degrees of freedom of that error.  units : rows, or groups of rows, that it comes from.
    """

    error: float
    freedom: float
    units: int

    def with_rows(self, factor: float) -> Spread:
        """With so many times the rows like these."""
        return Spread(self.error / math.sqrt(factor), self.freedom * factor, round(self.units * factor))


def spread(estimate: MetricEstimate, cluster: Ints | None = None) -> Spread:
    """The error of a value; NaN where one row, or one of a class, is all there is.

    cluster : (rows,) number of the group that each row belongs to, whose rows count as one observation; None: each by itself.

    The freedom is that of a sample variance of the influences with their own kurtosis (2 / freedom = its relative variance), so that a value
    which hangs on a handful of rows gets the wide quantile of a handful; LEAST_FREEDOM or more, and one less than the rows of the rarer
    class at most.
    """
    influence = estimate.influence
    added = influence if cluster is None else np.bincount(cluster, influence)
    units = len(added)
    most = min(units, estimate.few) - 1.0
    squares = added * added
    total = float(squares.sum())
    if units < 2 or not total > 0:
        return Spread(0.0 if units > 1 else math.nan, max(most, 0.0), units)
    if most < 1:
        return Spread(math.nan, 0.0, units)
    concentration = float((squares * squares).sum()) / total**2 - 1 / units
    freedom = max(2 / concentration, LEAST_FREEDOM) if concentration > 0 else most
    return Spread(math.sqrt(total * units / (units - 1)), min(freedom, most), units)


def kish(weight: Floats, cluster: Ints | None = None) -> float:
    """Effective number of equally weighted rows, or groups of rows (Kish 1965, Survey Sampling, section 8.2)."""
    added = weight if cluster is None else np.bincount(cluster, weight)
    squares = float((added * added).sum())
    return float(added.sum()) ** 2 / squares if squares > 0 else 0.0
