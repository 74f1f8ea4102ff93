"""What e-processes say: when a null is rejected, and how several of them are read together."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from scipy import special

from sluicegate.stats.arrays import Floats


def rejects(log_e: float, alpha: float, of: int = 1) -> bool:
    """Whether the null falls at level alpha, shared over `of` questions (Bonferroni).

    >>> rejects(math.log(20), 0.05), rejects(math.log(20), 0.05, of=2)
    (True, False)
    """
    return log_e >= math.log(of / alpha) - 1e-12


def p_value(log_e: Floats) -> Floats:
    """(looks,) the anytime-valid p after each look: the smallest of min(1, 1/E) so far.

    >>> p_value(np.log([2.0, 40.0, 10.0])).round(3).tolist()
    [0.5, 0.025, 0.025]
    """
    return np.asarray(np.exp(np.minimum.accumulate(np.minimum(0.0, -np.asarray(log_e)))))


def e_bh(log_e: Mapping[str, float], alpha: float) -> frozenset[str]:
    """Which nulls fall with a false discovery rate of alpha, whatever their dependence (Wang & Ramdas 2022, JRSS B 84:822).

    >>> sorted(e_bh({"errors": math.log(60), "p99": math.log(31), "auc": 0.0}, 0.05))
    ['errors', 'p99']
    """
    ordered, number = sorted(log_e, key=lambda name: -log_e[name]), len(log_e)
    falls = [k for k, name in enumerate(ordered, 1) if rejects(log_e[name] + math.log(k), alpha, of=number)]
    return frozenset(ordered[: max(falls, default=0)])


def log_mixture(log_e: Floats, log_weight: Floats) -> Floats:
    """Weighted mean of e-values along the last axis; itself one.  log_weight : sums to 1 outside the logarithm."""
    return np.asarray(special.logsumexp(log_e + log_weight, axis=-1))
