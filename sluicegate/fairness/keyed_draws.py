"""Draws of whole count tables where rows have keys: keys are drawn with replacement, and group labels dealt out anew among keys.

Keys with the same rows in the same cells are one kind, and a draw is a multinomial draw of the kinds, so it costs their number and not that
of the rows. Where there are more kinds than MOST_UNITS (weights make each key its own), keys are put together at random: sums of
independent keys are as independent, and the variance of their total is the same.

A shuffle gives each key the group labels of another key, drawn without replacement (whole-block permutation, Winkler et al. 2015,
NeuroImage 123:253): of a longer one some of them, of a shorter one all of them over again. What is alike in rows of a key stays so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sluicegate.fairness import bootstrap, null
from sluicegate.fairness.counts import LABELS, Counts
from sluicegate.stats.arrays import Floats, Ints
from sluicegate.stats.keys import by_key, units

CELLS = LABELS * 2
#: The standard deviation over so many units is known to 2 %.
MOST_UNITS = 1000
#: Units and products in all draws at most, and rows in all shuffles; beyond, there are fewer of them, and the report says how many.
DRAWN_UNITS, PRODUCTS, SHUFFLED_ROWS = 10_000_000, 10_000_000_000, 20_000_000
FEWEST_SHUFFLES = 100


@dataclass(frozen=True, eq=False)
class KeyedCells:
    """cluster : (rows,) of fairness.keys.numbered.  group : (rows,) finest group.  cell : (rows,) label x decision.  weight : (rows,) or None."""

    cluster: Ints
    group: npt.NDArray[np.integer]
    cell: npt.NDArray[np.integer]
    weight: Floats | None
    groups: int

    @property
    def place(self) -> Ints:
        """(rows,) place of the row in a flat table of groups, labels and decisions."""
        return self.group.astype(np.int64) * CELLS + self.cell

    @property
    def size(self) -> int:
        return self.groups * CELLS


@dataclass(frozen=True, eq=False)
class Kinds:
    """table : (kinds, cells) weight of a key of each kind in each cell.  number : (kinds,) keys of each."""

    table: Floats
    number: Floats

    @classmethod
    def of(cls, rows: KeyedCells, rng: np.random.Generator) -> Kinds:
        keys = units(len(rows.cluster), rows.cluster)
        kind, number = _kinds(rows, keys)
        chosen: npt.NDArray[np.integer] = np.arange(len(rows.cluster))
        if len(number) > MOST_UNITS:
            kind, number = rng.permutation(keys) % MOST_UNITS, np.ones(MOST_UNITS, np.int64)
        elif rows.weight is None:
            # One key stands for all of its kind.
            stands = np.zeros(keys, bool)
            stands[np.unique(kind, return_index=True)[1]] = True
            chosen = np.flatnonzero(stands[rows.cluster])
        places = kind[rows.cluster[chosen]] * rows.size + rows.place[chosen]
        weight = None if rows.weight is None else rows.weight[chosen]
        table = np.bincount(places, weight, minlength=len(number) * rows.size).reshape(len(number), rows.size)
        return cls(table.astype(np.float64), number.astype(np.float64))


def _kinds(rows: KeyedCells, keys: int) -> tuple[Ints, Ints]:
    """(keys,) the kind of each, and (kinds,) how many keys it has. A sum of random numbers of 40 bits, one per cell, stands for a key's rows."""
    if rows.weight is not None:
        return np.arange(keys), np.ones(keys, np.int64)
    of_cell = np.random.default_rng(0).integers(0, 2**40, rows.size).astype(np.float64)
    _, kind, number = np.unique(np.bincount(rows.cluster, of_cell[rows.place]), return_inverse=True, return_counts=True)
    return kind, number


def affordable(draws: int, kinds: Kinds) -> int:
    """How many of the wanted draws fit the budget."""
    number, cells = kinds.table.shape
    most = min(bootstrap.BUDGET // max(cells, 1), DRAWN_UNITS // max(number, 1), PRODUCTS // max(number * cells, 1))
    return min(draws, max(bootstrap.FEWEST, most))


def tables(kinds: Kinds, draws: int, rng: np.random.Generator) -> Iterator[Floats]:
    """Pieces of shape (draws in the piece, groups, labels, decisions), as fairness.bootstrap.tables."""
    total = int(kinds.number.sum())
    piece = max(1, bootstrap.PIECE // max(kinds.table.shape))
    for start in range(0, draws, piece):
        size = min(piece, draws - start)
        drawn = rng.multinomial(total, kinds.number / total, size=size).astype(np.float64)
        yield (drawn @ kinds.table).reshape(size, -1, LABELS, 2)


def shuffles_of(wanted: int, rows: KeyedCells) -> int:
    """How many of the wanted shuffles fit the budget."""
    most = min(null.affordable(wanted, rows.size), SHUFFLED_ROWS // max(len(rows.cluster), 1))
    return min(wanted, max(FEWEST_SHUFFLES, most))


def _dealer(group: Ints, starts: Ints, sizes: Ints) -> Callable[[np.random.Generator], Ints]:
    """What gives every row the group of a donor key's row.  group : (rows,) with each key's rows together."""
    first_group = group[starts]
    if (np.repeat(first_group, sizes) == group).all():
        return lambda rng: np.repeat(first_group[rng.permutation(len(sizes))], sizes)
    within = np.arange(len(group)) - np.repeat(starts, sizes)

    def deal(rng: np.random.Generator) -> Ints:
        # Which of a donor's rows come first is chance, too.
        donor, first = rng.permutation(len(sizes)), rng.integers(0, 2**31, len(sizes))
        start, size = np.repeat(starts[donor], sizes), np.repeat(sizes[donor], sizes)
        return np.asarray(group[start + (within + np.repeat(first, sizes)) % size])

    return deal


def shuffled(rows: KeyedCells, shuffles: int, rng: np.random.Generator) -> Counts:
    """Counts of so many shuffles: (shuffles, groups, labels, decisions) each."""
    order, starts, sizes = by_key(rows.cluster)
    group, cell = rows.group[order].astype(np.int64) * CELLS, rows.cell[order]
    deal = _dealer(group, starts, sizes)
    weight = None if rows.weight is None else rows.weight[order]
    found = np.empty((1 if weight is None else 3, shuffles, rows.size))
    for number in range(shuffles):
        places = deal(rng) + cell
        for table, values in zip(found, (None,) if weight is None else (None, weight, weight * weight), strict=True):
            table[number] = np.bincount(places, values, minlength=rows.size)
    shaped = found.reshape(len(found), shuffles, -1, LABELS, 2)
    return Counts(shaped[0], shaped[min(1, len(found) - 1)], shaped[min(2, len(found) - 1)])
