"""Means of bounded values, by betting: how much money a gambler makes who bets that the mean is higher (or lower) than m.

Waudby-Smith & Ramdas 2024, JRSS B 86:1, arXiv 2010.09686. Nothing is assumed of the values but their bounds and that their mean, given
what came before, is on the null's side; so also values that drift together are fine where they are compared in pairs.
"""

from __future__ import annotations

import numpy as np

from sluicegate.stats.arrays import Floats

#: No bet loses more than this share of the money.
MOST = 0.75


def log_e_above(values: Floats, mean: float) -> Floats:
    """(n,) after each value, against "the mean is at most `mean`".  values : (n,) in [0, 1], in the order they came."""
    x = np.asarray(values, np.float64)
    if not 0 < mean < 1:
        raise ValueError(f"a mean of {mean} is no inner point of [0, 1]")
    return np.cumsum(np.log1p(_bets(x, mean) * (x - mean)))


def log_e_below(values: Floats, mean: float) -> Floats:
    """Against "the mean is at least `mean`"."""
    return log_e_above(1.0 - np.asarray(values, np.float64), 1.0 - mean)


def confidence_limits(values: Floats, alpha: float, grid: int = 200) -> tuple[float, float]:
    """Limits of the mean that hold at every look so far together, each missed with alpha at most."""
    wanted, means = -np.log(alpha), (np.arange(grid) + 0.5) / grid
    too_low = [m for m in means if log_e_above(values, float(m)).max(initial=0.0) >= wanted]
    too_high = [m for m in means if log_e_below(values, float(m)).max(initial=0.0) >= wanted]
    return max(too_low, default=0.0), min(too_high, default=1.0)


def _bets(x: Floats, mean: float) -> Floats:
    """Each bet knows only the values before it (aGRAPA, section 4.3 of the paper)."""
    n = np.arange(1, len(x) + 1)
    average = (0.5 + np.concatenate([[0.0], np.cumsum(x)[:-1]])) / n
    squares = np.concatenate([[0.0], np.cumsum((x - average) ** 2)[:-1]])
    variance = (0.25 + squares) / n
    ahead = average - mean
    return np.clip(ahead / (variance + ahead * ahead), 0.0, MOST / mean)


def paired_by_time(canary: Floats, stable: Floats, is_canary: Floats) -> Floats:
    """(pairs,) in [0, 1]: each canary value against the mean of the stable ones since the last; above 1/2 is higher in the canary.

    canary, stable : values in [0, 1] in the order they came.  is_canary : (n,) whose value came when. What both versions see at a
    time cancels; before the first stable value nothing is compared.
    """
    order = np.asarray(is_canary, bool)
    stable_before = np.cumsum(~order)[order]
    sums = np.concatenate([[0.0], np.cumsum(stable)])
    found, last = [], 0
    for value, now in zip(canary, stable_before, strict=True):
        if now > last:
            found.append((value - (sums[now] - sums[last]) / (now - last) + 1.0) / 2.0)
            last = int(now)
    return np.asarray(found)
