"""How much worse a gap is than the released model's on the same rows.

The gap of either model is the largest of its pairs' differences, and too large on average, by other amounts: where the released model is
fair and the candidate is not, the bias does not cancel, and the percentile bootstrap of the change passes rises beyond the limit six times too often.
As in fairness.bounds the pairs are looked at instead. The candidate's gap is the difference of one pair of groups, whichever it is, and the released
model's is at least that of any pair. So for each pair of the candidate the rise is at most

- the change of this very pair, which has the narrowest limits, as nearly all rows got the same answer twice; and
- the pair's difference minus that of the pair which is furthest apart in the released model: what a gap that moves elsewhere needs.

The far end is the largest over all pairs (intersection-union: the pair that is truly furthest apart is among them; Berger 1982, Technometrics 24:295) of
the smaller of these two limits, which share the error (Bonferroni: SAME for the first, the rest for all pairs the second could have chosen). The near end is the
far end of the released model's rise over the candidate, turned round. Limits of a pair come from those of its groups by MOVER (Zou & Donner 2008, Stat.
Med. 27:1693; of ratios Donner & Zou 2012, Stat. Methods Med. Res. 21:347), with the covariance that the same rows give the two models.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sluicegate.fairness import bounds, changes
from sluicegate.fairness.bounds import GroupEstimate, Limits
from sluicegate.fairness.changes import GapChange, apart, correlation
from sluicegate.fairness.estimates import Grouping
from sluicegate.fairness.gaps import Measure
from sluicegate.fairness.rates import RATES
from sluicegate.stats.arrays import Floats, Mask
from sluicegate.stats.interval import Interval, Levels

#: Share of the error that the change of the same pair gets.
SAME = 0.7
#: Stands for a ratio whose denominator may be 0.
UNBOUNDED = 1e6


def rise(measure: Measure, candidate: Floats, baseline: Floats) -> Floats:
    """Above 0 the candidate is worse: a larger difference, or a smaller ratio."""
    return baseline - candidate if measure.is_ratio else candidate - baseline


def can_compare(grouping: Grouping, measure: Measure) -> bool:
    """Whether the released model answered what the measure is made of. There is no such comparison of areas."""
    if measure.kind == "area":
        return False
    means = [grouping.moments(name) for name in measure.of]
    return all(grouping.joint is not None if one is None else one.has_baseline for one in means)


def of(grouping: Grouping, measure: Measure, levels: Levels, factor: float = 1.0) -> Interval:
    """Both ends of the rise of a grouping's gap.  factor : how many times the rows, for the question how many would settle it.

    Where no decision differs, in any group that is judged, the gaps are the same gap: 0 to 0, whatever `levels`.
    """
    if grouping.joint is not None and all(name in RATES or name == "error" for name in measure.of):
        judged = np.logical_or.reduce([grouping.judged(name) for name in measure.of])
        changed = grouping.joint.rows[judged][..., [0, 1], [1, 0]]
        if not changed.any():
            return Interval(np.array(0.0), np.array(0.0))
    return interval(measure, [changes.of(grouping, name, factor) for name in measure.of], grouping.is_reference, levels)


def interval(measure: Measure, made: Sequence[GapChange], is_reference: Mask, levels: Levels) -> Interval:
    """Both ends of the rise.  made : one change for each estimate of the measure.  is_reference : (groups,), for the impact ratio.

    NaN where fewer than two groups can be judged, or one that is has no limits.
    """
    parts = [_together(made)] if measure.kind == "max" else list(made)
    # A mean or a sum is wrong if one part is, so they share the error.
    near, far = levels.near / len(parts), levels.far / len(parts)
    allowed = is_reference if measure.kind == "impact" else np.ones_like(is_reference)
    blocks = len(made) if measure.kind == "max" else 1
    low = sum(-_far(part.swapped(), measure, allowed, blocks, near) for part in parts)
    high = sum(_far(part, measure, allowed, blocks, far) for part in parts)
    share = 1 / len(parts) if measure.kind == "mean" else 1.0
    return Interval(share * np.asarray(low), share * np.asarray(high))


def _together(made: Sequence[GapChange]) -> GapChange:
    """Several estimates of the same groups one after another, as if they were one of more groups."""

    def joined(some: Sequence[Floats]) -> Floats:
        return np.concatenate(some, -1)

    def limits_of(some: Sequence[Limits]) -> Limits:
        def found(level: Floats) -> tuple[Floats, Floats]:
            ends = [of(level) for of in some]
            return joined([low for low, _ in ends]), joined([high for _, high in ends])

        return found

    def estimate(some: Sequence[GroupEstimate]) -> GroupEstimate:
        judged = np.concatenate([one.judged for one in some], -1)
        return GroupEstimate(joined([one.value for one in some]), judged, limits_of([one.limits for one in some]))

    variances = [joined([change.variances[model] for change in made]) for model in (0, 1)]
    return GapChange(
        estimate([change.mine for change in made]), estimate([change.before for change in made]),
        limits_of([change.limits for change in made]), joined([change.covariance for change in made]),
        (variances[0], variances[1]),
    )  # fmt: skip


def _far(change: GapChange, measure: Measure, is_reference: Mask, blocks: int, level: float) -> Floats:
    """Upper limit of the rise.  blocks : estimates that stand one after another; groups are compared within one."""
    judged = change.mine.judged
    block = np.repeat(np.arange(blocks), judged.shape[-1] // blocks)
    usable = judged[..., :, None] & (judged & np.tile(is_reference, blocks))[..., None, :]
    usable = usable & (block[:, None] == block) & ~np.eye(len(block), dtype=bool)
    number = usable.sum((-1, -2))
    same, other = np.full(1, level * SAME), (level * (1 - SAME) / np.maximum(number - 1, 1))[..., None]
    moved = _Moved.of(change, is_ratio=measure.is_ratio)
    elsewhere, furthest = _elsewhere(change, moved, usable, other)
    limit = np.where(usable, np.minimum(_own(change, moved, same), elsewhere), -np.inf).max((-1, -2))
    if measure.is_ratio:
        # Where every group is selected more often than the reference, the ratio is 1 and no pair's; and no rise is above 1.
        limit = np.minimum(np.maximum(limit, -1.0 - furthest), 1.0)
    # As in fairness.bounds, a pair without limits may be the one that counts: NaN stays.
    return np.where(number > 0, limit, np.nan)


@dataclass(frozen=True, eq=False)
class _Moved:
    """(..., groups) covariance and variances of what a group adds to a pair: its value, or the logarithm of it in a ratio."""

    is_ratio: bool
    covariance: Floats
    mine: Floats
    before: Floats

    @classmethod
    def of(cls, change: GapChange, *, is_ratio: bool) -> _Moved:
        if not is_ratio:
            return cls(is_ratio, change.covariance, *change.variances)
        mine, before = (1 / np.where(one.value > 0, one.value, np.inf) for one in (change.mine, change.before))
        return cls(
            is_ratio, change.covariance * mine * before, change.variances[0] * mine**2, change.variances[1] * before**2
        )

    def pairs(self, estimate: GroupEstimate, level: Floats) -> _Pairs:
        low, high = estimate.limits(level)
        one, other = estimate.value[..., :, None], estimate.value[..., None, :]
        if not self.is_ratio:
            up = np.hypot(high[..., :, None] - one, other - low[..., None, :])
            down = np.hypot(one - low[..., :, None], high[..., None, :] - other)
            return _Pairs(one - other, one - other - down, one - other + up)
        with np.errstate(invalid="ignore", divide="ignore"):
            value = np.where(other > 0, one / np.where(other > 0, other, 1.0), 1.0)
            top = bounds.upper_ratio(estimate.value, (low, high))
            bottom = 1 / np.swapaxes(top, -1, -2)
        # Less of a ratio is worse. The other order of a pair is above 1, and cut there it would be biased as the gap itself is.
        return _Pairs(-value, -np.minimum(top, UNBOUNDED), -bottom)


@dataclass(frozen=True, eq=False)
class _Pairs:
    """(..., groups, groups) each: how far apart the groups of an ordered pair are, with limits; more is worse."""

    value: Floats
    low: Floats
    high: Floats


def _own(change: GapChange, moved: _Moved, level: Floats) -> Floats:
    """(..., groups, groups) upper limit of each pair's own change."""
    if not moved.is_ratio:
        (low, high), value = change.limits(level), change.mine.value - change.before.value
        one, other = value[..., :, None], value[..., None, :]
        return one - other + np.hypot(high[..., :, None] - one, other - low[..., None, :])
    mine, before = moved.pairs(change.mine, level), moved.pairs(change.before, level)
    both = (one[..., :, None] + one[..., None, :] for one in (moved.covariance, moved.mine, moved.before))
    return mine.value - before.value + apart(mine.high - mine.value, before.value - before.low, correlation(*both))


def _elsewhere(change: GapChange, moved: _Moved, usable: Mask, level: Floats) -> tuple[Floats, Floats]:
    """(..., groups, groups) upper limit of each pair's difference minus that of the released model's furthest pair, and (...) the latter's lower limit."""
    mine, before = moved.pairs(change.mine, level), moved.pairs(change.before, level)
    flat = (*usable.shape[:-2], -1)
    place = np.where(usable, before.low, -np.inf).reshape(flat).argmax(-1)[..., None]

    def there(table: Floats) -> Floats:
        return np.take_along_axis(table.reshape(flat), place, -1)[..., None]

    groups = np.arange(usable.shape[-1])
    sign = (groups == place // len(groups)) * 1.0 - (groups == place % len(groups))
    shared = moved.covariance * sign
    both = correlation(
        shared[..., :, None] - shared[..., None, :], moved.mine[..., :, None] + moved.mine[..., None, :],
        (moved.before * sign**2).sum(-1)[..., None, None],
    )  # fmt: skip
    value, low = there(before.value), there(before.low)
    return mine.value - value + apart(mine.high - mine.value, value - low, both), low[..., 0, 0]
