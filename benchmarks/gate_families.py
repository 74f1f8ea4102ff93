"""Families of columns as the statistics that the data gate keeps, drawn without drawing rows.

A column of few values is one multinomial draw of its counts; one of many is its kept quantiles, drawn as order statistics, whose
spacings are gamma distributed. So a column of 100,000 rows costs as much as one of 300, and many columns are drawn at once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from schemas.distributions import Distribution, Numbers, Values
from sluicegate.stats import limits
from sluicegate.stats.arrays import Floats, Ints, Mask
from sluicegate.stats.distances import COMMON, GONE

KEPT = 256
Rng = np.random.Generator


class Columns(ABC):
    """Columns of one family.

    What is asked of two of them at once only says which pairs the gate must look at: it bounds what the gate would measure.
    """

    @abstractmethod
    def column(self, place: int) -> Distribution:
        """One of them as the gate reads it."""

    @abstractmethod
    def is_watched(self, now: Columns) -> Mask:
        """(columns,) whether some value is so common that it is asked whether it came or went."""

    @abstractmethod
    def may_move(self, now: Columns, limit: float, level: Floats, worth: float) -> Mask:
        """(columns,) whether the distance, or what came or went, may be shown to be beyond its limit.

        level : (columns,) of one question.  worth : independent rows per row.
        """


@dataclass(frozen=True, eq=False)
class Counted(Columns):
    """Few values.  points : (values,) numbers; empty for categories.  counts : (columns, values)."""

    points: Floats
    counts: Ints
    rows: int

    def column(self, place: int) -> Distribution:
        return (of_counts(self.points, self.counts[place], self.rows) if len(self.points)
                else _kept(self.counts[place], self.rows))  # fmt: skip

    @property
    def shares(self) -> Floats:
        found: Floats = self.counts / self.rows
        return found

    def is_watched(self, now: Columns) -> Mask:
        assert isinstance(now, Counted)
        found: Mask = np.any(np.maximum(self.shares, now.shares) >= COMMON, axis=1)
        return found

    def may_move(self, now: Columns, limit: float, level: Floats, worth: float) -> Mask:
        assert isinstance(now, Counted)
        if len(self.points):
            apart = np.abs(np.cumsum(self.shares - now.shares, 1)).max(1)
            moved = apart > limit + _noise(level, self.rows * worth, now.rows * worth) - SLACK
        else:
            moved = _share_may_move(self, now, limit, level, worth)
        return moved | _may_turn_over(self, now, level, worth)


def _share_may_move(old: Counted, now: Counted, limit: float, level: Floats, worth: float) -> Mask:
    """By Wilson's limits, as the gate asks first; what is pooled there is known here, and can only be further apart."""
    kept = (old.counts >= _least(old.rows)) | (now.counts >= _least(now.rows))
    at, _ = places = np.nonzero(kept)
    p, q = np.sort(np.stack([old.shares[places], now.shares[places]]), 0)
    # The gate shares a level among the names of a column; of columns that are drawn together the most lenient holds.
    confidence, rows = float((1 - level / kept.sum(1)).min()), np.array(max(old.rows, now.rows) * worth)
    high, low = limits.wilson(p, rows, confidence)[1], limits.wilson(q, rows, confidence)[0]
    moved = np.zeros(len(level), bool)
    moved[at[q - p - np.hypot(high - p, q - low) > limit - SLACK]] = True
    return moved


def _may_turn_over(old: Counted, now: Counted, level: Floats, worth: float) -> Mask:
    """Whether more than GONE of a watched value is shown to be lost, by the exact limits that the gate goes by."""
    is_watched = np.maximum(old.shares, now.shares) >= COMMON
    some = is_watched.any(0)
    is_watched = is_watched[:, some]
    had, left = old.counts[:, some] * worth, now.counts[:, some] * worth
    found = np.zeros(len(level), bool)
    for one, other, ratio in ((had, left, now.rows / old.rows), (left, had, old.rows / now.rows)):
        at = np.nonzero(is_watched & (one > (one + other) / (1 + (1 - GONE) * ratio)))
        total, each = (one + other)[at], (level / (2 * np.maximum(is_watched.sum(1), 1)))[at[0]]
        low = limits.share_limits(one[at] / total, total, each)[0]
        found[at[0][1 - (1 - low) / np.maximum(low, 1e-300) / ratio > GONE - SLACK]] = True
    return found


