"""The same requests to both versions (shadow): which is right where they differ?"""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from sluicegate.stats.arrays import Floats

#: Pairs that the prior is worth on each side.
PRIOR = 5.0


def log_e(stable_wins: Floats, canary_wins: Floats) -> Floats:
    """(looks,) against "where only one is right, it is the canary at least as often": a sequential McNemar test, one-sided.

    stable_wins, canary_wins : pairs so far in which that version alone is right (or which a loss prefers). Beta prior on the
    half of the shares that mean harm (reference F9 of issue 15).

    >>> log_e(np.array([0.0]), np.array([0.0])).round(12).tolist()
    [0.0]
    """
    b, c = np.asarray(stable_wins, np.float64), np.asarray(canary_wins, np.float64)
    harm = np.log(special.betaincc(PRIOR + b, PRIOR + c, 0.5)) - math.log(0.5)
    fit = special.betaln(PRIOR + b, PRIOR + c) - special.betaln(PRIOR, PRIOR)
    return np.asarray(fit + harm + (b + c) * math.log(2))
