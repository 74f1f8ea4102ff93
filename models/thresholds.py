"""Thresholds that hold groups together, fitted on rows that the network was not fitted on. Plain arithmetic on scores.

Every choice is deterministic: where Hardt et al. ("Equality of Opportunity in Supervised Learning", NeurIPS 2016) would
toss a coin between two thresholds, the nearest cut between two scores is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
#: Of each group: a ratio of rates from fewer selected rows is chance.
LEAST_SELECTED = 30
#: Standard errors below an estimate; more than the usual 1.645, because the best of many thresholds is looked for.
_ONE_SIDED = 2.576
_RATES = np.linspace(0, 1, 201)[1:-1]
#: Times the rate of now; finer than the even steps where few rows are selected.
_NEAR_NOW = np.geomspace(1 / 8, 8, 97)


@dataclass(frozen=True)
class HeldOutRows:
    """Held-out rows, each array (n_rows,).

    score : of the positive class.  weight : of the row.
    code : the row's group, 0 to n_groups - 1; below 0: a group that is not told apart.
    """

    score: Floats
    is_positive: npt.NDArray[np.bool_]
    weight: Floats
    code: npt.NDArray[np.int64]

    @property
    def groups(self) -> range:
        return range(int(self.code.max()) + 1)

    def only(self, kept: npt.NDArray[np.bool_]) -> HeldOutRows:
        return HeldOutRows(self.score[kept], self.is_positive[kept], self.weight[kept], self.code[kept])


@dataclass(frozen=True)
class Cuts:
    """What each possible threshold of one group's rows would do; (n_cuts,) each, highest rate first.

    cut : scores, midway between two that occur.  rate : share selected, of all rows or of positive ones.
    right, selected : weight of the rows decided correctly, and of those selected.
    """

    cut: Floats
    rate: Floats
    right: Floats
    selected: Floats

    @classmethod
    def of(cls, rows: HeldOutRows, goal: str) -> Cuts:
        value, place = np.unique(rows.score, return_inverse=True)
        positive = np.bincount(place, weights=rows.weight * rows.is_positive, minlength=len(value))
        negative = np.bincount(place, weights=rows.weight * ~rows.is_positive, minlength=len(value))
        cut = np.concatenate([[0.0], (value[1:] + value[:-1]) / 2, [1.0]])
        true, false = (np.concatenate([np.cumsum(each[::-1])[::-1], [0.0]]) for each in (positive, negative))
        rate = true / true[0] if goal == "equal_opportunity" else (true + false) / (true + false)[0]
        right, selected = true + false[0] - false, true + false
        # Between two positives every cut has the same true positive rate: the most accurate of them stands for it.
        order = np.lexsort((-right, -rate))
        kept = order[np.concatenate([[True], np.diff(rate[order]) != 0])]
        return cls(cut[kept], rate[kept], right[kept], selected[kept])

    def nearest(self, rate: Floats) -> npt.NDArray[np.int64]:
        """(n,) places of the cuts whose rates are nearest to these."""
        after = np.clip(np.searchsorted(-self.rate, -rate), 1, len(self.rate) - 1)
        return np.where(self.rate[after - 1] - rate <= rate - self.rate[after], after - 1, after)


def rates_at(cuts: Floats, rows: HeldOutRows, goal: str) -> Floats:
    """The rate of these rows at each threshold, (n_cuts,)."""
    kept = rows.is_positive if goal == "equal_opportunity" else np.ones(len(rows.score), bool)
    score, weight = rows.score[kept], rows.weight[kept]
    order = np.argsort(score)
    above = np.concatenate([np.cumsum(weight[order][::-1])[::-1], [0.0]])
    return above[np.searchsorted(score[order], cuts)] / weight.sum()


def per_group(rows: HeldOutRows, goal: str, strength: float, common: float) -> tuple[float, ...]:
    """One threshold per group that brings the groups' rates together, in the order of their codes.

    goal : "parity" (share selected) or "equal_opportunity" (share selected among positives).
    strength : how far each group's rate moves from what it has at `common` to the rate of all; the gap that remains is
        1 - strength of what it was.
    The rate of all is the most accurate one; of those that these rows cannot tell from it (within a standard error of
    the paired difference) the nearest to the rate at `common`, because what looks best by chance will not on new rows.
    """
    told = rows.only(rows.code >= 0)
    by_group, now = [rows.only(rows.code == code) for code in rows.groups], _rate(common, told, goal)
    rates = np.unique(np.concatenate([_RATES, np.clip(now * _NEAR_NOW, 1e-6, 1 - 1e-6)]))
    groups, own = [Cuts.of(one, goal) for one in by_group], [_rate(common, one, goal) for one in by_group]
    places = [one.nearest(at + strength * (rates - at)) for one, at in zip(groups, own, strict=True)]
    total, size = told.weight.sum(), told.weight.sum() ** 2 / (told.weight**2).sum()
    accuracy = sum(one.right[place] for one, place in zip(groups, places, strict=True)) / total
    best = int(np.argmax(accuracy))
    pairs = zip(groups, places, strict=True)
    changed = sum(np.abs(one.selected[place] - one.selected[place[best]]) for one, place in pairs) / total
    lost = accuracy[best] - accuracy
    is_as_good = lost <= np.sqrt(np.maximum(changed - lost**2, 0) / size)
    chosen = int(np.where(is_as_good, np.abs(rates - now), np.inf).argmin())
    return tuple(float(one.cut[place[chosen]]) for one, place in zip(groups, places, strict=True))


def one_for_all(rows: HeldOutRows, goal: str, strength: float, common: float) -> float:
    """The one threshold with the highest accuracy - strength * (1 - smallest rate / largest rate).

    At strength 1 a hundredth of the ratio is worth a hundredth of accuracy. `common` stays unless another is better by what
    these rows can tell: of each other threshold the ratio counts at the lower end of its interval. Only thresholds count
    that select at least LEAST_SELECTED rows of every group and are no less accurate than a constant answer.
    One threshold has little to give where the groups' scores differ: it may leave most of the gap.
    """
    told = rows.only(rows.code >= 0)
    everyone, by_group = Cuts.of(told, "parity"), [rows.only(rows.code == code) for code in rows.groups]
    selected = np.stack([len(one.score) - np.searchsorted(np.sort(one.score), everyone.cut) for one in by_group])
    is_able = (selected >= LEAST_SELECTED).all(0) & (everyone.right >= max(everyone.right[[0, -1]]))
    share = everyone.right / told.weight.sum()
    value = np.where(is_able, share - strength * (1 - _ratio(everyone.cut, by_group, goal, _ONE_SIDED)), -np.inf)
    at = np.array([common])
    is_right = (told.score >= common) == told.is_positive
    now = np.average(is_right, weights=told.weight) - strength * (1 - _ratio(at, by_group, goal, 0.0)[0])
    best = int(np.argmax(value))
    return float(everyone.cut[best]) if value[best] > now else common


def _ratio(cuts: Floats, by_group: Sequence[HeldOutRows], goal: str, errors: float) -> Floats:
    """Smallest rate over largest at each threshold, so many standard errors of its logarithm below the estimate."""
    rates = np.stack([rates_at(cuts, one, goal) for one in by_group])
    inside = np.clip(rates, 1e-9, 1)
    variance = (1 - inside) / (inside * np.array([_size(one, goal) for one in by_group])[:, None])
    ends = [np.take_along_axis(variance, pick(rates, 0)[None], 0)[0] for pick in (np.argmin, np.argmax)]
    return rates.min(0) / np.maximum(rates.max(0), 1e-9) * np.exp(-errors * np.sqrt(ends[0] + ends[1]))


def _size(rows: HeldOutRows, goal: str) -> float:
    """Rows that a rate is taken over, as many as of equal weight would tell the same (Kish)."""
    weight = rows.weight[rows.is_positive] if goal == "equal_opportunity" else rows.weight
    return float(weight.sum() ** 2 / (weight**2).sum())


def selecting(shares: npt.NDArray[np.floating], score: Floats, weight: npt.NDArray[np.floating]) -> Floats:
    """The thresholds that select these (weighted) shares of the rows, or as little more as ties allow."""
    value, place = np.unique(score, return_inverse=True)
    above = np.cumsum(np.bincount(place, weights=weight, minlength=len(value))[::-1]) / weight.sum()
    return value[::-1][np.clip(np.searchsorted(above, shares - 1e-9), 0, len(value) - 1)]


def most_accurate(rows: HeldOutRows, least: float, most: float) -> float:
    """The most accurate threshold of those that select between these shares of the rows; else the nearest to them."""
    cuts, total = Cuts.of(rows, "parity"), rows.weight.sum()
    outside = np.maximum(np.maximum(least - cuts.rate, cuts.rate - most), 0)
    return float(cuts.cut[np.lexsort((-cuts.right / total, outside))[0]])


def _rate(cut: float, rows: HeldOutRows, goal: str) -> float:
    return float(rates_at(np.array([cut]), rows, goal)[0])
