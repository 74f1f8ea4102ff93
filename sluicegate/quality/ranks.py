"""Exact rank statistics of scores, with ties, weights, and what each row adds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sluicegate.quality.estimates import Floats, Ints, MetricEstimate, kish, undefined

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Ranked:
    """Rows sorted by score.

    order : (rows,) places of the rows by rising score.  tie : (rows,) number of each sorted row's distinct score.
    positive, negative : (distinct scores,) weight of either class at each score, rising.
    is_positive, weight, cluster : (rows,) as given.
    """

    order: Ints
    tie: Ints
    positive: Floats
    negative: Floats
    is_positive: Mask
    weight: Floats
    cluster: Ints | None = None

    @classmethod
    def of(
        cls, is_positive: Mask, score: npt.NDArray[np.floating], weight: Floats, cluster: Ints | None = None
    ) -> Ranked:
        order = np.argsort(score, kind="stable")
        sorted_scores = score[order]
        is_new = np.empty(len(order), bool)
        is_new[:1] = True
        np.not_equal(sorted_scores[1:], sorted_scores[:-1], out=is_new[1:])
        starts = np.flatnonzero(is_new)
        sorted_weight, truth = weight[order], is_positive[order]
        positive = np.add.reduceat(np.where(truth, sorted_weight, 0.0), starts) if len(order) else np.zeros(0)
        every = np.add.reduceat(sorted_weight, starts) if len(order) else np.zeros(0)
        tie = np.cumsum(is_new) - 1
        return cls(order, tie, positive, np.maximum(every - positive, 0.0), is_positive, weight, cluster)

    @property
    def has_both(self) -> bool:
        return bool(self.positive.sum() > 0 and self.negative.sum() > 0)

    def units(self, of_positives: bool) -> float:
        """Effective rows, or groups of rows, of one class."""
        chosen = self.is_positive == of_positives
        return kish(self.weight[chosen], None if self.cluster is None else self.cluster[chosen])

    def per_row(self, at_score: Floats) -> Floats:
        """(distinct scores,) to (rows,) in the order of the table."""
        found = np.empty(len(self.order))
        found[self.order] = at_score[self.tie]
        return found


def auc(ranked: Ranked) -> MetricEstimate:
    """Area under the ROC curve: the share of pairs of a positive and a negative that are in order, ties a half; not defined without both.

    Its influence has the denominators of DeLong's variance: one less than the (effective) rows of each class.
    """
    if not ranked.has_both:
        return undefined(len(ranked.order))
    p, n = ranked.positive.sum(), ranked.negative.sum()
    below = (np.cumsum(ranked.negative) - ranked.negative / 2) / n
    above = 1.0 - (np.cumsum(ranked.positive) - ranked.positive / 2) / p
    value = float((ranked.positive * below).sum() / p)
    placement = np.where(ranked.is_positive, ranked.per_row(below), ranked.per_row(above)) - value
    positives, negatives = ranked.units(True), ranked.units(False)
    share = np.where(ranked.is_positive, _unbiased(positives) / p, _unbiased(negatives) / n)
    return MetricEstimate(value, ranked.weight * placement * share, min(positives, negatives))


def _unbiased(units: float) -> float:
    return float(np.sqrt(units / (units - 1))) if units > 1 else 1.0


def average_precision(ranked: Ranked) -> MetricEstimate:
    """Area under the precision-recall curve as the sum of its steps (scikit-learn's `average_precision_score`); not defined without positives.

    The precision at a score is that of calling all rows with this score or more positive. A row adds to the precision at every score
    up to its own, which is a running sum over the positives below.
    """
    p = ranked.positive.sum()
    if not p > 0:
        return undefined(len(ranked.order))
    hits = np.cumsum(ranked.positive[::-1])[::-1]
    said = hits + np.cumsum(ranked.negative[::-1])[::-1]
    with np.errstate(invalid="ignore", divide="ignore"):
        precision = np.where(said > 0, hits / said, 0.0)
        falls = np.cumsum(np.where(said > 0, ranked.positive * hits / said**2, 0.0)) / p
        gains = np.cumsum(np.where(said > 0, ranked.positive / said, 0.0)) / p
    value = float((ranked.positive * precision).sum() / p)
    own = (precision - value) / p + gains - falls
    units = ranked.units(True)
    influence = np.where(ranked.is_positive, ranked.per_row(own) * _unbiased(units), -ranked.per_row(falls))
    return MetricEstimate(value, ranked.weight * influence, units)
