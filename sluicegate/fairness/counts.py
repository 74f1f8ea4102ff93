"""The counts that everything else is computed from: group x label x decision (x the released model's decision), in one pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt

from sluicegate.stats.arrays import Floats, Ints

#: Places on the label's axis.
NEGATIVE, POSITIVE, UNLABELLED = 0, 1, 2
LABELS = 3


@dataclass(frozen=True, eq=False)
class _Tables:
    """Three tables of the same cells for each group."""

    #: Axes of the cells, behind that of the groups.
    AXES: ClassVar[int]

    rows: Floats
    weight: Floats
    weight2: Floats

    def merged(self, parents: Ints, groups: int) -> Self:
        """Counts of coarser groups.  parents : (finest groups,) place of each one's coarser group."""
        into = np.zeros((groups, len(parents)))
        into[parents, np.arange(len(parents))] = 1.0
        return type(self)(*(_merge(into, table, self.AXES) for table in (self.rows, self.weight, self.weight2)))

    def scaled(self, factor: float) -> Self:
        """The same shares with so many times the rows."""
        return type(self)(self.rows * factor, self.weight * factor, self.weight2 * factor)


class Counts(_Tables):
    """rows, weight, weight2 : (..., groups, 3 labels, 2 decisions); number of rows, sum of weights, sum of squared weights.

    Without weights the three are equal. weight2 gives the effective number of rows (fairness.rates).
    """

    AXES = 2


class JointCounts(_Tables):
    """As Counts, with one axis more at the end: the released model's decision (1 wide where there is none)."""

    AXES = 3

    @property
    def has_baseline(self) -> bool:
        return self.rows.shape[-1] == 2

    def candidate(self) -> Counts:
        return Counts(self.rows.sum(-1), self.weight.sum(-1), self.weight2.sum(-1))

    def baseline(self) -> Counts:
        """Counts of the released model on the same rows."""
        return Counts(self.rows.sum(-2), self.weight.sum(-2), self.weight2.sum(-2))


def count(
    groups: npt.NDArray[np.integer],
    label: npt.NDArray[np.integer],
    decision: npt.NDArray[np.bool_],
    weight: Floats | None = None,
    baseline: npt.NDArray[np.bool_] | None = None,
) -> JointCounts:
    """One pass over the rows.

    groups : (rows,) from 0.  label : (rows,) 0, 1, or 2 where it is unknown.  decision, baseline : (rows,) True = positive.
    weight : (rows,) or None: every row counts once.
    """
    width = 1 if baseline is None else 2
    places = LABELS * 2 * width
    cells = groups.astype(np.int32 if groups.max(initial=0) < 2**31 // places - 1 else np.int64)
    cells = (cells * LABELS + label.astype(np.int8)) * 2 + decision
    if baseline is not None:
        cells = cells * 2 + baseline
    number = int(groups.max(initial=-1)) + 1
    shape = (number, LABELS, 2, width)

    def added(values: Floats | None) -> Floats:
        return np.bincount(cells, values, minlength=number * places).astype(np.float64).reshape(shape)

    rows = added(None)
    return JointCounts(rows, rows, rows) if weight is None else JointCounts(rows, added(weight), added(weight * weight))


def _merge(into: Floats, table: Floats, axes: int) -> Floats:
    cells = table.shape[-axes:]
    merged: Floats = np.matmul(into, table.reshape(*table.shape[:-axes], -1))
    return merged.reshape(*merged.shape[:-1], *cells)
