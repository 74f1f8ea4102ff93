"""Means by group (score, error) with standard errors, from sums that are added up in one pass and merge like counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sluicegate.stats.arrays import Floats, Ints


@dataclass(frozen=True, eq=False)
class Moments:
    """Sums per group over the rows where x (and y, the released model's x on the same rows) is known.

    sums : (..., groups, 10): rows, w, wx, w2, w2x, w2xx, wy, w2y, w2yy, w2xy.
    """

    sums: Floats

    @property
    def rows(self) -> Floats:
        return self.sums[..., 0]

    @property
    def has_baseline(self) -> bool:
        """Whether there was a y."""
        return bool(self.sums[..., 6:].any())

    @property
    def effective(self) -> Floats:
        """Kish's number of equally weighted rows."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(self.sums[..., 1] > 0, self.sums[..., 1] ** 2 / self.sums[..., 3], 0.0)

    @property
    def mean(self) -> Floats:
        with np.errstate(invalid="ignore", divide="ignore"):
            found: Floats = self.sums[..., 2] / self.sums[..., 1]
        return found

    @property
    def baseline_mean(self) -> Floats:
        with np.errstate(invalid="ignore", divide="ignore"):
            found: Floats = self.sums[..., 6] / self.sums[..., 1]
        return found

    @property
    def error(self) -> Floats:
        """Standard error of the mean; linearised where rows carry weights (Cochran 1977, Sampling Techniques, 6.4)."""
        return np.sqrt(self._covariance(self.mean, self.mean, (4, 4, 5)))

    def covariance(self) -> Floats:
        """(..., groups, 2, 2): of the means of x and y, which come from the same rows."""
        x, y = self.mean, self.baseline_mean
        xx, yy = self._covariance(x, x, (4, 4, 5)), self._covariance(y, y, (7, 7, 8))
        xy = self._covariance(x, y, (4, 7, 9), floor=-np.inf)
        return np.stack([np.stack([xx, xy], -1), np.stack([xy, yy], -1)], -2)

    def merged(self, parents: Ints, groups: int) -> Moments:
        """Sums of coarser groups.  parents : (finest groups,) place of each one's coarser group."""
        total = np.zeros((groups, self.sums.shape[-1]))
        np.add.at(total, parents, self.sums)
        return Moments(total)

    def scaled(self, factor: float) -> Moments:
        return Moments(self.sums * factor)

    def _covariance(self, one: Floats, other: Floats, places: tuple[int, int, int], floor: float = 0.0) -> Floats:
        s, (a, b, ab) = self.sums, places
        apart = s[..., ab] - one * s[..., b] - other * s[..., a] + one * other * s[..., 3]
        with np.errstate(invalid="ignore", divide="ignore"):
            small = self.effective / np.maximum(self.effective - 1, 1e-9)
            return np.maximum(apart / s[..., 1] ** 2 * small, floor)


def add_up(
    groups: npt.NDArray[np.integer], x: Floats, weight: Floats | None = None, y: Floats | None = None
) -> Moments:
    """One pass.  groups : (rows,) from 0.  x, y : (rows,), NaN where unknown: then the row counts in neither."""
    number = int(groups.max(initial=-1)) + 1
    known = ~np.isnan(x) if y is None else ~(np.isnan(x) | np.isnan(y))
    if not known.all():
        groups, x = groups[known], x[known]
        y = None if y is None else y[known]
        weight = None if weight is None else weight[known]
    w = np.ones(len(x)) if weight is None else weight
    y = np.zeros(len(x)) if y is None else y
    w2 = w * w
    terms = (np.ones(len(x)), w, w * x, w2, w2 * x, w2 * x * x, w * y, w2 * y, w2 * y * y, w2 * x * y)
    return Moments(np.stack([np.bincount(groups, term, minlength=number) for term in terms], -1))
