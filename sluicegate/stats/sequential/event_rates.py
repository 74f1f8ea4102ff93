"""Does an event (an error, a timeout, a positive decision) happen more often in the canary, while the canary's weight changes?

Only events are looked at. If both versions have the same rate, an event that was routed while the canary had the weight w is the canary's
with probability w, whatever the rate does meanwhile; at a rate ratio exp(d) with probability w exp(d) / (1 - w + w exp(d)). That gives a
likelihood of d, which is exact, knows no base rate, and cannot be fooled by pooling over a ramp (Lindon & Malek 2022, NeurIPS, arXiv
2011.03567; with changing weight: reference F2 of issue 15).

A unit must have been routed independently of the others. Under sticky routing that is the key, not the request: count a key's first event.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from sluicegate.stats.arrays import Floats
from sluicegate.stats.sequential.evidence import log_mixture

#: How far from the null the alternative is weighed, as a log rate ratio up to 3 (a ratio of 20). Rayleigh's density with scale 1: most weight
#: on a doubling to a fivefold, and little where no canary's traffic could ever tell.
_STEPS = np.linspace(0.05, 3.0, 60)
_LOG_WEIGHTS = np.log(_STEPS) - _STEPS * _STEPS / 2
_LOG_WEIGHTS = _LOG_WEIGHTS - special.logsumexp(_LOG_WEIGHTS)
#: The ends of an interval are looked for in hundredths of a log ratio, from -4 to 4; the alternatives lie on the same lattice.
_LATTICE = np.arange(-700, 701) / 100
_ENDS = slice(300, 1101)
_STRIDES = np.rint(_STEPS * 100).astype(np.int64)


@dataclass(frozen=True, eq=False)
class Events:
    """How many events each version had while the canary had a weight.

    weight, canary, stable : (weights,); 0 < weight < 1. The order is of no consequence, so one entry per distinct weight will do.
    """

    weight: Floats
    canary: Floats
    stable: Floats

    def __post_init__(self) -> None:
        if not ((self.weight > 0) & (self.weight < 1)).all():
            raise ValueError("a weight of 0 or 1 compares nothing: leave out what was routed to one version alone")

    def log_likelihood(self, log_ratio: Floats) -> Floats:
        """(...,) of a log rate ratio canary / stable, up to a constant."""
        odds = special.logit(self.weight) + np.asarray(log_ratio)[..., None]
        return np.asarray((self.canary * special.log_expit(odds) + self.stable * special.log_expit(-odds)).sum(-1))


def log_e_above(events: Events, log_ratio: Floats | float) -> Floats:
    """Against "the canary's rate is at most exp(log_ratio) times the stable one's", for each of (...,) log ratios."""
    null = np.asarray(log_ratio, np.float64)
    return _against(events, null, null[..., None] + _STEPS)


def log_e_below(events: Events, log_ratio: Floats | float) -> Floats:
    """Against "the canary's rate is at least exp(log_ratio) times the stable one's"."""
    null = np.asarray(log_ratio, np.float64)
    return _against(events, null, null[..., None] - _STEPS)


def _against(events: Events, null: Floats, alternatives: Floats) -> Floats:
    # Each alternative lies on one side of the null, and the likelihood ratio is monotone: the null's boundary is its worst case.
    return log_mixture(events.log_likelihood(alternatives) - events.log_likelihood(null)[..., None], _LOG_WEIGHTS)


def confidence_limits(events: Events, alpha: float) -> tuple[float, float]:
    """Limits of the log rate ratio that hold at every look, each missed with alpha at most; infinite where nothing is known."""
    wanted, ends, likelihood = -np.log(alpha), _LATTICE[_ENDS], events.log_likelihood(_LATTICE)
    here = np.arange(len(_LATTICE))[_ENDS, None]
    above, below = (log_mixture(likelihood[here + way * _STRIDES] - likelihood[here], _LOG_WEIGHTS) for way in (1, -1))
    return float(ends[above >= wanted].max(initial=-np.inf)), float(ends[below >= wanted].min(initial=np.inf))


def log_e_fixed_weight(canary: Floats, stable: Floats, weight: float, strength: float = 20.0) -> Floats:
    """(looks,) two-sided, against "the rates are equal", at one weight: a Beta prior around it, exact (Lindon & Malek 2022).

    canary, stable : events so far.  strength : how many events the prior is worth.

    >>> log_e_fixed_weight(np.array([0.0]), np.array([0.0]), 0.1).tolist()
    [0.0]
    """
    a, b = strength * weight, strength * (1 - weight)
    found = special.betaln(a + canary, b + stable) - special.betaln(a, b)
    return np.asarray(found - canary * np.log(weight) - stable * np.log1p(-weight))
