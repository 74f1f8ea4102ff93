"""What became of each group's rate or mean between two models that answered the same rows, with limits of the change itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sluicegate.fairness import estimates, rates
from sluicegate.fairness.bounds import GroupEstimate, Limits
from sluicegate.fairness.counts import LABELS, JointCounts
from sluicegate.fairness.estimates import Grouping
from sluicegate.fairness.moments import Moments
from sluicegate.stats import limits
from sluicegate.stats.arrays import Floats, Mask


@dataclass(frozen=True, eq=False)
class GapChange:
    """One estimate of every group by two models.

    mine, before : of either.  limits : of mine minus before, at a level.
    covariance, variances : (..., groups) of the two estimates, which come from the same rows; the variances of mine and of before.
    """

    mine: GroupEstimate
    before: GroupEstimate
    limits: Limits
    covariance: Floats
    variances: tuple[Floats, Floats]

    def swapped(self) -> GapChange:
        """The same, looked at from the other model."""

        def turned(level: Floats) -> tuple[Floats, Floats]:
            low, high = self.limits(level)
            return -high, -low

        return GapChange(self.before, self.mine, turned, self.covariance, self.variances[::-1])


@dataclass(frozen=True, eq=False)
class Effects:
    """Design effects (fairness.clusters) of the two models' estimates and of their change."""

    mine: Floats | float = 1.0
    before: Floats | float = 1.0
    change: Floats | float = 1.0


ALONE = Effects()


def of(grouping: Grouping, name: str, factor: float = 1.0) -> GapChange:
    """Of an estimate of the groups.  factor : how many times the rows, for the question how many would settle it."""
    judged, moments = grouping.judged(name), grouping.moments(name)
    effects = Effects(grouping.effect(name), grouping.effect(name, "before"), grouping.effect(name, "change"))
    if moments is not None:
        return of_means(moments.scaled(factor), judged, effects)
    assert grouping.joint is not None  # noqa: S101  `paired.can_compare` said so
    return of_shares(grouping.joint.scaled(factor), "error_rate" if name == "error" else name, judged, effects)


def of_means(moments: Moments, judged: Mask, effects: Effects = ALONE) -> GapChange:
    """Means: the change is the mean of the rows' own changes, with Student's limits."""
    s, nothing = moments.sums, np.zeros(moments.sums.shape[:-1])
    of_rows = (s[..., 0], s[..., 1], s[..., 2] - s[..., 6], s[..., 3], s[..., 4] - s[..., 7])
    squares = np.maximum(s[..., 5] - 2 * s[..., 9] + s[..., 8], 0.0)
    apart = Moments(np.stack([*of_rows, squares, *[nothing] * 4], -1))
    before = Moments(np.concatenate([s[..., [0, 1, 6, 3, 7, 8]], s[..., 6:]], -1))
    covariance = moments.covariance()
    return GapChange(
        estimates.of_means(moments, judged, effects.mine), estimates.of_means(before, judged, effects.before),
        estimates.of_means(apart, judged, effects.change).limits, covariance[..., 0, 1], (covariance[..., 0, 0], covariance[..., 1, 1]),
    )  # fmt: skip


def of_shares(joint: JointCounts, name: str, judged: Mask, effects: Effects = ALONE) -> GapChange:
    """A rate of fairness.rates. Both models have the same rows under it, but for the predictive values."""
    mine = estimates.of_shares(joint.candidate(), name, judged, effects.mine)
    before = estimates.of_shares(joint.baseline(), name, judged, effects.before)
    one, other = _linear(joint, name, mine.value, 0), _linear(joint, name, before.value, 1)
    covariance = (joint.weight2 * one * other).sum((-1, -2, -3))
    variances = (joint.weight2 * one**2).sum((-1, -2, -3)), (joint.weight2 * other**2).sum((-1, -2, -3))
    change = (
        _of_same_rows(joint, name, effects.change)
        if name not in ("ppv", "npv")
        else _of_other_rows(mine, before, covariance, variances)
    )
    return GapChange(mine, before, change, covariance, variances)


