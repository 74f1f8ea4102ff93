"""Do two rankings of the columns contradict each other? Only the pairs are asked that both of them can tell apart.

A rank correlation takes near ties for disorder: of thirty columns that fifty rows cannot order, two honest rankings agree
in little. Here a pair of columns counts where the interval of its difference leaves out 0 in both rankings, and it
contradicts where the two signs differ. For columns that are truly as important as each other, each ranking errs towards
one side with p / 2, so both err apart with p * p / 2, and less where they are not: with p = sqrt(2 ALPHA / pairs) two
rankings of the same thing contradict each other anywhere with ALPHA at most (Bonferroni over the pairs).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sluicegate.explanation.table import Floats
from sluicegate.stats import keys
from sluicegate.stats.arrays import Ints
from sluicegate.stats.limits import mean_limits

#: How often two rankings of the same thing may be said to contradict each other: with two such checks, 1 % of reports.
ALPHA = 0.005
#: Where more than this share of random orders would contradict none of the pairs, to contradict none proves nothing.
MAX_LUCK = 0.01
ORDERS = 2000
#: Of the largest value: below it a difference is rounding.
ROUNDING = 1e-9
#: So few columns have an order that one in a hundred random ones does not show by luck.
MIN_COLUMNS = 5
#: A spread of fewer draws says too little.
MIN_DRAWS = 3


@dataclass(frozen=True, eq=False)
class ColumnRanking:
    """value : (k,) importances.  covariance : (k, k) of their errors.  draws : what it was estimated from: repeats, rows or keys."""

    value: Floats
    covariance: Floats
    draws: int

    @classmethod
    def of_draws(cls, draws: Floats) -> ColumnRanking:
        """The mean of independent draws, (n, k)."""
        n, k = draws.shape
        covariance = np.zeros((k, k)) if n < 2 else np.atleast_2d(np.cov(draws, rowvar=False)) / n
        return cls(draws.mean(axis=0), covariance, n)

    @classmethod
    def of_rows(cls, values: Floats, cluster: Ints | None) -> ColumnRanking:
        """The mean of rows, (n, k).  cluster : (n,) of fairness.keys.numbered: rows of one key are one draw; None: each row is one."""
        if cluster is None:
            return cls.of_draws(values)
        mean = values.mean(axis=0)
        moved = keys.added(values - mean, cluster)
        number = len(moved)
        return cls(mean, moved.T @ moved / len(values) ** 2 * (number / max(number - 1, 1)), number)

    def with_noise(self, covariance: Floats, draws: int) -> ColumnRanking:
        """With a further source of error, itself known from so many draws."""
        return ColumnRanking(self.value, self.covariance + covariance, min(self.draws, draws))

    def told_apart(self, level: float) -> npt.NDArray[np.int64]:
        """(k, k): 1 where the row's column is the more important one, -1 where the other is, 0 where these draws cannot tell.

        level : how often a pair of equals may be told apart.
        """
        k = len(self.value)
        if self.draws < MIN_DRAWS:
            return np.zeros((k, k), np.int64)
        own = np.diag(self.covariance)
        error = np.sqrt(np.maximum(own[:, None] + own[None, :] - 2 * self.covariance, 0.0))
        far = mean_limits(np.zeros(1), error, np.full(1, float(self.draws)), level / 2)[1]
        apart = self.value[:, None] - self.value[None, :]
        is_told = np.abs(apart) > np.maximum(far, ROUNDING * np.abs(self.value).max(initial=0.0))
        return np.where(is_told, np.sign(apart), 0).astype(np.int64)


def jackknife(parts: Floats) -> Floats:
    """(parts, k) pseudo-values of mean |contribution|, from the mean of the parts (Tukey 1958, Ann. Math. Stat. 29:614).

    parts : (parts, n, k) contributions of the same rows, each against references of its own.
    """
    n = len(parts)
    total = parts.sum(axis=0)
    whole = np.abs(total / n).mean(axis=0)
    without = np.stack([np.abs((total - one) / max(n - 1, 1)).mean(axis=0) for one in parts])
    return np.asarray(n * whole - (n - 1) * without)


@dataclass(frozen=True)
class Comparison:
    """agree, contradict : pairs of columns that both rankings tell apart.  luck : share of random orders that would contradict none."""

    agree: int
    contradict: int
    luck: float

    @property
    def pairs(self) -> int:
        return self.agree + self.contradict

    @property
    def is_settled(self) -> bool:
        """Whether enough columns are told apart to say something."""
        return self.luck <= MAX_LUCK

    @property
    def balance(self) -> float:
        """(agree - contradict) / pairs, from -1 to 1 (Goodman & Kruskal's gamma 1954); NaN without pairs."""
        return (self.agree - self.contradict) / self.pairs if self.pairs else float("nan")


def is_open(one: ColumnRanking, other: ColumnRanking) -> bool:
    """Whether more draws might order columns that these do not."""
    is_known = bool(np.isfinite(one.value).all() and np.isfinite(other.value).all())
    return is_known and len(one.value) >= MIN_COLUMNS and not compare(one, other).is_settled


def compare(one: ColumnRanking, other: ColumnRanking, alpha: float = ALPHA) -> Comparison:
    """The pairs that both tell apart at levels that hold over all of them together."""
    k = len(one.value)
    level = float(np.sqrt(2 * alpha / max(k * (k - 1) / 2, 1)))
    first, second = one.told_apart(min(level, 1.0)), other.told_apart(min(level, 1.0))
    product = np.triu(first * second, 1)
    above, below = np.nonzero((first > 0) & (second != 0))
    return Comparison(int((product > 0).sum()), int((product < 0).sum()), _luck(k, above, below))


def _luck(columns: int, above: npt.NDArray[np.int64], below: npt.NDArray[np.int64]) -> float:
    """Share of random orders in which every column of `above` stands before its partner of `below`."""
    if not len(above):
        return 1.0
    place = np.random.default_rng(0).random((ORDERS, columns))
    held = np.ones(ORDERS, bool)
    for up, down in zip(above.tolist(), below.tolist(), strict=True):
        held &= place[:, up] < place[:, down]
        if not held.any():
            break
    return float(held.mean())