@dataclass(frozen=True, eq=False)
class Ordered(Columns):
    """Many values, as kept order statistics.

    share : (columns, kept) uniform, ascending.  ranks : (columns, kept) of each among all rows; one that repeats the last is not kept.
    zeros : (columns,) rows that are 0 and below all others.  inverse : from shares to values.
    """

    share: Floats
    ranks: Floats
    zeros: Ints
    rows: int
    inverse: Callable[[Floats], Floats]

    def column(self, place: int) -> Distribution:
        ranks, zeros = self.ranks[place], int(self.zeros[place])
        is_kept = np.diff(ranks, prepend=0.0) > 0
        points, upto = self.inverse(self.share[place, is_kept]), ranks[is_kept]
        if zeros:
            return Numbers(self.rows, np.append(0.0, points), np.append(zeros, upto), np.append(0, upto - 1))
        return Numbers(self.rows, points, upto, upto - 1)

    def is_watched(self, now: Columns) -> Mask:
        """Only the zeros may be: of all others there is one each."""
        assert isinstance(now, Ordered)
        assert min(self.rows, now.rows) > 1 / COMMON
        found: Mask = np.maximum(self.zeros / self.rows, now.zeros / now.rows) >= COMMON
        return found

    def may_move(self, now: Columns, limit: float, level: Floats, worth: float) -> Mask:
        assert isinstance(now, Ordered)
        apart = np.maximum(_ahead(self, now), _ahead(now, self))
        moved: Mask = apart > limit + _noise(level, self.rows * worth, now.rows * worth) - SLACK
        old = Counted(np.zeros(1), self.zeros[:, None], self.rows)
        return moved | _may_turn_over(old, Counted(np.zeros(1), now.zeros[:, None], now.rows), level, worth)


def _ahead(one: Ordered, other: Ordered) -> Floats:
    """(columns,) how far the two are apart at the points of the first, whose shares are known there; those of the other lie between two ranks."""
    number, kept = other.share.shape
    offset = np.arange(number)[:, None]
    below = np.searchsorted((other.share + offset).ravel(), (one.share + offset).ravel(), side="right")
    below = below.reshape(one.share.shape) - offset * kept
    edges = np.concatenate(
        [other.zeros[:, None].astype(np.float64), other.ranks, np.full((number, 1), other.rows + 1.0)], 1
    )
    low, high = (np.take_along_axis(edges, below + more, 1) - more for more in (0, 1))
    upto, before = one.ranks / one.rows, (one.ranks - 1) / one.rows
    apart = np.maximum(upto - high / other.rows, low / other.rows - before).max(1)
    found: Floats = np.maximum(apart, np.abs(one.zeros / one.rows - other.zeros / other.rows))
    return found


def _noise(level: Floats, n: float, m: float) -> Floats:
    """As fairness.distances.noise, of many levels."""
    found: Floats = np.sqrt(np.log(2 / level) / 2 * (1 / n + 1 / m))
    return found


#: So much nearer to its limit than the gate asks: rounding must not hide a column from it.
SLACK = 1e-9


@dataclass(frozen=True)
class Family:
    """draw : so many columns, from a generator, rows and their number.  worth : independent rows per row of a split of this family."""

    name: str
    draw: Callable[[Rng, int, int], Columns]
    worth: float = 1.0


def of_counts(points: Floats, counts: Ints, rows: int) -> Numbers:
    """A column of numbers that are all kept."""
    held = counts > 0
    upto = np.cumsum(counts[held]).astype(np.float64)
    return Numbers(rows, points[held], upto, upto - counts[held])


def of_quantiles(rng: Rng, inverse: Callable[[Floats], Floats], rows: int) -> Numbers:
    """Kept order statistics of one continuous column."""
    column = _ordered(rng, inverse, rows, np.zeros(1, np.int64)).column(0)
    assert isinstance(column, Numbers)
    return column


