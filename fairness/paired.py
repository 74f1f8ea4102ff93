"""How much worse a gap is than the released model's on the same rows."""

from __future__ import annotations

import numpy as np

from fairness.arrays import Floats
from fairness.bounds import Interval, Levels
from fairness.gaps import Measure


def rise(measure: Measure, candidate: Floats, baseline: Floats) -> Floats:
    """Above 0 the candidate is worse: a larger difference, or a smaller ratio."""
    return baseline - candidate if measure.is_ratio else candidate - baseline


def interval(value: float, drawn: Floats, levels: Levels, factor: float = 1.0) -> Interval:
    """Ends of the percentile bootstrap of the rise, both models drawn from the same rows.

    value : the observed rise.  drawn : (draws,).  factor : how many times the rows, which narrows it by the square root.

    Both gaps carry the same upward bias of small groups, so most of it cancels in their difference. Draws in which nobody is selected have
    no ratio and are left out.
    """
    known = drawn[~np.isnan(drawn)]
    if not len(known) or np.isnan(value):
        return Interval(np.array(np.nan), np.array(np.nan))
    low, high = np.quantile(known, [levels.near, 1 - levels.far])
    shrink = 1 / np.sqrt(factor)
    return Interval(
        np.array(min(value, value + (low - value) * shrink)), np.array(max(value, value + (high - value) * shrink))
    )
