"""Rates by group, each with the rows it is taken over."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sluicegate.fairness.counts import NEGATIVE, POSITIVE, UNLABELLED, Counts
from sluicegate.stats.arrays import Floats

_N, _P = NEGATIVE, POSITIVE
_KNOWN = ((_N, 0), (_N, 1), (_P, 0), (_P, 1))
#: By name: the cells (label, decision) that count, and the cells they are a share of.
RATES: dict[str, tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]] = {
    "selection_rate": (((_N, 1), (_P, 1), (UNLABELLED, 1)), (*_KNOWN, (UNLABELLED, 0), (UNLABELLED, 1))),
    "tpr": (((_P, 1),), ((_P, 0), (_P, 1))),
    "fpr": (((_N, 1),), ((_N, 0), (_N, 1))),
    "fnr": (((_P, 0),), ((_P, 0), (_P, 1))),
    "ppv": (((_P, 1),), ((_N, 1), (_P, 1))),
    "npv": (((_N, 0),), ((_N, 0), (_P, 0))),
    "accuracy": (((_N, 0), (_P, 1)), _KNOWN),
    "error_rate": (((_N, 1), (_P, 0)), _KNOWN),
    "base_rate": (((_P, 0), (_P, 1)), _KNOWN),
}


@dataclass(frozen=True, eq=False)
class Rate:
    """One rate of every group.

    value : (..., groups) weighted share; NaN where it is taken over nothing.
    hits, rows : (..., groups) rows that count, and rows they are a share of.
    effective : (..., groups) equally weighted rows that would tell as much: see `_effective`; `rows` where there are no weights.
    """

    value: Floats
    hits: Floats
    rows: Floats
    effective: Floats


def rate(counts: Counts, name: str) -> Rate:
    """A rate of RATES from counts of any leading shape."""
    hit, of = RATES[name]
    weight = _sum(counts.weight, of)
    with np.errstate(invalid="ignore", divide="ignore"):
        value = _sum(counts.weight, hit) / weight
    hits = np.stack([_sum(counts.weight, hit), _sum(counts.weight2, hit)])
    misses = np.stack([weight, _sum(counts.weight2, of)]) - hits
    return Rate(value, _sum(counts.rows, hit), _sum(counts.rows, of), effective(value, hits, misses))


def effective(value: Floats, hits: Floats, misses: Floats) -> Floats:
    """The smaller of Kish's number (1965, Survey Sampling, 11.7) and value (1 - value) / V.

    hits, misses : (2, ..., groups) their sums of weights and of squared weights.

    V is the linearised variance of a ratio (Cochran 1977, Sampling Techniques, 6.4); Korn & Graubard (1998, Survey Methodology 24:193)
    put such a number into Clopper and Pearson's limits. Kish's alone takes the weights for independent of the outcome: where hits weigh ten times
    as much, a share of 0.17 may stand on 40 rows. A share of 0 shows no variance; the first hit would weigh what hits weigh in the other groups.
    """
    weight, squares = hits + misses
    with np.errstate(invalid="ignore", divide="ignore"):
        kish = np.where(weight > 0, weight * weight / squares, 0.0)
        spread = hits[1] * (1 - value) ** 2 + misses[1] * value**2
        seen = value * (1 - value) * weight * weight / spread
        seen = np.where(value > 0, np.where(value < 1, seen, weight / _usual(misses)), weight / _usual(hits))
        return np.where(seen < kish, seen, kish)


def _usual(weights: Floats) -> Floats:
    """(2, ..., groups) to (..., 1): what such a row weighs, over all groups."""
    total, squares = weights.sum(-1, keepdims=True)
    usual: Floats = squares / total
    return usual


def value(weight: Floats, name: str) -> Floats:
    """The rate's value alone, from sums of weights: what draws of a bootstrap need."""
    hit, of = RATES[name]
    with np.errstate(invalid="ignore", divide="ignore"):
        share: Floats = _sum(weight, hit) / _sum(weight, of)
    return share


def _sum(table: Floats, cells: tuple[tuple[int, int], ...]) -> Floats:
    total = np.zeros(table.shape[:-2])
    for label, decision in cells:
        total = total + table[..., label, decision]
    return total
