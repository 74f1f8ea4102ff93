"""Where a number column bends: the knots of the piecewise-linear encoding, from the transformed train rows."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

#: A value that stands for so many rows, on average of its column, is worth a knot of its own.
ROWS_PER_VALUE = 20


def of_column(values: npt.NDArray[np.float32], max_knots: int) -> npt.NDArray[np.float32]:
    """Ascending, distinct knots of one column, shape (1 to max_knots,).

    values : (n_rows,) with NaN where missing.
    Every distinct value where there are few and each stands for many rows (ROWS_PER_VALUE). Else n rows carry 2 n^(1/3) knots
    (Rice's rule; Terrell & Scott 1985, J. Am. Stat. Assoc. 80:209: the bins of a histogram must grow with the cube root of the
    rows), because of fewer rows the bends would learn each by heart; half of these are quantiles of the rows, where the data is
    dense, and half are quantiles of the distinct values, so that the tail of a spiky column (mostly zero) is resolved, too.
    Encoding: Gorishniy et al., "On Embeddings for Numerical Features in Tabular Deep Learning", 2022, section 3.1.
    """
    present = values[np.isfinite(values)]
    distinct = np.unique(present)
    if not len(distinct):
        return np.zeros(1, np.float32)
    if len(distinct) <= min(max_knots, len(present) / ROWS_PER_VALUE):
        return distinct
    max_knots = min(max_knots, max(2, math.ceil(2 * len(present) ** (1 / 3))))
    if len(distinct) <= max_knots:
        return distinct
    dense = np.quantile(present, np.linspace(0, 1, max_knots - max_knots // 2), method="nearest")
    wide = np.quantile(distinct, np.linspace(0, 1, max_knots // 2 + 2)[1:-1], method="nearest")
    return np.unique(np.concatenate([dense, wide])).astype(np.float32)


def of_table(numbers: npt.NDArray[np.float32], max_knots: int) -> tuple[npt.NDArray[np.float32], ...]:
    """One knot vector per column of `numbers`, shape (n_rows, n_columns)."""
    return tuple(of_column(column, max_knots) for column in numbers.T)
