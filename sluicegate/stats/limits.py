"""Confidence limits of one group's share or mean, at any level, for whole arrays at once."""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist

import numpy as np

from sluicegate.stats.arrays import Floats

#: Halvings of an interval in which a limit is searched: 1e-12 of the share.
HALVINGS = 40


def normal_quantile(share: Floats | float) -> Floats:
    """Quantiles of the standard normal distribution; the distinct shares are few."""
    if np.ndim(share) == 0:
        return np.asarray(_quantile(float(share)))
    distinct, places = np.unique(np.asarray(share, np.float64), return_inverse=True)
    found = np.array([_quantile(float(one)) for one in distinct], np.float64)
    return found[places].reshape(np.shape(share))


@lru_cache(maxsize=4096)
def _quantile(share: float) -> float:
    """A run asks for the same few levels thousands of times."""
    return math.nan if math.isnan(share) else NormalDist().inv_cdf(min(max(share, 1e-300), 1 - 1e-16))


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
    return np.maximum(0.0, middle - half), np.minimum(1.0, middle + half)


def share_limits(value: Floats, rows: Floats, level: Floats | float) -> tuple[Floats, Floats]:
    """Exact (Clopper & Pearson 1934, Biometrika 26:404) lower and upper limits, each missed with at most `level`.

    value, rows, level : shapes that go together; rows may be fractional (Kish).

    Wilson's limits are made for 2.5 %. Far out in the tail, where a comparison of many groups looks, they are missed
    several times too often for a small group with a small rate, and these never are. The binomial tail is Peizer & Pratt's
    (1968, J. Am. Stat. Assoc. 63:1416), inverted by halving.
    """
    level = np.asarray(level, np.float64)
    value, rows, _ = np.broadcast_arrays(value, rows, level)
    # A lower limit is the upper one of the misses; both are searched in the same halvings.
    of_misses, high = _upper(np.stack([1.0 - value, value]), rows, level)
    return 1.0 - of_misses, high


def mean_limits(value: Floats, error: Floats, rows: Floats, level: Floats | float) -> tuple[Floats, Floats]:
    """Student's limits of a mean, each missed with `level`.  error : its standard error.  rows : effective rows, 3 or more.

    The quantile is Cornish & Fisher's expansion in 1/df (Abramowitz & Stegun 1964, 26.7.5), good from 10 rows on.
    """
    z, df = -normal_quantile(level), np.maximum(rows - 1.0, 2.0)
    t = (
        z
        + (z**3 + z) / (4 * df)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * df**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * df**3)
    )
    return value - t * error, value + t * error


def _upper(value: Floats, rows: Floats, level: Floats) -> Floats:
    """The share under which `value` or less is seen with probability `level`."""
    value, rows, z = np.broadcast_arrays(value, rows, normal_quantile(level))
    with np.errstate(invalid="ignore", divide="ignore"):
        hits = value * rows
        low, high = value.copy(), np.ones(value.shape)
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            is_below = _tail(hits, rows, middle) > z
            low, high = np.where(is_below, middle, low), np.where(is_below, high, middle)
        high = np.where(hits < 1e-9, 1.0 - np.broadcast_to(level, value.shape) ** (1.0 / rows), high)
    everything = ~(rows - hits >= 0.5)
    return np.where(np.isnan(value), np.nan, np.where(everything, 1.0, high))


def _tail(hits: Floats, rows: Floats, share: Floats) -> Floats:
    """Normal deviate of P(X <= hits) for X binomial (rows, share)."""
    rest, missed = rows - hits, 1.0 - share
    fine = 0.02 * (missed / (hits + 1) - share / rest + (missed - 0.5) / (rows + 1))
    distance = hits + 2 / 3 - (rows + 1 / 3) * share + fine
    skew = missed * _g((hits + 0.5) / (rows * share)) + share * _g((rest - 0.5) / (rows * missed))
    deviate: Floats = distance * np.sqrt((1 + skew) / ((rows + 1 / 6) * share * missed))
    return deviate


def _g(x: Floats) -> Floats:
    """(1 - x^2 + 2 x ln x) / (1 - x)^2, by its series where the fraction is 0/0."""
    off = x - 1.0
    near = np.abs(off) < 1e-3
    exact = (1 - x * x + 2 * x * np.log(np.where(x > 0, x, 1.0))) / np.where(near, 1.0, off * off)
    return np.where(near, -off / 3 + off * off / 6, exact)
