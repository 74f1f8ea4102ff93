"""Families of columns as the statistics that the data gate keeps, drawn without drawing rows.

A column of few values is one multinomial draw of its counts; one of many is its kept quantiles, drawn as order statistics, whose
spacings are gamma distributed. So a column of 100,000 rows costs as much as one of 300.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from fairness.arrays import Floats
from schemas.distributions import Distribution, Numbers, SplitDistributions, Values

KEPT = 256
Rng = np.random.Generator


@dataclass(frozen=True)
class Family:
    """draw : one column, from a generator and rows.  worth : independent rows per row of a split of this family."""

    name: str
    draw: Callable[[Rng, int], Distribution]
    worth: float = 1.0


def split(rng: Rng, families: Mapping[str, Family], rows: int) -> SplitDistributions:
    """Independent columns, one of each family; all are worth what the least is."""
    worth = min(family.worth for family in families.values())
    columns = {name: family.draw(rng, rows) for name, family in families.items()}
    return SplitDistributions(rows, rows * worth, columns=columns)


def of_counts(points: Floats, counts: Floats, rows: int) -> Numbers:
    """A column of numbers that are all kept."""
    held = counts > 0
    upto = np.cumsum(counts[held]).astype(np.float64)
    return Numbers(rows, points[held], upto, upto - counts[held])


def of_quantiles(rng: Rng, inverse: Callable[[Floats], Floats], rows: int, zeros: int = 0) -> Numbers:
    """Kept order statistics of a continuous column; `zeros` of the rows are 0 and below all others."""
    number = rows - zeros
    ranks = np.unique(np.linspace(1, number, min(KEPT, number)).round())
    gaps = rng.gamma(np.append(np.diff(ranks, prepend=0.0), number + 1 - ranks[-1]))
    points = inverse(np.cumsum(gaps)[:-1] / gaps.sum())
    if zeros:
        points, upto = np.append(0.0, points), np.append(zeros, ranks + zeros)
        return Numbers(rows, points, upto, np.append(0, ranks + zeros - 1))
    return Numbers(rows, points, ranks, ranks - 1)


def _poisson(rng: Rng, rows: int) -> Numbers:
    return of_counts(np.arange(30.0), rng.multinomial(rows, POISSON), rows)


def _geometric(rng: Rng, rows: int) -> Numbers:
    return of_counts(np.arange(60.0), rng.multinomial(rows, GEOMETRIC), rows)


def _codes(rng: Rng, rows: int) -> Numbers:
    return of_counts(CODES, rng.multinomial(rows, CODE_SHARES), rows)


def _amounts(rng: Rng, rows: int) -> Numbers:
    return of_quantiles(rng, lambda share: np.exp(1.5 * _normal(share)), rows)


def _mostly_zero(rng: Rng, rows: int) -> Numbers:
    zeros = int(rng.binomial(rows, 0.9))
    return of_quantiles(rng, lambda share: np.exp(7 + 1.5 * _normal(share)), rows, min(zeros, rows - 2))


def _categories(rng: Rng, rows: int) -> Values:
    return _kept(rng.multinomial(rows, ZIPF), rows)


def _repeated(rng: Rng, rows: int) -> Numbers:
    """Each record stands three times in the table."""
    return of_counts(np.arange(30.0), 3 * rng.multinomial(rows // 3, POISSON), 3 * (rows // 3))


def _grouped(rng: Rng, rows: int) -> Values:
    """Four rows of each key, with one value in all of them."""
    return _kept(4 * rng.multinomial(rows // 4, ZIPF), 4 * (rows // 4))


def _kept(counts: Floats, rows: int) -> Values:
    kept = np.flatnonzero(counts >= max(2.0, rows / 1000))
    rest = np.delete(counts, kept)
    return Values(rows, tuple(map(str, kept)), counts[kept].astype(np.int64), int(rest.max(initial=0)))


def _normal(share: Floats) -> Floats:
    """Quantiles of the normal distribution to 1e-3 (Abramowitz & Stegun 1964, 26.2.23): families need no more."""
    tail = np.minimum(share, 1 - share)
    t = np.sqrt(-2 * np.log(np.maximum(tail, 1e-300)))
    above = t - (2.515517 + 0.802853 * t + 0.010328 * t**2) / (1 + 1.432788 * t + 0.189269 * t**2 + 0.001308 * t**3)
    return np.where(share < 0.5, -above, above)


def _shares(weights: Floats) -> Floats:
    return weights / weights.sum()


_STEPS = np.arange(60.0)
POISSON = _shares(np.exp(_STEPS[:30] * np.log(3.0) - np.cumsum(np.log(np.maximum(_STEPS[:30], 1)))))
GEOMETRIC = _shares(0.8**_STEPS)
CODES = np.concatenate([np.arange(1.0, 300), [999.0]])
CODE_SHARES = _shares(np.where(np.isin(CODES, [10, 20, 50, 100, 999]), 40.0, 0.3))
ZIPF = _shares(1 / np.arange(1.0, 2001) ** 1.3)

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