def _cells(name: str, model: int) -> tuple[Mask, Mask]:
    """(labels, decisions, baseline decisions) each: which cells are hits of the model (0: candidate, 1: released), and which it is a share of."""
    found = []
    for chosen in rates.RATES[name]:
        table = np.zeros((LABELS, 2), bool)
        table[tuple(zip(*chosen, strict=True))] = True
        found.append(np.broadcast_to(np.expand_dims(table, 2 - model), (LABELS, 2, 2)))
    return found[0], found[1]


def _linear(joint: JointCounts, name: str, value: Floats, model: int) -> Floats:
    """(..., groups, cells) what one unit of weight in a cell moves the rate by."""
    hits, of = _cells(name, model)
    whole = (joint.weight * of).sum((-1, -2, -3))
    with np.errstate(invalid="ignore", divide="ignore"):
        moved: Floats = (hits - of * value[..., None, None, None]) / whole[..., None, None, None]
    return moved


def _of_same_rows(joint: JointCounts, name: str, effect: Floats | float) -> Limits:
    """From the two shares of rows that became hits, and that were hits and are none: a model that changed three answers of a thousand can have
    changed few others, whatever the rates are. Their exact limits are put together by MOVER, with a multinomial's correlation (Tang et al. 2010, Stat. Med.
    29:2422, has the design with Wilson's limits).
    """
    (hits, of), (earlier, _) = _cells(name, 0), _cells(name, 1)
    tables = np.stack([joint.weight, joint.weight2])

    def share(cells: Mask) -> tuple[Floats, Floats]:
        some, rest = ((tables * which).sum((-1, -2, -3)) for which in (cells, of & ~cells))
        with np.errstate(invalid="ignore", divide="ignore"):
            value = some[0] / (some[0] + rest[0])
        return value, rates.effective(value, some, rest) / effect

    (gained, rows), (lost, rows_lost) = share(hits & ~earlier), share(earlier & ~hits)
    with np.errstate(invalid="ignore", divide="ignore"):
        together = np.nan_to_num(np.sqrt(gained * lost / ((1 - gained) * (1 - lost))), posinf=1.0)

    def found(level: Floats) -> tuple[Floats, Floats]:
        low, high = limits.share_limits(gained, rows, level)
        low_lost, high_lost = limits.share_limits(lost, rows_lost, level)
        return (
            gained - lost - apart(gained - low, high_lost - lost, -together),
            gained - lost + apart(high - gained, lost - low_lost, -together),
        )

    return found


def _of_other_rows(
    mine: GroupEstimate, before: GroupEstimate, covariance: Floats, variances: tuple[Floats, Floats]
) -> Limits:
    """From the limits of either rate."""
    together = correlation(covariance, *variances)

    def found(level: Floats) -> tuple[Floats, Floats]:
        (low, high), (low_before, high_before) = mine.limits(level), before.limits(level)
        change = mine.value - before.value
        return (
            change - apart(mine.value - low, high_before - before.value, together),
            change + apart(high - mine.value, before.value - low_before, together),
        )

    return found


def apart(one: Floats, other: Floats, together: Floats) -> Floats:
    """How far the limit of a difference lies from it (Zou & Donner 2008, Stat. Med. 27:1693, with correlation).

    one, other : distances of the two limits.  together : correlation of the two estimates.
    """
    found: Floats = np.sqrt(np.maximum(one**2 + other**2 - 2 * together * one * other, 0.0))
    return found


def correlation(covariance: Floats, one: Floats, other: Floats) -> Floats:
    """0 where an estimate shows no variance: then nothing is known of it."""
    spread = np.sqrt(one * other)
    found: Floats = np.clip(np.where(spread > 0, covariance / np.where(spread > 0, spread, 1.0), 0.0), -1.0, 1.0)
    return found
