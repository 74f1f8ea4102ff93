"""Permutation importance of columns and groups of columns: what is lost when their values change rows.

Breiman 2001 (Machine Learning 45:5), on the model's raw columns. The columns of a group change rows together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from schemas.explanation_evidence import Estimate
from sluicegate.explanation.asking import ModelEvaluator
from sluicegate.explanation.measures import InfluencedValue, Measure, estimate, standard_error
from sluicegate.explanation.order import ColumnRanking
from sluicegate.explanation.table import Codes, Floats
from sluicegate.stats import keys
from sluicegate.stats.arrays import Ints


@dataclass(frozen=True, eq=False)
class Loss:
    """What shuffling cost.

    by_repeat : (repeats,) loss of each shuffle.
    influence : (n,) of each row on their mean. A row moves it in two ways, as itself and as the one whose values another row
    was given (the two projections of a V-statistic, Serfling 1980, sec. 5.7 and 6.4); with few repeats the shuffles' noise is
    in both, and an interval from it rather too wide.
    cluster : (n,) of fairness.keys.numbered, or None.
    """

    by_repeat: Floats
    influence: Floats
    cluster: Ints | None = None

    @property
    def whole(self) -> Estimate:
        """The mean, with an interval over rows and repeats together."""
        error = standard_error(self.influence, np.ones(len(self.influence)), self.cluster)
        return estimate(float(self.by_repeat.mean()), error)

    @property
    def repeat_sd(self) -> float | None:
        return float(self.by_repeat.std(ddof=1)) if len(self.by_repeat) > 1 else None

    def joined(self, more: Loss) -> Loss:
        """With further repeats on the same rows."""
        repeats = np.array([len(self.by_repeat), len(more.by_repeat)])
        influence = repeats @ np.stack([self.influence, more.influence]) / repeats.sum()
        return Loss(np.concatenate([self.by_repeat, more.by_repeat]), influence, self.cluster)


def by_halves(losses: Sequence[Loss]) -> tuple[ColumnRanking, ColumnRanking]:
    """The order of the columns by every other shuffle, and by those between."""
    draws = np.stack([loss.by_repeat for loss in losses], axis=1)
    return ColumnRanking.of_draws(draws[::2]), ColumnRanking.of_draws(draws[1::2])


def over_rows(losses: Sequence[Loss]) -> ColumnRanking:
    """The order of the columns, as far as these rows and shuffles know it."""
    influence = np.stack([loss.influence for loss in losses], axis=1)
    value = np.array([loss.by_repeat.mean() for loss in losses])
    moved = keys.added(influence, losses[0].cluster)
    return ColumnRanking(value, moved.T @ moved / len(influence) ** 2, len(moved))


def losses(
    ask: ModelEvaluator,
    rows: Codes,
    targets: Sequence[Sequence[int]],
    measures: Sequence[tuple[Measure, float]],
    setup: tuple[Floats, int, np.random.Generator],
    cluster: Ints | None = None,
) -> list[list[Loss]]:
    """For each target, one Loss per measure.

    rows : (n, k) codes.  targets : columns that change rows together.
    measures : each with its sign: 1 where a larger value is better, -1 where it is worse.
    setup : (n,) weights, repeats, the source of chance.  cluster : (n,) of fairness.keys.numbered, or None.
    """
    weight, repeats, rng = setup
    base = ask.remember(rows)
    before = [measure(base) for measure, _ in measures]
    found = []
    for columns in targets:
        codes, donors = shuffled(rows, columns, repeats, rng)
        scores = ask(codes).reshape(repeats, len(rows), -1)
        after = [[measure(one) for one in scores] for measure, _ in measures]
        pairs = zip(before, after, (sign for _, sign in measures), strict=True)
        found.append([replace(_loss(was, now, sign, (weight, donors)), cluster=cluster) for was, now, sign in pairs])
    return found


def shuffled(
    rows: Codes, columns: Sequence[int], repeats: int, rng: np.random.Generator
) -> tuple[Codes, npt.NDArray[np.int64]]:
    """(repeats * n, k) the rows with these columns taken from another row, the same for all of them; (repeats, n) which."""
    donors = rng.permuted(np.tile(np.arange(len(rows)), (repeats, 1)), axis=1)
    many = np.tile(rows, (repeats, 1))
    for column in columns:
        many[:, column] = rows[donors.ravel(), column]
    return many, donors


def _loss(
    before: InfluencedValue, after: Sequence[InfluencedValue], sign: float, rows: tuple[Floats, npt.NDArray[np.int64]]
) -> Loss:
    """Rows : (n,) weights; (repeats, n) whose values each row was given."""
    weight, donors = rows
    by_repeat = sign * (before.value - np.array([one.value for one in after]))
    moved = weight * np.stack([one.influence for one in after])
    as_donor = np.zeros_like(moved)
    np.put_along_axis(as_donor, donors, moved, axis=1)
    whole = weight * before.influence - moved.mean(axis=0) - as_donor.mean(axis=0)
    return Loss(by_repeat, whole / weight.mean())
