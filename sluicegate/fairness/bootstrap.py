"""Draws of whole count tables: what would have been counted, had other rows come from the same source.

Rows drawn with replacement are a multinomial draw of the cells, so a draw costs the number of cells, not of rows (Efron & Tibshirani 1993,
An Introduction to the Bootstrap, ch. 6). All gaps are taken from the same draws. Where rows carry weights, the weight in a cell given its
drawn rows N is drawn from a gamma distribution with mean N x mean weight and variance N x variance of the weights: the row bootstrap's
own mean and variance, positive and skewed as sums of weights are (compound multinomial).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sluicegate.fairness.counts import Counts
from sluicegate.stats.arrays import Floats

#: Numbers in one piece of draws: 64 MB.
PIECE = 8_000_000
#: Numbers drawn at most in all; beyond, there are fewer draws, and the report says how many.
BUDGET = 60_000_000
FEWEST = 1000


def affordable(draws: int, cells: int) -> int:
    """How many of the wanted draws fit the budget.

    >>> affordable(10_000, 240), affordable(10_000, 60_000)
    (10000, 1000)
    """
    return min(draws, max(FEWEST, BUDGET // max(cells, 1)))


def tables(counts: Counts, draws: int, rng: np.random.Generator) -> Iterator[Floats]:
    """Pieces of shape (draws in the piece, groups, labels, decisions): sums of weights in every cell."""
    rows = counts.rows.ravel()
    total = int(rows.sum())
    existing = np.flatnonzero(rows > 0)
    if not total:
        return
    share = rows[existing] / rows[existing].sum()
    mean, deviation = weights_in_cells(counts)
    is_plain = not deviation.any() and bool((mean == 1).all())
    piece = max(1, PIECE // rows.size)
    for start in range(0, draws, piece):
        size = min(piece, draws - start)
        drawn = rng.multinomial(total, share, size=size).astype(np.float64)
        if not is_plain:
            drawn = weigh(drawn, mean[existing], deviation[existing], drawn, rng)
        table = np.zeros((size, rows.size))
        table[:, existing] = drawn
        yield table.reshape(size, *counts.rows.shape)


def weights_in_cells(counts: Counts) -> tuple[Floats, Floats]:
    """(cells,) mean and standard deviation of the weights of a cell's rows."""
    rows = np.maximum(counts.rows.ravel(), 1.0)
    mean = np.where(counts.rows.ravel() > 0, counts.weight.ravel() / rows, 1.0)
    spread = np.maximum(counts.weight2.ravel() / rows - mean**2, 0.0)
    # What is left of equal weights after subtraction is rounding.
    return mean, np.where(spread > 1e-12 * mean**2, np.sqrt(spread), 0.0)


def weigh(rows: Floats, mean: Floats, deviation: Floats, free: Floats, rng: np.random.Generator) -> Floats:
    """Sums of weights of drawn rows.  free : how many of the rows vary by themselves: the variance is free x deviation^2."""
    total = rows * mean
    variance = np.maximum(free, 0.0) * deviation**2
    does_vary = (variance > 0) & (total > 0)
    shape = np.where(does_vary, total**2 / np.where(does_vary, variance, 1.0), 1.0)
    drawn: Floats = np.where(does_vary, rng.standard_gamma(shape) * total / shape, total)
    return drawn
