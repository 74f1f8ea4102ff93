"""How large a gap is when there is none: group labels dealt out anew among the same rows, labels and decisions.

From counts alone: shuffling the labels deals the cells (label x decision) out to the groups without replacement (multivariate
hypergeometric). All attributes are shuffled together, so one shuffle serves every intersection.
"""

from __future__ import annotations

import numpy as np

from sluicegate.fairness.bootstrap import weigh, weights_in_cells
from sluicegate.fairness.counts import Counts
from sluicegate.stats.arrays import Floats

#: Numbers drawn at most; beyond, there are fewer shuffles.
BUDGET = 3_000_000
FEWEST = 400


def affordable(shuffles: int, cells: int) -> int:
    """How many of the wanted shuffles fit the budget."""
    return min(shuffles, max(FEWEST, BUDGET // max(cells, 1)))


def shuffled(counts: Counts, shuffles: int, rng: np.random.Generator) -> Counts:
    """Counts of so many shuffles: (shuffles, groups, labels, decisions) each.

    With weights a group's weight in a cell is drawn from a gamma distribution with the mean and variance that a sample of the cell's rows without
    replacement has.
    """
    rows = _dealt(counts.rows, shuffles, rng)
    pooled = Counts(*(t.sum(0, keepdims=True) for t in (counts.rows, counts.weight, counts.weight2)))
    mean, deviation = weights_in_cells(pooled)
    mean, deviation = mean.reshape(pooled.rows.shape), deviation.reshape(pooled.rows.shape)
    if not deviation.any() and (mean == 1).all():
        return Counts(rows, rows, rows)
    free = rows * (1 - rows / np.maximum(pooled.rows, 1.0))
    weight = weigh(rows, mean, deviation, free, rng)
    return Counts(rows, weight, rows * pooled.weight2 / np.maximum(pooled.rows, 1.0))


def _dealt(rows: Floats, shuffles: int, rng: np.random.Generator) -> Floats:
    groups = rows.shape[0]
    cells = rows.reshape(groups, -1).astype(np.int64)
    left = np.broadcast_to(cells.sum(0), (shuffles, cells.shape[1])).copy()
    dealt = np.zeros((shuffles, *cells.shape))
    for group, size in enumerate(cells.sum(1)):
        wanted = np.full(shuffles, size)
        behind = left.sum(1)
        for cell in range(cells.shape[1]):
            behind = behind - left[:, cell]
            taken = rng.hypergeometric(left[:, cell], behind, wanted) if left[:, cell].any() else np.zeros_like(wanted)
            dealt[:, group, cell] = taken
            wanted = wanted - taken
            left[:, cell] -= taken
    return dealt.reshape(shuffles, *rows.shape)
