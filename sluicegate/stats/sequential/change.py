"""Has a rate risen since some unknown time? For the time after a promotion, when labels come late.

An e-detector (Shin, Ramdas & Rinaldo 2024, NEJSDS, arXiv 2203.03532): bets that the mean is above m, each begun anew at every value. With no
change it sounds, on average, not before `run_length` values.
"""

from __future__ import annotations

import numpy as np

from sluicegate.stats.arrays import Floats
from sluicegate.stats.sequential.means import confidence_limits

#: Sizes of the bets; small ones find small rises. A bet times the highest allowed mean must stay below 1.
BETS = (0.5, 1.0, 2.0, 3.0)


def first_alarm(values: Floats, mean: float, run_length: float) -> int | None:
    """How many values were seen when a mean above `mean` is called; None where it is not.  values : (n,) in [0, 1], in time."""
    money = np.array([min(bet, 0.99 / mean) for bet in BETS])
    state = np.zeros(len(money))
    for number, value in enumerate(np.asarray(values, np.float64), 1):
        state = (1.0 + money * (value - mean)) * np.maximum(state, 1.0)
        if state.mean() >= run_length:
            return number
    return None


def risk_has_risen(now: Floats, before: Floats, tolerance: float, alpha: float) -> bool:
    """Whether the loss now is shown to exceed that before by more than the tolerance (Podkopaev & Ramdas 2022, ICLR, arXiv 2110.06177).

    now, before : losses in [0, 1] in time. Only a harmful change is called; labels may come late and in batches.
    """
    return confidence_limits(now, alpha / 2)[0] > confidence_limits(before, alpha / 2)[1] + tolerance
