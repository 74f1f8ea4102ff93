"""What shuffling a column can cost: a measure of quality, or a gap between two groups, each with its influence per row.

A measure's influence says how much one row moves it; the mean of the squares, over the number of rows, is its variance
(Hampel 1974, J. Am. Stat. Assoc. 69:383). For the AUC that is DeLong et al.'s variance (1988, Biometrics 44:837).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from schemas.explanation_evidence import Estimate
from sluicegate.explanation.table import Floats
from sluicegate.stats import keys, limits
from sluicegate.stats.arrays import Ints, Mask
from sluicegate.stats.limits import Z_95

#: The smallest probability that log loss takes, as scikit-learn does for float64.
_SMALLEST = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, eq=False)
class InfluencedValue:
    """value : NaN where undefined.  influence : (n,), weighted mean 0."""

    value: float
    influence: Floats


#: (n, width) scores to what is measured on them.
Measure = Callable[[Floats], InfluencedValue]


def quality_name(task: str) -> str:
    """The measure whose loss counts as importance; log loss is the only one that gets larger."""
    return {"binary": "auc", "multiclass": "log_loss", "regression": "r2"}[task]


def quality(task: str, label: npt.NDArray[Any], weight: Floats) -> Measure:
    """binary: AUC.  multiclass: log loss (it sees every class and needs no threshold).  regression: r2.

    label : (n,) place of the class, or the value; all of them known.
    """
    if task == "binary":
        return lambda scores: auc(scores[:, -1], label == 1, weight)
    if task == "multiclass":
        return lambda scores: log_loss(scores, label, weight)
    return lambda scores: r2(scores[:, 0], label, weight)


def auc(score: Floats, positive: npt.NDArray[np.bool_], weight: Floats) -> InfluencedValue:
    """The weighted share of pairs in which the positive row scores higher; equal scores count half."""
    total, up, down = weight.sum(), weight[positive].sum(), weight[~positive].sum()
    if not (up > 0 and down > 0):
        return InfluencedValue(np.nan, np.zeros(len(score)))
    beaten = np.empty(len(score))
    beaten[positive] = _share_below(score[positive], score[~positive], weight[~positive])
    beaten[~positive] = 1 - _share_below(score[~positive], score[positive], weight[positive])
    value = float(np.average(beaten[positive], weights=weight[positive]))
    scale = np.where(positive, total / up, total / down)
    return InfluencedValue(value, scale * (beaten - value))


def _share_below(score: Floats, others: Floats, weight: Floats) -> Floats:
    """The weighted share of `others` below each score, ties half."""
    order = np.argsort(others, kind="stable")
    cumulated = np.concatenate([[0.0], np.cumsum(weight[order])])
    left, right = (np.searchsorted(others[order], score, side) for side in ("left", "right"))
    return np.asarray((cumulated[left] + cumulated[right]) / 2 / cumulated[-1])


def log_loss(scores: Floats, label: npt.NDArray[np.int64], weight: Floats) -> InfluencedValue:
    """Mean of -ln(score of the true class), in nats."""
    shares = scores / np.maximum(scores.sum(axis=1, keepdims=True), _SMALLEST)
    return mean(-np.log(np.clip(shares[np.arange(len(label)), label], _SMALLEST, 1)), weight)


def r2(value: Floats, label: Floats, weight: Floats) -> InfluencedValue:
    """1 - mean squared error / variance of the label; the variance counts as known."""
    variance = float(np.average((label - np.average(label, weights=weight)) ** 2, weights=weight))
    if not variance > 0:
        return InfluencedValue(np.nan, np.zeros(len(label)))
    lost = mean((label - value) ** 2 / variance, weight)
    return InfluencedValue(1 - lost.value, -lost.influence)


def mean(values: Floats, weight: Floats) -> InfluencedValue:
    """A weighted mean."""
    average = float(np.average(values, weights=weight))
    return InfluencedValue(average, values - average)


def gap(outcome: Floats, high: npt.NDArray[np.bool_], low: npt.NDArray[np.bool_], weight: Floats) -> InfluencedValue:
    """Mean outcome of the rows in `high` less that of those in `low`."""
    total, influence, means = weight.sum(), np.zeros(len(outcome)), []
    for rows, sign in ((high, 1.0), (low, -1.0)):
        one = mean(outcome[rows], weight[rows])
        influence[rows] = sign * total / weight[rows].sum() * one.influence
        means.append(one.value)
    return InfluencedValue(means[0] - means[1], influence)


def standard_error(influence: Floats, weight: Floats, cluster: Ints | None = None) -> float:
    """Of a measure with that influence; with weights, each row counts with its own (Taylor linearisation).

    cluster : (n,) of fairness.keys.numbered: rows of one key are one observation; None: each row by itself. So below.
    """
    moved = keys.added(weight * influence, cluster)
    found = float(np.sqrt(np.sum(moved**2)) / weight.sum())
    return found if cluster is None else found * keys.small_sample(len(moved))


def estimate(value: float, error: float) -> Estimate:
    """With its normal 95 % interval; without one where the error is not known."""
    if not np.isfinite(value):
        return Estimate(None)
    if not np.isfinite(error):
        return Estimate(float(value))
    return Estimate(float(value), float(value - Z_95 * error), float(value + Z_95 * error))


def mean_estimate(values: Floats, cluster: Ints | None = None) -> Estimate:
    """Plain mean of values; without an interval for fewer than two rows or keys."""
    if not len(values):
        return Estimate(None)
    return estimate(float(values.mean()), float(keys.deviation(values, cluster) / np.sqrt(len(values))))


def half_width(values: Floats, cluster: Ints | None = None) -> float:
    """Half of the normal 95 % interval of a plain mean; NaN for fewer than two rows or keys."""
    return float(Z_95 * keys.deviation(values, cluster) / np.sqrt(len(values)))


def share_estimate(is_yes: Mask, cluster: Ints | None = None) -> Estimate:
    """A share with its interval (Wilson 1927, J. Am. Stat. Assoc. 22:209), of the rows that tell as much by themselves."""
    if not len(is_yes):
        return Estimate(None)
    share, rows = np.asarray(is_yes.mean()), np.asarray(keys.effective_share(is_yes, cluster))
    low, high = limits.wilson(share, rows, 0.95)
    return Estimate(float(share), float(low), float(high))
