"""Is the canary slower? One quantile of two samples, or all of them at once.

Howard & Ramdas 2022, Bernoulli 28:1704, arXiv 1906.09712. Values may be ordered as they are or counted in buckets: a bucket's values are taken at
the end that is worse for a rejection, so coarse buckets only cost power.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from sluicegate.stats.arrays import Floats

#: How many values the prior is tuned for.
TUNED_FOR = 1000.0
#: Of the band around a whole distribution (Howard & Ramdas 2022, section 4): iterated-logarithm factor and onset.
_FACTOR, _ONSET = 0.85, 32.0
#: The band's constant by level, each side; as their solver gives it (issue 15's reference, F8).
_CONSTANTS = {0.05: 8.12, 0.025: 8.62, 0.01: 9.28}


def log_e_of_quantile(canary: Floats, stable: Floats, quantile: float) -> float:
    """Against "both have the same quantile", two-sided.  canary, stable : every value so far, in any order.

    The smallest, over places x, of the two samples' evidence that x is not their quantile: a common quantile would be one of them.
    """
    both = np.unique(np.concatenate([canary, stable]))
    if not len(canary) or not len(stable):
        return 0.0
    places = np.concatenate([both, (both[1:] + both[:-1]) / 2])
    return float((_evidence(canary, places, quantile) + _evidence(stable, places, quantile)).min())


def _evidence(values: Floats, places: Floats, p: float) -> Floats:
    """Beta-binomial mixture against "x is the quantile p", two-sided."""
    n, ordered = float(len(values)), np.sort(values)
    at_or_below, below = (np.searchsorted(ordered, places, side=side) / n for side in ("right", "left"))
    # Of equal values one is the quantile where the share below it is p at most, and the share with it p at least.
    away = np.where(at_or_below < p, at_or_below - p, np.maximum(below - p, 0.0))
    s, v = away * n, p * (1 - p) * n
    g, h = p, 1 - p
    r = max(_tuned(TUNED_FOR * p * (1 - p)) - g * h, 1e-3 * g * h)
    fit = special.betaln((r + v - g * s) / g, (r + v + h * s) / h) - special.betaln(r / g, r / h)
    return np.asarray(-(v + h * s) / h * math.log(g) - (v - g * s) / g * math.log(h) + fit)


def _tuned(variance: float, alpha: float = 0.05) -> float:
    """The mixture's scale at which the bound is narrowest after so much variance (confseq's `best_rho`, a close form of it)."""
    return variance / (2 * math.log(1 / alpha) + math.log(1 + 2 * math.log(1 / alpha)))


def is_slower(canary: Floats, stable: Floats, alpha: float = 0.05) -> bool:
    """Whether some share of requests is shown to be slower in the canary, over all quantiles and looks at once (two bands)."""
    if min(len(canary), len(stable)) < _ONSET:
        return False
    places = np.unique(np.concatenate([canary, stable]))
    fast = np.searchsorted(np.sort(stable), places, side="right") / len(stable) - half_width(len(stable), alpha / 2)
    slow = np.searchsorted(np.sort(canary), places, side="right") / len(canary) + half_width(len(canary), alpha / 2)
    return bool((fast > slow).any())


def half_width(values: float, alpha: float) -> float:
    """Of a band around the empirical distribution that holds at every look from 32 values on, missed with alpha at most."""
    constant = _CONSTANTS.get(alpha) or 0.8 * math.log(1612 / alpha)
    return _FACTOR * math.sqrt((math.log1p(math.log(values / _ONSET)) + constant) / values)
