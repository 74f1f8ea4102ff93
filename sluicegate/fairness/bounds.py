"""Confidence limits of a gap over many groups, which stay honest where some groups are small.

The largest difference among noisy rates is too large on average, the more so the more and the smaller the groups, and a
percentile bootstrap of it inherits that: it would refuse exactly fair models. But "the gap is at most L" says "every pair of groups
is at most L apart", and the difference of one pair is not biased. So:

- near end (what a refusal needs): the largest of the pairs' lower limits, each at the level divided by the number of ordered
  pairs (Bonferroni, the first step of Holm). It exceeds the true gap with at most `level`.
- far end (what a pass needs): the largest of the pairs' upper limits, each at the full level: the pair that is truly furthest apart is
  among them (intersection-union; Berger 1982, Technometrics 24:295).

A pair's limits come from the limits of its two groups (MOVER: Zou & Donner 2008, Stat. Med. 27:1693; for ratios Donner & Zou 2012,
Stat. Methods Med. Res. 21:347), which are exact for shares, so a group of thirty with no positive needs no special case.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from sluicegate.fairness.gaps import COMBINE, Measure
from sluicegate.stats.arrays import Floats, Mask
from sluicegate.stats.interval import Interval, Levels

#: Lower and upper limits of every group at a level (an array that broadcasts against the groups).
Limits = Callable[[Floats], tuple[Floats, Floats]]


@dataclass(frozen=True, eq=False)
class GroupEstimate:
    """One number per group, with its limits.

    value : (..., groups).  judged : (..., groups) which groups count.  limits : at a level, both ends.
    """

    value: Floats
    judged: Mask
    limits: Limits


def interval(measure: Measure, estimates: Mapping[str, GroupEstimate], is_reference: Mask, levels: Levels) -> Interval:
    """The interval of a gap.  is_reference : (groups,), for the impact ratio."""
    parts = [estimates[name] for name in measure.of]
    if measure.is_ratio:
        return _of_ratio(parts[0], is_reference if measure.kind == "impact" else np.ones_like(is_reference), levels)
    if measure.kind == "difference":
        return _of_difference(parts[0], levels)
    # Two gaps share the error. Only the larger one's far end needs no share: a pass claims both, a sum is wrong if one is.
    far = levels.far if measure.kind == "max" else levels.far / 2
    one, other = (_of_difference(part, Levels(levels.near / 2, far)) for part in parts)
    combine = COMBINE[measure.kind]
    return Interval(combine(one.low, other.low), combine(one.high, other.high))


def pairs(judged: Mask) -> Floats:
    """(..., groups) to (..., 1): number of ordered pairs of judged groups, at least 1."""
    groups = judged.sum(-1, keepdims=True).astype(np.float64)
    return np.maximum(groups * (groups - 1), 1.0)


def _of_difference(estimate: GroupEstimate, levels: Levels) -> Interval:
    value, judged = estimate.value, estimate.judged & ~np.isnan(estimate.value)
    apart = value[..., :, None] - value[..., None, :]
    near_low, near_high = estimate.limits(levels.near / pairs(judged))
    far_low, far_high = estimate.limits(np.float64(levels.far) + np.zeros((1,)))
    with np.errstate(invalid="ignore"):
        low = apart - np.hypot((value - near_low)[..., :, None], (near_high - value)[..., None, :])
        high = apart + np.hypot((far_high - value)[..., :, None], (value - far_low)[..., None, :])
    return _finished(np.maximum(_largest(low, judged), 0.0), _largest(high, judged), judged)


def _of_ratio(estimate: GroupEstimate, is_reference: Mask, levels: Levels) -> Interval:
    value, judged = estimate.value, estimate.judged & ~np.isnan(estimate.value)
    number = judged.sum(-1, keepdims=True) - 1.0
    tested = np.maximum((judged & is_reference).sum(-1, keepdims=True) * number, 1.0)
    near = estimate.limits(levels.near / tested)
    far = estimate.limits(np.float64(levels.far) + np.zeros((1,)))
    with np.errstate(invalid="ignore", divide="ignore"):
        high = upper_ratio(value, near)
        low = 1.0 / np.swapaxes(upper_ratio(value, far), -1, -2)
    allowed = judged & is_reference
    found = _finished(-_largest(-low, judged, allowed), np.minimum(-_largest(-high, judged, allowed), 1.0), judged)
    is_somebody = np.where(allowed, value, 0.0).max(-1) > 0
    return Interval(np.where(is_somebody, found.low, np.nan), np.where(is_somebody, found.high, np.nan))


def upper_ratio(value: Floats, limits: tuple[Floats, Floats]) -> Floats:
    """(..., i, j): upper limit of value i through value j; infinite where j may be 0."""
    top, top_high = value[..., :, None], limits[1][..., :, None]
    bottom, bottom_low = value[..., None, :], limits[0][..., None, :]
    product = top * bottom
    below = bottom_low * (2 * bottom - bottom_low)
    root = np.sqrt(np.maximum(product**2 - top_high * (2 * top - top_high) * below, 0.0))
    return np.where(below > 0, (product + root) / np.where(below > 0, below, 1.0), np.inf)


def _largest(table: Floats, judged: Mask, second: Mask | None = None) -> Floats:
    """The largest entry (i, j) of two different judged groups; NaN where there are none, or one of them is not known."""
    second = judged if second is None else second
    usable = judged[..., :, None] & second[..., None, :] & ~np.eye(judged.shape[-1], dtype=bool)
    # A pair without limits may be the one that is furthest apart: NaN is the largest entry, too.
    largest: Floats = np.where(usable, table, -np.inf).max((-1, -2))
    return np.where(usable.any((-1, -2)), largest, np.nan)


def _finished(low: Floats, high: Floats, judged: Mask) -> Interval:
    is_open = judged.sum(-1) < 2
    return Interval(np.where(is_open, np.nan, low), np.where(is_open, np.nan, high))
