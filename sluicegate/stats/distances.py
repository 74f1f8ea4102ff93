"""How far two samples of one column are apart, and how much of that is shown: for skew and drift.

Numbers by D = sup |F - G| at the kept points, which no choice of bins can move; categories by the largest difference of one
value's share. Three questions are asked of each column:

- the distance itself, against its limit. Near end of D: D - sqrt(ln(2 / level) / 2 (1/n + 1/m)) (Smirnov 1939, Dvoretzky,
  Kiefer & Wolfowitz 1956 with Massart's constant 1990, Ann. Prob. 18:1269); of shares: their exact limits, joined as in
  fairness.bounds, at level / (values).
- the share of rows without a value, likewise.
- whether a value came or went: a new default code in 5 % of rows never reaches a limit of 0.1. Measured is the part of it that
  is new or gone, over values that hold COMMON of either side; beyond GONE when more than half of it is shown to be.

n and m are effective rows (Kish 1965) where rows repeat or belong together. What the samples do not tell (values between kept
points, rare values that were pooled) always counts in favour of "no difference".
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from schemas.distributions import Distribution, Numbers, Values
from sluicegate.stats import limits
from sluicegate.stats.arrays import Floats
from sluicegate.stats.interval import Interval, Levels

#: A value that holds less of both sides is not watched for coming and going.
COMMON = 0.01
#: A value came or went where more than this part of it is new or gone.
GONE = 0.5
#: Values whose limits are worked out: those whose shares are furthest apart.
MOST_VALUES = 20

Bracket = tuple[Floats, Floats]


@dataclass(frozen=True, eq=False)
class ColumnSample:
    """One side.  distribution : of the column.  rows : all rows, with and without a value.  worth : effective rows per row."""

    distribution: Distribution
    rows: int
    worth: float = 1.0

    @property
    def present(self) -> float:
        """Effective rows that have a value."""
        return self.distribution.present * self.worth

    @property
    def missing(self) -> float:
        """Share of rows without a value."""
        return 1 - self.distribution.present / self.rows if self.rows else math.nan


@dataclass(frozen=True, eq=False)
class Distance:
    """value : 0 (the same) to 1, NaN where a side has no values.  where : the value or number it was found at.

    interval : at levels, with so many times the rows.  before, now : the share in question on either side.
    """

    value: float
    where: str
    interval: Callable[[Levels, float], Interval]
    before: float = math.nan
    now: float = math.nan


def distance(before: ColumnSample, now: ColumnSample, limit: float = 1.0) -> Distance | None:
    """Of the two distributions; None where one holds numbers and the other categories.

    limit : what it will be held against; below it the near end of shares is Newcombe's, beyond it the exact one.
    """
    if isinstance(before.distribution, Numbers) and isinstance(now.distribution, Numbers):
        return _of_numbers(before, now)
    if isinstance(before.distribution, Values) and isinstance(now.distribution, Values):
        return _of_values(before, now, limit)
    return None


def noise(level: float, n: float, m: float) -> float:
    """By how much D may be too large: with at most `level` by more.  n, m : effective rows.

    >>> round(noise(0.01 / 30, 29301, 29301), 4)
    0.0172
    """
    return math.sqrt(math.log(2 / level) / 2 * (1 / n + 1 / m)) if n > 0 and m > 0 else math.inf


def smallest_shown(limit: float, level: float, before: ColumnSample, now: ColumnSample) -> float:
    """The smallest distance that these rows can show to be beyond the limit; above 1: none.

    For a share the widest case is taken, one half.
    """
    n, m = before.present, now.present
    if isinstance(now.distribution, Numbers):
        return limit + noise(level, n, m)
    deviates = -float(limits.normal_quantile(level))
    return limit + deviates * math.sqrt((1 / n + 1 / m) / 4) if n > 0 and m > 0 else math.inf


def of_missing(before: ColumnSample, now: ColumnSample, limit: float) -> Distance:
    """Difference of the shares of rows without a value."""
    shares = np.array([[before.missing], [now.missing]])
    rows = np.array([[before.rows * before.worth], [now.rows * now.worth]])
    return _of_shares(("missing",), (shares[0], shares[0]), (shares[1], shares[1]), rows, limit)


def of_turnover(before: ColumnSample, now: ColumnSample) -> Distance | None:
    """The part of a value that came or went: the value of which most is shown to have. None where no value can be watched."""
    if not (before.present > 0 and now.present > 0):
        return None
    names, old, new = _common(before, now)
    is_watched = np.maximum(old[0], new[0]) >= COMMON
    if not is_watched.any():
        return None
    names = tuple(name for name, kept in zip(names, is_watched, strict=True) if kept)
    turnover = _Turnover(
        (old[0][is_watched], old[1][is_watched]), (new[0][is_watched], new[1][is_watched]), before.present, now.present
    )
    part, middle = turnover.part, turnover.middle
    # Which value to name: not the one of which most is gone, for all of a rare one may be by chance.
    at = int(np.abs(np.sqrt(middle[0]) - np.sqrt(middle[1])).argmax())

    def interval(levels: Levels, factor: float) -> Interval:
        return Interval(np.array(turnover.shown(levels.near, factor).max()), np.array(1.0))

    return Distance(float(part[at]), names[at], interval, float(middle[0][at]), float(middle[1][at]))


@dataclass(frozen=True, eq=False)
class _Turnover:
    """old, new : least and greatest share of each watched value.  n, m : effective rows on either side."""

    old: Bracket
    new: Bracket
    n: float
    m: float

    @property
    def middle(self) -> Bracket:
        return (self.old[0] + self.old[1]) / 2, (self.new[0] + self.new[1]) / 2

    @property
    def part(self) -> Floats:
        """What came or went of each value, as it looks."""
        found: Floats = 1 - np.minimum(*self.middle) / np.maximum(*self.middle)
        return found

    def shown(self, level: float, factor: float = 1.0) -> Floats:
        """What is shown to have come or gone of each value, over all of them and both ways; 0 where nothing is."""
        at, n, m = level / (2 * len(self.old[0])), self.n * factor, self.m * factor
        went = _lost(self.old[0] * n, self.new[1] * m, m / n, at)
        came = _lost(self.new[0] * m, self.old[1] * n, n / m, at)
        return np.maximum(went, came)


def _lost(had: Floats, left: Floats, ratio: float, level: float) -> Floats:
    """The part of each value that is shown to be lost, at least 0; 0 also where GONE is out of reach, which costs no search.

    had, left : effective rows with the value.  ratio : rows of the side of `left` per row of the other.

    Given their sum, `had` is binomial with odds share_had / (share_left ratio) (Przyborowski & Wilenski 1940, Biometrika 31:313):
    far sharper than two limits held against each other.
    """
    total = had + left
    at_limit = 1 / (1 + (1 - GONE) * ratio)
    reached = (had > at_limit * total) & (total * -math.log(at_limit) > math.log(1 / level))
    lost = np.zeros(len(had))
    if reached.any():
        low = limits.share_limits(had[reached] / total[reached], total[reached], level)[0]
        lost[reached] = 1 - (1 - low) / np.maximum(low, 1e-300) / ratio
    return np.maximum(lost, 0.0)


def cumulative(numbers: Numbers, at: Floats, *, before: bool = False) -> tuple[Floats, Floats]:
    """Bounds of the share of values that are at most (before: less than) each of `at`."""
    points, upto, below = numbers.points, numbers.upto, numbers.below
    place = np.searchsorted(points, at, side="left" if before else "right")
    low = np.append(0.0, upto)[place]
    high = np.append(below, float(numbers.present))[place]
    if numbers.is_exact and len(points):
        found = np.minimum(np.searchsorted(points, at, side="left"), len(points) - 1)
        is_point = points[found] == at
        exact = (below if before else upto)[found]
        low, high = np.where(is_point, exact, low), np.where(is_point, exact, high)
    return low / numbers.present, high / numbers.present


def _of_numbers(before: ColumnSample, now: ColumnSample) -> Distance:
    old, new = before.distribution, now.distribution
    assert isinstance(old, Numbers) and isinstance(new, Numbers)  # noqa: S101, PT018  `distance` looked
    value, where, share_old, share_new = math.nan, "", math.nan, math.nan
    if old.present and new.present:
        points = np.union1d(old.points, new.points)
        at = np.concatenate([points, points])
        (low_a, high_a), (low_b, high_b) = _both_sides(old, points), _both_sides(new, points)
        apart = np.maximum(low_a - high_b, low_b - high_a)
        widest = int(apart.argmax())
        value, where = max(float(apart[widest]), 0.0), f"{at[widest]:.6g}"
        share_old, share_new = float(low_a[widest] + high_a[widest]) / 2, float(low_b[widest] + high_b[widest]) / 2

    def interval(levels: Levels, factor: float) -> Interval:
        n, m = before.present * factor, now.present * factor
        low, high = value - noise(levels.near, n, m), value + noise(levels.far, n, m)
        return Interval(np.array(max(low, 0.0)), np.array(min(high, 1.0)))

    return Distance(value, where, interval, share_old, share_new)


def _both_sides(numbers: Numbers, points: Floats) -> Bracket:
    """Shares below each point, then shares up to each."""
    below, upto = cumulative(numbers, points, before=True), cumulative(numbers, points)
    return np.concatenate([below[0], upto[0]]), np.concatenate([below[1], upto[1]])


def _of_values(before: ColumnSample, now: ColumnSample, limit: float) -> Distance:
    names, old, new = _common(before, now)
    return _of_shares(names, old, new, np.array([[before.present], [now.present]]), limit)


def _of_shares(names: tuple[str, ...], old: Bracket, new: Bracket, rows: Floats, limit: float) -> Distance:
    """The largest difference of a share.  old, new : least and greatest share of each value.  rows : (2, 1) effective."""
    rises = new[0] - old[1] >= old[0] - new[1]
    # Of two brackets the ends that face each other: what is not known counts for "no difference".
    p, q = np.where(rises, old[1], old[0]), np.where(rises, new[0], new[1])
    apart = np.maximum(np.where(rises, q - p, p - q), 0.0)
    if not len(apart) or not (rows > 0).all() or np.isnan(apart).any():
        return Distance(math.nan, "", lambda levels, factor: Interval(np.array(np.nan), np.array(np.nan)))
    most = np.argsort(-apart, kind="stable")[:MOST_VALUES]
    share = np.stack([np.where(rises, p, q), np.where(rises, q, p)])[:, most]
    # The lower share's rows first, whichever side that is.
    n = np.where(rises, rows, rows[::-1])[:, most]

    def interval(levels: Levels, factor: float) -> Interval:
        near = levels.near / (2 * len(names))
        low = _less_noise(share, limits.wilson(share, n * factor, 1 - 2 * near))
        if low > limit:
            # Newcombe's end (Wilson's limits) is missed too often far out in the tail; before anything is refused, the exact one.
            low = min(low, _less_noise(share, limits.share_limits(share, n * factor, near)))
        low_far, high_far = limits.wilson(share, n * factor, 1 - levels.far)
        high = (share[1] - share[0] + np.hypot(share[0] - low_far[0], high_far[1] - share[1])).max()
        return Interval(np.array(max(low, 0.0)), np.array(min(high, 1.0)))

    middle, at = ((old[0] + old[1]) / 2, (new[0] + new[1]) / 2), int(most[0])
    return Distance(float(apart[at]), names[at], interval, float(middle[0][at]), float(middle[1][at]))


def _less_noise(share: Floats, ends: tuple[Floats, Floats]) -> float:
    """The largest difference that is left.  share : (2, values), the lower one first.  ends : low and high of each."""
    low, high = ends
    return float((share[1] - share[0] - np.hypot(high[0] - share[0], share[1] - low[1])).max())


def _common(before: ColumnSample, now: ColumnSample) -> tuple[tuple[str, ...], Bracket, Bracket]:
    """Values that either side keeps, with the least and the greatest share of each on both."""
    old, new = before.distribution, now.distribution
    if isinstance(old, Numbers) and isinstance(new, Numbers):
        spikes = np.union1d(_spikes(old), _spikes(new))
        return tuple(f"{number:.9g}" for number in spikes), _held(old, spikes), _held(new, spikes)
    assert isinstance(old, Values) and isinstance(new, Values)  # noqa: S101, PT018  callers looked
    names = tuple(dict.fromkeys((*old.names, *new.names)))
    return names, _bracket(old, names), _bracket(new, names)


def _spikes(numbers: Numbers) -> Floats:
    """Kept points that hold so many rows that they may be watched."""
    return numbers.points[numbers.upto - numbers.below >= COMMON * numbers.present]


def _held(numbers: Numbers, at: Floats) -> Bracket:
    """Least and greatest share of rows that hold exactly each of `at`."""
    below, upto = cumulative(numbers, at, before=True), cumulative(numbers, at)
    return np.maximum(upto[0] - below[1], 0.0), np.maximum(upto[1] - below[0], 0.0)


def _bracket(values: Values, names: tuple[str, ...]) -> Bracket:
    known = dict(zip(values.names, values.counts.tolist(), strict=True))
    low = np.array([known.get(name, 0) for name in names], np.float64)
    high = np.array([known.get(name, values.largest_other) for name in names], np.float64)
    return low / max(values.present, 1), high / max(values.present, 1)
