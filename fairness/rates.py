"""Rates by group, each with the rows it is taken over."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fairness.arrays import Floats
from fairness.counts import NEGATIVE, POSITIVE, UNLABELLED, Counts

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
    effective : (..., groups) Kish's number of equally weighted rows; `rows` where there are no weights.
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
        effective = np.where(weight > 0, weight * weight / _sum(counts.weight2, of), 0.0)
    return Rate(value, _sum(counts.rows, hit), _sum(counts.rows, of), effective)


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
