"""The counts that everything else is computed from: group x label x decision (x the released model's decision), in one pass."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fairness.arrays import Floats, Ints

#: Places on the label's axis.
NEGATIVE, POSITIVE, UNLABELLED = 0, 1, 2
LABELS = 3


@dataclass(frozen=True, eq=False)
class Counts:
    """rows, weight, weight2 : (..., groups, 3 labels, 2 decisions); number of rows, sum of weights, sum of squared weights.

    Without weights the three are equal. weight2 gives the effective number of rows (fairness.rates).
    """

    rows: Floats
    weight: Floats
    weight2: Floats

    def merged(self, parents: Ints, groups: int) -> Counts:
        """Counts of coarser groups.  parents : (finest groups,) place of each one's coarser group."""
        into = np.zeros((groups, len(parents)))
        into[parents, np.arange(len(parents))] = 1.0
        return Counts(*(_merge(into, table) for table in (self.rows, self.weight, self.weight2)))

    def scaled(self, factor: float) -> Counts:
        """The same shares with so many times the rows."""
        return Counts(self.rows * factor, self.weight * factor, self.weight2 * factor)


@dataclass(frozen=True, eq=False)
class JointCounts:
    """As Counts, with one axis more at the end: the released model's decision (1 wide where there is none)."""

    rows: Floats
    weight: Floats
    weight2: Floats

    @property
    def has_baseline(self) -> bool:
        return self.rows.shape[-1] == 2

    def merged(self, parents: Ints, groups: int) -> JointCounts:
        """Counts of coarser groups, as Counts.merged."""
        into = np.zeros((groups, len(parents)))
        into[parents, np.arange(len(parents))] = 1.0
        tables = (self.rows, self.weight, self.weight2)
        return JointCounts(*(np.tensordot(into, table, 1) for table in tables))

    def scaled(self, factor: float) -> JointCounts:
        """The same shares with so many times the rows."""
        return JointCounts(self.rows * factor, self.weight * factor, self.weight2 * factor)

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


def _merge(into: Floats, table: Floats) -> Floats:
    flat = table.reshape(*table.shape[:-2], LABELS * 2)
    merged: Floats = np.matmul(into, flat)
    return merged.reshape(*merged.shape[:-1], LABELS, 2)
