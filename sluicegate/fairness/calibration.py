"""Whether a score of 0.3 means three in ten, in each group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sluicegate.stats.arrays import Floats, Ints, Mask
from sluicegate.stats.keys import added, small_sample

BINS = 15
DRAWS = 200
STEPS = 25
#: Scores of exactly 0 or 1 have no logit.
EDGE = 1e-6


@dataclass(frozen=True)
class Calibration:
    """gap : mean score minus share of positives; above 0 the group is over-predicted.  gap_error : its standard error.

    slope, intercept : of the label's logit on the score's (Cox 1958, Biometrika 45:562); 1 and 0 are ideal; NaN where not to be had.
    ece : mean distance of score and share over bins of equal mass (Nixon et al. 2019, arXiv 1904.01685).
    ece_null : what a perfectly calibrated model would have on these rows: noise alone is not 0.
    """

    gap: float
    gap_error: float
    slope: float
    intercept: float
    ece: float
    ece_null: float


def calibrate(
    is_positive: Mask,
    score: Floats,
    rng: np.random.Generator,
    weight: Floats | None = None,
    cluster: Ints | None = None,
) -> Calibration:
    """is_positive, score, weight : (rows,) of one group.  cluster : (rows,) of fairness.keys.numbered, or None."""
    w = np.ones(len(score)) if weight is None else weight
    if not w.sum() > 0:
        return Calibration(*[float("nan")] * 6)
    y = is_positive.astype(np.float64)
    off = score - y
    gap = float((w * off).sum() / w.sum())
    error = float(np.sqrt((w**2 * (off - gap) ** 2).sum()) / w.sum())
    slope, intercept = _cox(y, score, w)
    ece, null = _equal_mass(y, score, w, rng)
    if cluster is not None:
        moved = added(w * (off - gap), cluster)
        by_key = float(np.sqrt((moved**2).sum()) / w.sum()) * small_sample(len(moved))
        # Labels of one key are wrong together, so noise alone makes the bins as much further off.
        null, error = null * (max(by_key / error, 1.0) if error > 0 else 1.0), by_key
    return Calibration(gap, error, slope, intercept, ece, null)


def _cox(y: Floats, score: Floats, w: Floats) -> tuple[float, float]:
    """Newton's steps of the logistic regression of y on the logit of the score."""
    if y.min() == y.max():
        return float("nan"), float("nan")
    clipped = np.clip(score, EDGE, 1 - EDGE)
    design = np.stack([np.log(clipped / (1 - clipped)), np.ones(len(y))], -1)
    beta = np.array([1.0, 0.0])
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-np.clip(design @ beta, -30, 30)))
        gradient = design.T @ (w * (y - p))
        hessian = (design * (w * p * (1 - p))[:, None]).T @ design
        if np.linalg.matrix_rank(hessian) < 2:
            return float("nan"), float("nan")
        step = np.linalg.solve(hessian, gradient)
        beta = beta + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-9:
            return float(beta[0]), float(beta[1])
    return float("nan"), float("nan")  # the classes are separable: the slope runs off


def _equal_mass(y: Floats, score: Floats, w: Floats, rng: np.random.Generator) -> tuple[float, float]:
    order = np.argsort(score, kind="stable")
    mass = np.cumsum(w[order]) - w[order] / 2
    bins = np.minimum((mass / w.sum() * BINS).astype(np.int64), BINS - 1)

    def summed(values: Floats) -> Floats:
        return np.bincount(bins, (w * values)[order], minlength=BINS).astype(np.float64)

    weight, expected = summed(np.ones(len(y))), summed(score)
    ece = float(np.abs(expected - summed(y)).sum() / w.sum())
    deviation = np.sqrt(np.bincount(bins, (w**2 * score * (1 - score))[order], minlength=BINS))
    drawn = rng.standard_normal((DRAWS, BINS)) * deviation * (weight > 0)
    return ece, float(np.abs(drawn).sum(-1).mean() / w.sum())
