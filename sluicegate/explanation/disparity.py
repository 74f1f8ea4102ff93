"""Which columns carry the gap between two groups: Shapley values of the gap over groups of columns.

The gap is mean outcome of one group less that of the other, so its Shapley values are the mean Shapley values of the
single rows' outcomes in one group less those in the other (Shapley values are linear in the game; Begley et al. 2020,
arXiv 2010.07389, decompose a fairness measure so). Every row has its own shuffles and orders, hence rows are as independent
as their keys are, and one two-sample standard error covers rows, shuffles and orders together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from schemas.explanation_evidence import Estimate
from sluicegate.explanation.asking import ModelEvaluator, Outcome
from sluicegate.explanation.measures import estimate, gap, standard_error
from sluicegate.explanation.shapley import Game, play
from sluicegate.explanation.table import Codes, Floats
from sluicegate.stats.arrays import Ints


@dataclass(frozen=True, eq=False)
class Sides:
    """The rows that are compared.

    rows : (n, k) codes.  is_high : (n,) which of the two groups.  weight : (n,).
    donors : (n, d, k) other rows, from which columns outside a coalition are taken.
    cluster : (n,) of fairness.keys.numbered, or None.
    """

    rows: Codes
    is_high: npt.NDArray[np.bool_]
    weight: Floats
    donors: Codes
    cluster: Ints | None = None


@dataclass(frozen=True)
class Decomposed:
    """full, null : the gap as it is, and with every column shuffled.  shares : one per player, in the gap's unit."""

    full: float
    null: float
    shares: tuple[Estimate, ...]

    @property
    def efficiency_error(self) -> float:
        """|sum of the shares - (full - null)|."""
        return abs(sum(share.value or 0.0 for share in self.shares) - (self.full - self.null))


def decompose(
    ask: ModelEvaluator,
    outcome: Outcome,
    players: Sequence[Sequence[int]],
    sides: Sides,
    chance: tuple[bool, np.random.Generator],
) -> Decomposed:
    """Chance : whether to take all coalitions instead of sampled orders, and the source of chance."""
    exact, rng = chance
    found = play(Game(ask, outcome, players, sides.rows, sides.donors, exact), rng)

    def between(values: Floats) -> tuple[float, Floats]:
        measured = gap(values, sides.is_high, ~sides.is_high, sides.weight)
        return measured.value, measured.influence

    each = [between(found.values[:, player]) for player in range(len(players))]
    shares = tuple(estimate(value, standard_error(influence, sides.weight, sides.cluster)) for value, influence in each)
    return Decomposed(between(found.at_row)[0], between(found.at_reference)[0], shares)


def donors(pool: Codes, rows: int, count: int, rng: np.random.Generator) -> Codes:
    """(rows, count, k): for each row, other rows of the pool. The pool is gone through evenly, in a random order each time."""
    order = np.stack([_around(len(pool), rows, rng) for _ in range(count)], axis=1)
    return pool[order]


def _around(pool: int, rows: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    return np.concatenate([rng.permutation(pool) for _ in range(-(-rows // pool))])[:rows]