def _ordered(rng: Rng, inverse: Callable[[Floats], Floats], rows: int, zeros: Ints) -> Ordered:
    """Kept order statistics of continuous columns, one for each number of zeros."""
    number = rows - zeros[:, None].astype(np.float64)
    steps = np.arange(min(KEPT, int(number.max())), dtype=np.float64)
    # Few enough rows are all kept.
    ranks = np.where(number > KEPT, 1 + (number - 1) * steps / (KEPT - 1), np.minimum(steps + 1, number)).round()
    gaps = rng.gamma(np.concatenate([np.diff(ranks, prepend=0.0), number + 1 - ranks[:, -1:]], 1))
    upto = np.cumsum(gaps, 1)
    return Ordered(upto[:, :-1] / upto[:, -1:], ranks + zeros[:, None], zeros, rows, inverse)


def _poisson(rng: Rng, rows: int, number: int) -> Columns:
    return Counted(np.arange(30.0), rng.multinomial(rows, POISSON, number), rows)


def _geometric(rng: Rng, rows: int, number: int) -> Columns:
    return Counted(np.arange(60.0), rng.multinomial(rows, GEOMETRIC, number), rows)


def _codes(rng: Rng, rows: int, number: int) -> Columns:
    return Counted(CODES, rng.multinomial(rows, CODE_SHARES, number), rows)


def _amounts(rng: Rng, rows: int, number: int) -> Columns:
    return _ordered(rng, lambda share: np.exp(1.5 * _normal(share)), rows, np.zeros(number, np.int64))


def _mostly_zero(rng: Rng, rows: int, number: int) -> Columns:
    zeros = np.minimum(rng.binomial(rows, 0.9, number), rows - 2)
    return _ordered(rng, lambda share: np.exp(7 + 1.5 * _normal(share)), rows, zeros)


def _categories(rng: Rng, rows: int, number: int) -> Columns:
    return Counted(NO_POINTS, rng.multinomial(rows, ZIPF, number), rows)


def _repeated(rng: Rng, rows: int, number: int) -> Columns:
    """Each record stands three times in the table."""
    return Counted(np.arange(30.0), _times(3, rng, rows, POISSON, number), rows)


def _grouped(rng: Rng, rows: int, number: int) -> Columns:
    """Four rows of each key, with one value in all of them."""
    return Counted(NO_POINTS, _times(4, rng, rows, ZIPF, number), rows)


def _times(copies: int, rng: Rng, rows: int, shares: Floats, number: int) -> Ints:
    """Rows that come in so many copies; what is left over comes once."""
    found: Ints = copies * rng.multinomial(rows // copies, shares, number)
    return found + rng.multinomial(rows % copies, shares, number)


def _least(rows: int) -> float:
    """Rows that a kept category has."""
    return max(2.0, rows / 1000)


def _kept(counts: Ints, rows: int) -> Values:
    is_kept = counts >= _least(rows)
    kept = np.flatnonzero(is_kept)
    return Values(rows, tuple(map(str, kept)), counts[kept], int(counts[~is_kept].max(initial=0)))


def _normal(share: Floats) -> Floats:
    """Quantiles of the normal distribution to 1e-3 (Abramowitz & Stegun 1964, 26.2.23): families need no more."""
    tail = np.minimum(share, 1 - share)
    t = np.sqrt(-2 * np.log(np.maximum(tail, 1e-300)))
    above = t - (2.515517 + 0.802853 * t + 0.010328 * t**2) / (1 + 1.432788 * t + 0.189269 * t**2 + 0.001308 * t**3)
    return np.where(share < 0.5, -above, above)


def _shares(weights: Floats) -> Floats:
    return weights / weights.sum()


NO_POINTS = np.zeros(0)
_STEPS = np.arange(60.0)
POISSON = _shares(np.exp(_STEPS[:30] * np.log(3.0) - np.cumsum(np.log(np.maximum(_STEPS[:30], 1)))))
GEOMETRIC = _shares(0.8**_STEPS)
CODES = np.concatenate([np.arange(1.0, 300), [999.0]])
CODE_SHARES = _shares(np.where(np.isin(CODES, [10, 20, 50, 100, 999]), 40.0, 0.3))
ZIPF = _shares(1 / np.arange(1.0, 501) ** 1.3)

FAMILIES = (
    Family("Poisson counts", _poisson),
    Family("geometric counts", _geometric),
    Family("lognormal amounts", _amounts),
    Family("amounts, 90 % zero", _mostly_zero),
    Family("codes with spikes", _codes),
    Family("Zipf categories", _categories),
    Family("each row three times", _repeated, 1 / 3),
    Family("four rows of each key", _grouped, 1 / 4),
)
