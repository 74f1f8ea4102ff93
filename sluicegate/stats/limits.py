"""Quantiles, and confidence limits of one group's share or mean, at any level, for whole arrays at once.

The arithmetic is scipy.special's, which is loaded at the first call: it takes a third of a second.
"""

from __future__ import annotations

import numpy as np

from sluicegate.stats.arrays import Floats

#: The normal quantile of an interval that holds in 95 of 100 cases.
Z_95 = 1.959963984540054


def normal_quantile(share: Floats | float) -> Floats:
    """Quantiles of the standard normal distribution, finite for shares of 0 and 1 too."""
    from scipy.special import ndtri

    return np.asarray(ndtri(np.clip(share, 1e-300, 1 - 1e-16)))


def student_quantile(level: Floats | float, freedom: Floats | float) -> Floats:
    """What Student's t with so many (also fractional) degrees of freedom exceeds with probability `level`; infinite below 1 degree.

    >>> [round(float(student_quantile(0.025, freedom)), 3) for freedom in (0.5, 1, 2, 5, 9, 1e6)]
    [inf, 12.706, 4.303, 2.571, 2.262, 1.96]
    """
    from scipy.special import stdtrit

    freedom = np.asarray(freedom, np.float64)
    return np.where(freedom >= 1, -stdtrit(np.maximum(freedom, 1.0), level), np.inf)


def wilson(value: Floats, rows: Floats, confidence: float) -> tuple[Floats, Floats]:
    """Both ends for shares of `rows` (may be fractional) rows (Wilson 1927, J. Am. Stat. Assoc. 22:209).

    >>> low, high = wilson(np.array([0.0]), np.array([10.0]), 0.95)
    >>> float(high[0].round(4))
    0.2775
    """
    z2 = float(normal_quantile((1 + confidence) / 2)) ** 2
    with np.errstate(invalid="ignore", divide="ignore"):
        middle = (value + z2 / (2 * rows)) / (1 + z2 / rows)
        half = np.sqrt(z2 * (value * (1 - value) / rows + z2 / (4 * rows * rows))) / (1 + z2 / rows)
    # By hand at the ends, where rounding leaves a 1e-17.
    return np.where(value <= 0, 0.0, middle - half), np.where(value >= 1, 1.0, middle + half)


def share_limits(value: Floats, rows: Floats, level: Floats | float) -> tuple[Floats, Floats]:
    """Exact (Clopper & Pearson 1934, Biometrika 26:404) lower and upper limits, each missed with at most `level`.

    value, rows, level : shapes that go together; rows may be fractional (Kish). NaN where the value is.

    Wilson's limits are made for 2.5 %. Far out in the tail, where a comparison of many groups looks, they are missed
    several times too often for a small group with a small rate, and these never are.
    """
    from scipy.special import betainccinv, betaincinv

    value, rows, level = np.broadcast_arrays(value, rows, np.asarray(level, np.float64))
    hits, misses = value * rows, (1.0 - value) * rows
    # Less than half a row is none: what Kish's effective rows leave of a single one.
    low = np.where(hits < 0.5, 0.0, betaincinv(np.maximum(hits, 0.5), misses + 1.0, level))
    high = np.where(misses < 0.5, 1.0, betainccinv(hits + 1.0, np.maximum(misses, 0.5), level))
    unknown = np.isnan(hits)
    return np.where(unknown, np.nan, low), np.where(unknown, np.nan, high)


def mean_limits(value: Floats, error: Floats, rows: Floats, level: Floats | float) -> tuple[Floats, Floats]:
    """Student's limits of a mean, each missed with `level`.  error : its standard error.  rows : effective rows; fewer than 2 count as 2."""
    t = student_quantile(level, np.maximum(rows - 1.0, 1.0))
    return value - t * error, value + t * error
