"""An interval, and how often each of its ends may miss."""

from __future__ import annotations

from dataclasses import dataclass

from sluicegate.stats.arrays import Floats


@dataclass(frozen=True, eq=False)
class Interval:
    """low, high : (...), NaN where fewer than two groups can be judged, one of them has no limits, or nobody is selected."""

    low: Floats
    high: Floats


@dataclass(frozen=True)
class Levels:
    """How often an end may miss.  near : the end that a refusal looks at.  far : the end that a pass looks at."""

    near: float
    far: float
