"""95 % confidence intervals from summaries alone: no rows are needed, so a slice costs nothing.

Rows may be fractional: with weights, callers pass Kish's effective number of rows.
"""

from __future__ import annotations

import math

#: Two-sided 95 % quantile of the standard normal distribution.
Z_95 = 1.959963984540054
BISECTIONS = 60
Interval = tuple[float, float]


def wilson(share: float, rows: float) -> Interval | None:
    """Interval of a share of `rows` rows (Wilson 1927, J. Am. Stat. Assoc. 22:209); None without rows.

    >>> [round(end, 4) for end in wilson(0.0, 10)]
    [0.0, 0.2775]
    """
    if not rows > 0 or not 0 <= share <= 1:
        return None
    z2 = Z_95 * Z_95
    middle = (share + z2 / (2 * rows)) / (1 + z2 / rows)
    half = Z_95 * math.sqrt(share * (1 - share) / rows + z2 / (4 * rows * rows)) / (1 + z2 / rows)
    return max(0.0, middle - half), min(1.0, middle + half)


def auc_standard_error(auc: float, positives: float, negatives: float) -> float:
    """Standard error of an area under the ROC curve (Hanley & McNeil 1982, Radiology 143:29, eq. 1 and 2).

    >>> round(auc_standard_error(0.893, 51, 58), 4)
    0.0325
    """
    q1, q2 = auc / (2 - auc), 2 * auc * auc / (1 + auc)
    spread = auc * (1 - auc) + (positives - 1) * (q1 - auc * auc) + (negatives - 1) * (q2 - auc * auc)
    return math.sqrt(max(0.0, spread) / (positives * negatives))


def hanley_mcneil(auc: float, positives: float, negatives: float) -> Interval | None:
    """Interval of an AUC: all values from which it lies less than 1.96 of *their* standard errors away.

    Taking the error at the ends, not at the estimate, keeps the interval inside 0 to 1 and open at an AUC of 1,
    where Hanley & McNeil's error is 0 (Newcombe 2006, Stat. Med. 25:559, method 4). None without both classes.
    """
    if not (positives >= 1 and negatives >= 1 and 0 <= auc <= 1):
        return None
    return _end(auc, 0.0, positives, negatives), _end(auc, 1.0, positives, negatives)


def _end(auc: float, bound: float, positives: float, negatives: float) -> float:
    """Between `auc` and `bound`, where the distance to `auc` is 1.96 standard errors."""
    inside, outside = auc, bound
    for _ in range(BISECTIONS):
        middle = (inside + outside) / 2
        if abs(middle - auc) <= Z_95 * auc_standard_error(middle, positives, negatives):
            inside = middle
        else:
            outside = middle
    return inside


def olkin_finn(r2: float, rows: float) -> Interval | None:
    """Interval of a coefficient of determination with one regressor, the prediction (Olkin & Finn 1995,
    Psychol. Bull. 118:155); its large-sample error shrinks to 0 at r2 = 0, and r2 below 0 has none: then None.
    """
    if not rows > 3 or not 0 <= r2 <= 1:
        return None
    variance = 4 * r2 * (1 - r2) ** 2 * (rows - 2) ** 2 / ((rows * rows - 1) * (rows + 3))
    half = Z_95 * math.sqrt(variance)
    return r2 - half, min(1.0, r2 + half)
