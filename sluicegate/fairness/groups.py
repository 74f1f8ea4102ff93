"""Which group a row belongs to: columns to codes, numbers to bins, and intersections that hold only groups that exist."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sluicegate.stats.arrays import Floats, Ints

MISSING = "missing"
#: Above so many thinkable cells the ones that exist are found by sorting, not by counting all of them.
COUNTABLE = 1 << 22


@dataclass(frozen=True, eq=False)
class Groups:
    """A partition of the rows.

    columns : the sensitive columns.  values : per group, one text per column.
    codes : (rows,) place of each row's group in `values`.
    order : per column, its values as a reader expects them: texts by the alphabet, numbers and bins as they rise, what is missing last.
    """

    columns: tuple[str, ...]
    values: tuple[tuple[str, ...], ...]
    codes: npt.NDArray[np.integer]
    order: tuple[tuple[str, ...], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """
        >>> Groups(("sex", "race"), (("Female", "White"),), np.array([0]), ()).names
        ('sex=Female, race=White',)
        """
        return tuple(", ".join(f"{c}={v}" for c, v in zip(self.columns, value, strict=True)) for value in self.values)


def of_texts(column: str, codes: npt.NDArray[np.integer], values: Sequence[str]) -> Groups:
    """Groups of a text column.  codes : (rows,) place in `values`, -1 = missing, which becomes a group of its own.

    A category that is called so itself is told apart by quotes.

    >>> of_texts("sex", np.array([0, -1, 0]), ["Female", "Male"]).names
    ('sex=Female', 'sex=missing')
    >>> of_texts("state", np.array([0, -1]), ["missing"]).names
    ('state="missing"', 'state=missing')
    """
    names = [f'"{value}"' if value.strip('"') == MISSING else value for value in values]
    return _of_column(column, codes, names, sorted(names))


def _of_column(column: str, codes: npt.NDArray[np.integer], names: Sequence[str], order: Sequence[str]) -> Groups:
    every: list[tuple[str, ...]] = [(name,) for name in (*names, MISSING)]
    return _existing((column,), every, np.where(codes < 0, len(names), codes), ((*order, MISSING),))


def of_numbers(column: str, numbers: Floats, bins: Sequence[float]) -> Groups:
    """Groups of a number column: its bins, or its distinct values where there are none. NaN is a group of its own.

    >>> of_numbers("age", np.array([24.0, 25.0, np.nan]), [25, 60]).names
    ('age=<25', 'age=25-60', 'age=missing')
    """
    absent = np.isnan(numbers)
    if not len(bins):
        distinct, codes = np.unique(numbers[~absent], return_inverse=True)
        whole = np.full(len(numbers), -1)
        whole[~absent] = codes
        names = [f"{value:g}" for value in distinct]
        return _of_column(column, whole, names, names)
    inner = [f"{low:g}-{high:g}" for low, high in itertools.pairwise(bins)]
    names = [f"<{bins[0]:g}", *inner, f">={bins[-1]:g}"]
    return _of_column(column, np.where(absent, -1, np.digitize(numbers, bins)), names, names)


def intersect(parts: Sequence[Groups]) -> Groups:
    """The intersection of partitions of the same rows; a combination that no row has does not occur."""
    whole = parts[0]
    for part in parts[1:]:
        width = len(part.values)
        codes = whole.codes.astype(np.int64) * width + part.codes
        pairs = itertools.product(whole.values, part.values)
        whole = _existing(whole.columns + part.columns, [a + b for a, b in pairs], codes, whole.order + part.order)
    return whole


def coarsen(finest: Groups, columns: Sequence[str]) -> tuple[Groups, Ints]:
    """The groups of some of the columns, and which of them each of the finest groups belongs to.

    They stand in the order of the columns' values. The partition that comes back has no codes for rows: counts of the finest
    groups are enough for it.

    >>> ages = of_numbers("age", np.array([np.nan, 70.0, 30.0, 20.0, 9.0]), [9.5, 25, 60])
    >>> coarsen(ages, ["age"])[0].names
    ('age=<9.5', 'age=9.5-25', 'age=25-60', 'age=>=60', 'age=missing')
    """
    places = [finest.columns.index(column) for column in columns]
    order = tuple(finest.order[place] for place in places)
    ranks = [{value: rank for rank, value in enumerate(values)} for values in order]
    kept = [tuple(value[p] for p in places) for value in finest.values]
    found = sorted(set(kept), key=lambda value: [rank[one] for rank, one in zip(ranks, value, strict=True)])
    number = {value: i for i, value in enumerate(found)}
    parents = np.array([number[value] for value in kept], np.int64)
    return Groups(tuple(columns), tuple(found), np.empty(0, np.int64), order), parents


def combinations(columns: Sequence[str], depth: int) -> list[tuple[str, ...]]:
    """Every combination of up to `depth` columns, single columns first.

    >>> combinations(["sex", "race"], 2)
    [('sex',), ('race',), ('sex', 'race')]
    """
    depths = range(1, min(depth, len(columns)) + 1)
    return [chosen for size in depths for chosen in itertools.combinations(columns, size)]


def _existing(
    columns: tuple[str, ...],
    values: list[tuple[str, ...]],
    codes: npt.NDArray[np.integer],
    order: tuple[tuple[str, ...], ...],
) -> Groups:
    if len(values) <= COUNTABLE:
        found = np.flatnonzero(np.bincount(codes, minlength=len(values)))
        places = np.zeros(len(values), np.int32)
        places[found] = np.arange(len(found), dtype=np.int32)
        return Groups(columns, tuple(values[i] for i in found), places[codes], order)
    found, renumbered = np.unique(codes, return_inverse=True)
    return Groups(columns, tuple(values[i] for i in found), renumbered.astype(np.int32), order)
