"""Area between cumulative score distributions: exact per pair of groups, and how much of it is noise."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sluicegate.stats.arrays import Floats, Ints

#: Bins of the score in which noise is drawn: so many of equal mass, cut by so many of equal width, so that a long tail is
#: not one bin. The area itself is exact.
BINS = 100
DRAWS = 1000
#: A small group borrows so many rows' worth of the scores of all groups.
BORROWED = 100


@dataclass(frozen=True, eq=False)
class Histogram:
    """Scores in bins.

    edges : (bins + 1,).  weight, rows : (groups, bins); sums of weights, number of rows.
    weight2 : (groups,) sums of squared weights, for Kish's effective rows.
    """

    edges: Floats
    weight: Floats
    rows: Floats
    weight2: Floats

    def merged(self, parents: Ints, groups: int) -> Histogram:
        def added(table: Floats) -> Floats:
            total = np.zeros((groups, *table.shape[1:]))
            np.add.at(total, parents, table)
            return total

        return Histogram(self.edges, added(self.weight), added(self.rows), added(self.weight2))


def histogram(groups: npt.NDArray[np.integer], score: Floats, weight: Floats | None = None) -> Histogram:
    """Of every group's scores.  groups : (rows,) from 0.  score : (rows,)."""
    edges = _edges(score)
    bins = len(edges) - 1
    number = int(groups.max(initial=-1)) + 1
    cells = groups * bins + np.clip(np.searchsorted(edges, score, side="right") - 1, 0, bins - 1)
    rows: Floats = np.bincount(cells, minlength=number * bins).reshape(number, bins).astype(np.float64)
    if weight is None:
        return Histogram(edges, rows, rows, rows.sum(-1))
    sums = np.bincount(cells, weight, minlength=number * bins).reshape(number, bins)
    weight2 = np.bincount(groups, weight * weight, minlength=number).astype(np.float64)
    return Histogram(edges, sums.astype(np.float64), rows, weight2)


def _edges(score: Floats) -> Floats:
    if not len(score) or score.min() == score.max():
        low = float(score[0]) if len(score) else 0.0
        return np.array([low, low + 1e-12])
    parts = np.linspace(0, 1, BINS + 1)
    return np.unique(np.concatenate([np.quantile(score, parts), np.linspace(score.min(), score.max(), BINS + 1)]))


def between(one: Floats, other: Floats, weights: tuple[Floats, Floats] | None = None) -> float:
    """Integral of |F_one - F_other|: the first Wasserstein distance; exact, from the scores themselves.

    >>> between(np.array([0.0, 1.0]), np.array([0.5, 0.5]))
    0.5
    """
    first, second = weights or (np.ones(len(one)), np.ones(len(other)))
    scores = np.concatenate([one, other])
    signed = np.concatenate([first / first.sum(), -second / second.sum()])
    order = np.argsort(scores, kind="stable")
    apart = np.abs(np.cumsum(signed[order]))[:-1]
    return float((apart * np.diff(scores[order])).sum())


def areas(groups: npt.NDArray[np.integer], score: Floats, number: int, weight: Floats | None = None) -> Floats:
    """(number, number) area between every two groups."""
    order = np.argsort(groups, kind="stable")
    cuts = np.searchsorted(groups[order], np.arange(number + 1))
    w = np.ones(len(score)) if weight is None else weight
    parts = [(score[order[a:b]], w[order[a:b]]) for a, b in itertools.pairwise(cuts)]
    found = np.zeros((number, number))
    for i in range(number):
        for j in range(i):
            (one, w1), (other, w2) = parts[i], parts[j]
            apart = between(one, other, (w1, w2)) if w1.sum() > 0 and w2.sum() > 0 else np.nan
            found[i, j] = found[j, i] = apart
    return found


def noise(histogram: Histogram, rng: np.random.Generator) -> Floats:
    """(draws, groups, groups): how far each pair's area may be off, drawn from the groups' own scores.

    The area is a distance, so |observed - true| is at most the area between the two groups' sampling errors. A draw resamples each
    group's scores with its effective rows and takes that area: |(F1* - F1) - (F2* - F2)|. Unlike a bootstrap of the
    area itself it is not biased for groups that are alike, where the area cannot be negative.
    """
    rows = np.where(histogram.weight2 > 0, histogram.weight.sum(-1) ** 2 / histogram.weight2, 0.0)
    width = np.diff(histogram.edges)
    off = []
    common = histogram.weight.sum(0) / max(histogram.weight.sum(), 1e-300)
    for weight, effective in zip(histogram.weight, rows, strict=True):
        own = weight / weight.sum() if weight.sum() > 0 else common
        # Thirty rows often hold none of a long tail, and would not draw it either.
        share = (effective * own + BORROWED * common) / (effective + BORROWED)
        size = max(round(float(effective)), 1)
        drawn = rng.multinomial(size, share / share.sum(), size=DRAWS) / size
        at_right = np.cumsum(drawn - share, axis=-1)
        # Within a bin the error goes from its left edge to its right one; half way stands for it.
        off.append(at_right - (drawn - share) / 2)
    table = np.stack(off, axis=1)
    # One row of pairs at a time: all at once would be draws x groups x groups x bins.
    found = np.stack([(np.abs(table - table[:, i : i + 1]) * width).sum(-1) for i in range(len(rows))], axis=1)
    return found
