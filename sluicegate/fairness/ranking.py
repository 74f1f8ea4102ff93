"""How well scores order the rows of each group, by themselves and against everybody else."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sluicegate.stats.arrays import Floats, Mask
from sluicegate.stats.limits import normal_quantile


@dataclass(frozen=True, eq=False)
class GroupRanking:
    """(groups,) each; NaN where one of the two classes is missing.

    auc : within the group.
    bnsp : the group's positives against all others' negatives (background negative, subgroup positive): low means that its
        positives score too low.  bpsn : all others' positives against the group's negatives: low means that its negatives score too high.
        (Borkan et al. 2019, WWW Companion, arXiv 1903.04561)
    ks : largest distance between its cumulative score distribution and everybody else's.
    """

    auc: Floats
    bnsp: Floats
    bpsn: Floats
    ks: Floats


def rank(
    groups: npt.NDArray[np.integer], number: int, is_positive: Mask, score: Floats, weight: Floats | None = None
) -> GroupRanking:
    """Every group at once.  groups : (rows,) from 0 to `number` - 1.  is_positive, score, weight : (rows,). Ties count a half."""
    order = np.argsort(score, kind="stable")
    w = np.ones(len(order)) if weight is None else weight[order]
    everybody = _Sorted.of(score[order], is_positive[order], w)
    below, above = everybody.below(everybody.negatives), everybody.above(everybody.positives)
    # A stable sort by group keeps each group's rows together and in the order of their scores.
    by_group = np.argsort(groups[order], kind="stable")
    cuts = np.searchsorted(groups[order][by_group], np.arange(number + 1))
    found = np.full((4, number), np.nan)
    for place in range(number):
        rows = by_group[cuts[place] : cuts[place + 1]]
        if len(rows):
            found[:, place] = _of_group(everybody, rows, below[rows], above[rows])
    return GroupRanking(*found)


@dataclass(frozen=True, eq=False)
class _Sorted:
    """Rows in the order of their scores.  tie : (rows,) number of the distinct score.  starts : where each begins."""

    score: Floats
    positives: Floats
    negatives: Floats
    tie: npt.NDArray[np.integer]
    starts: npt.NDArray[np.integer]

    @classmethod
    def of(cls, score: Floats, is_positive: Mask, w: Floats) -> _Sorted:
        is_new = np.r_[True, score[1:] != score[:-1]][: len(score)]
        zero = np.zeros(len(w))
        split = np.where(is_positive, w, zero), np.where(is_positive, zero, w)
        return cls(score, *split, np.cumsum(is_new) - 1, np.flatnonzero(is_new))

    @property
    def weight(self) -> Floats:
        return self.positives + self.negatives

    def upto(self, w: Floats) -> Floats:
        """(distinct scores,) weight at this score or lower."""
        return np.cumsum(np.add.reduceat(w, self.starts)) if len(w) else np.zeros(0)

    def below(self, w: Floats) -> Floats:
        """(rows,) weight at lower scores, and half of that at the same."""
        if not len(w):
            return np.zeros(0)
        each = np.add.reduceat(w, self.starts)
        return (np.cumsum(each) - each / 2)[self.tie]

    def above(self, w: Floats) -> Floats:
        return w.sum() - self.below(w)


def _of_group(
    everybody: _Sorted, rows: npt.NDArray[np.integer], below: Floats, above: Floats
) -> tuple[float, float, float, float]:
    """auc, bnsp, bpsn, ks of the group with these places among the sorted rows."""
    own = _Sorted.of(everybody.score[rows], everybody.positives[rows] > 0, everybody.weight[rows])
    p, n = own.positives.sum(), own.negatives.sum()
    inside = (own.positives * own.below(own.negatives)).sum()
    other_p, other_n = everybody.positives.sum() - p, everybody.negatives.sum() - n

    def share(sum_: float, of: float) -> float:
        return float(sum_ / of) if of > 0 else math.nan

    return (
        share(inside, p * n),
        share((own.positives * below).sum() - inside, p * other_n),
        share((own.negatives * above).sum() - inside, n * other_p),
        _distance(everybody, own, rows),
    )


def _distance(everybody: _Sorted, own: _Sorted, rows: npt.NDArray[np.integer]) -> float:
    """Kolmogorov and Smirnov's, at the group's own scores: the group's distribution is flat in between, so no other can be larger."""
    mine, all_ = own.upto(own.weight), np.r_[0.0, everybody.upto(everybody.weight)]
    total, rest = mine[-1], all_[-1] - mine[-1]
    if not (total > 0 and rest > 0):
        return math.nan
    places = everybody.tie[rows][own.starts]
    before = np.r_[0.0, mine[:-1]]
    at, just_below = (all_[places + 1] - mine) / rest, (all_[places] - before) / rest
    return float(max(np.abs(mine / total - at).max(), np.abs(before / total - just_below).max()))


def auc_limits(auc: float, positives: float, negatives: float, confidence: float) -> tuple[float, float] | None:
    """Hanley & McNeil's error (1982, Radiology 143:29), inverted (Newcombe 2006, Stat. Med. 25:559, method 4)."""
    if not (positives >= 1 and negatives >= 1 and 0 <= auc <= 1):
        return None
    from scipy.optimize import brentq

    z = float(normal_quantile((1 + confidence) / 2))

    def beyond(end: float) -> float:
        return abs(end - auc) - z * _error(end, positives, negatives)

    def limit(bound: float) -> float:
        # At an area of 1 error and difference are both 0: the other root is the limit.
        return bound if beyond(bound) <= 0 else float(brentq(beyond, auc + (bound - auc) * 1e-9, bound))

    return limit(0.0), limit(1.0)


def _error(auc: float, positives: float, negatives: float) -> float:
    q1, q2 = auc / (2 - auc), 2 * auc * auc / (1 + auc)
    spread = auc * (1 - auc) + (positives - 1) * (q1 - auc * auc) + (negatives - 1) * (q2 - auc * auc)
    return math.sqrt(max(0.0, spread) / (positives * negatives))
