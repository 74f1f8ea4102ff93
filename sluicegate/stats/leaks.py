"""Does one column alone predict the label too well to be honest (issue 12)?

Every value (or bin of numbers) predicts what the label was at it in four fifths of the rows, and is measured on the last
fifth, so that a column of many values gains nothing from having seen the rows. Such a column may be an outcome that was
recorded afterwards, a copy of the label, or the counter of an export that was sorted by it.

A lower end at a level: center - z error. The area under the ROC curve by its placements (DeLong, DeLong & Clarke-Pearson 1988,
Biometrics 44:837), with one positive and one negative added that are ranked as wrongly as can be: a hundred rows without an
error do not show that there is none (the idea of Agresti & Coull 1998, Am. Stat. 52:119).
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np

from schemas.leaks import AUC, RANK_R2, Alone
from sluicegate.stats import limits
from sluicegate.stats.arrays import Floats, Ints
from sluicegate.stats.leak_limits import LeakLimits

#: An honest column may be so much further from 1 than one that is warned of: 0.97 at the default.
HONEST = 1.5
FOLDS = 5
#: Rarer classes say too little.
LEAST_CLASS_ROWS = 5
#: A column of few values that never errs fails from the rows on at which one that errs so often would have been found out.
HONEST_ERRORS = 0.05
FEW_VALUES = 20


class Suspicion(StrEnum):
    LEAK = "leak"
    SUSPICIOUS = "suspicious"
    NONE = ""


def suspicion(alone: Alone, level: float, bounds: LeakLimits = LeakLimits()) -> Suspicion:
    """How a column looks.  level : how often an honest column may be called a leak: that of the run over the number of its columns.

    From `fail_at` on it fails, where it is shown to be more than honest; from `warn_at` on it is told.
    """
    if alone.flawless and (1 - HONEST_ERRORS) ** alone.flawless < level:
        return Suspicion.LEAK
    # A quantity may truly follow from one column up to a little noise; only the label itself in another scale gives it away.
    if (
        alone.measure != RANK_R2
        and alone.value >= bounds.fail_at
        and lower_end(alone, level) > 1 - HONEST * (1 - bounds.warn_at)
    ):
        return Suspicion.LEAK
    return Suspicion.SUSPICIOUS if alone.value >= bounds.warn_at else Suspicion.NONE


def lower_end(alone: Alone, level: float) -> float:
    """What `value` is at least; wrong with at most `level`."""
    return alone.center + float(limits.normal_quantile(level)) * alone.error


def of_classes(column: str, counts: Ints, ordered: Ints | None = None, worth: float = 1.0) -> Alone | None:
    """The better of two predictions; of two classes only the last one is asked for.  None without two classes.

    counts : (FOLDS, bins, classes) rows.  ordered : (values, classes) rows of a column of numbers by its values, ascending: the
    number itself ranks the rows, with nothing to learn but the direction.  worth : independent rows that a row stands for.
    """
    rows = counts.sum((0, 1)).astype(np.float64)
    asked = [c for c in range(counts.shape[2]) if min(rows[c], rows.sum() - rows[c]) >= LEAST_CLASS_ROWS]
    asked = asked[-1:] if counts.shape[2] == 2 else asked
    if not asked:
        return None
    found = np.array([max(_predictions(counts, ordered, c, worth)) for c in asked])
    value, center, error = (found * rows[asked, None]).sum(0) / rows[asked].sum()
    return Alone(column, AUC, float(value), float(center), float(error), int(rows.sum()), _flawless(counts, worth))


def of_numbers(
    column: str, bins: Ints, label: Floats, folds: Ints, worth: float = 1.0, recoded: float = 0.0
) -> Alone | None:
    """A regression's label.  bins, folds : (n,) of each row.  None where the label is all one value.

    recoded : effective rows in which the column is the label in another scale.
    """
    rank = _ranks(label)
    spread, size = float(rank.var()), int(bins.max()) + 1
    if not spread:
        return None
    cell = folds * size + bins
    shape = (FOLDS, size)
    rows = np.bincount(cell, minlength=FOLDS * size).reshape(shape)
    total = np.bincount(cell, rank, FOLDS * size).reshape(shape)
    seen, known = rows.sum(0) - rows, total.sum(0) - total
    guess = np.where(
        seen > 0, known / np.maximum(seen, 1), known.sum(1, keepdims=True) / np.maximum(seen.sum(1, keepdims=True), 1)
    )
    lost = (rank - guess[folds, bins]) ** 2 / spread
    value, number = 1 - float(lost.mean()), len(lost) * worth
    # One row more, which is guessed as well as without the column.
    center = 1 - (float(lost.mean()) * number + 1) / (number + 1)
    squares = (float((lost**2).mean()) * number + 1) / (number + 1)
    error = np.sqrt(max(squares - (1 - center) ** 2, 0.0) / (number + 1))
    return Alone(column, RANK_R2, value, center, float(error), len(lost), recoded)


def _ranks(label: Floats) -> Floats:
    """Mid-ranks as shares."""
    _, places, counts = np.unique(label, return_inverse=True, return_counts=True)
    upto = np.cumsum(counts)
    ranks: Floats = ((upto - (counts - 1) / 2) / len(label))[places]
    return ranks


def _predictions(counts: Ints, ordered: Ints | None, of: int, worth: float) -> list[tuple[float, float, float]]:
    """value, center and error of one class against the rest, as learned and as ranked by the number itself."""
    found = [_learned(counts, of, worth)]
    if ordered is not None:
        positive = ordered[:, of].astype(np.float64) * worth
        rest = ordered.sum(1).astype(np.float64) * worth - positive
        found += [_area(positive, rest), _area(positive[::-1], rest[::-1])]
    return found


def _learned(counts: Ints, of: int, worth: float) -> tuple[float, float, float]:
    everything = counts.sum(2).astype(np.float64)
    positive = counts[:, :, of].astype(np.float64)
    seen, known = everything.sum(0) - everything, positive.sum(0) - positive
    prior = known.sum(1, keepdims=True) / np.maximum(seen.sum(1, keepdims=True), 1)
    score = ((known + prior) / (seen + 1)).round(12).ravel()
    _, places = np.unique(score, return_inverse=True)
    right, wrong = (np.bincount(places, rows.ravel() * worth) for rows in (positive, everything - positive))
    return _area(right.astype(np.float64), wrong.astype(np.float64))


def _area(positive: Floats, rest: Floats) -> tuple[float, float, float]:
    """value, center and error.  positive, rest : rows at each score, ascending."""
    above = (np.cumsum(rest) - rest / 2) / rest.sum()
    below = 1 - (np.cumsum(positive) - positive / 2) / positive.sum()
    value = float((positive * above).sum() / positive.sum())
    ends = [_with_one_wrong(positive, above), _with_one_wrong(rest, below)]
    center = value - sum(value - mean for mean, _ in ends)
    return value, center, float(np.sqrt(sum(variance for _, variance in ends)))


def _with_one_wrong(rows: Floats, placement: Floats) -> tuple[float, float]:
    """Mean placement and the variance of that mean, with one row more whose placement is 0."""
    number = rows.sum() + 1
    mean = float((rows * placement).sum() / number)
    variance = ((rows * (placement - mean) ** 2).sum() + mean**2) / number
    return mean, float(variance / number)


def _flawless(counts: Ints, worth: float) -> float:
    """Effective rows where values and classes are the same up to their names; the rarest class counts for all."""
    table = counts.sum(0) > 0
    held = table[table.any(1)]
    same = len(held) <= FEW_VALUES and bool((held.sum(1) == 1).all()) and bool((held.sum(0) == 1).all())
    return float(counts.sum((0, 1)).min() * counts.shape[2] * worth) if same and len(held) > 1 else 0.0
