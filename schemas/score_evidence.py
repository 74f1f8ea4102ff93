"""What the test rows' scores look like, in `scores.json`: counted from Score's rows, drawn by the report, and no row is in it.

Everything is weighted. The curves are exact at the points they have; of a table with many distinct scores they have as many
points as a drawing can show.
"""

from __future__ import annotations

from dataclasses import dataclass

from schemas.document import Document

FILE_NAME = "scores.json"
Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Counted:
    """One part of the rows.

    rows : of them.  counts : their weight in each bin.  mean : of the values.  said : share that is said to be positive, of
    a multiclass task the share that is right; None of a regression.
    """

    name: str
    rows: int
    counts: tuple[float, ...]
    mean: float
    said: float | None = None


@dataclass(frozen=True)
class Histograms:
    """Parts of the rows over the same bins.

    by : what parts them: the label's classes, or a column.  edges : (bins + 1,).  hidden : parts too small to be shown.
    """

    by: str
    edges: tuple[float, ...]
    parts: tuple[Counted, ...]
    hidden: int = 0


@dataclass(frozen=True)
class Curves:
    """One model's curves; () where they are not defined.

    roc : (false positive rate, true positive rate).  pr : (recall, precision).
    calibration : (mean score, share that came true, weight) per bin; of a multiclass task, of the class decided for; of a
        regression, (mean prediction, mean label, weight) per tenth of the rows.
    """

    roc: Points = ()
    pr: Points = ()
    calibration: tuple[tuple[float, float, float], ...] = ()


@dataclass(frozen=True)
class AtThreshold:
    """What a binary model would do with another threshold.  precision : None where it would say yes to nobody."""

    threshold: float
    precision: float | None
    recall: float
    said: float
    accuracy: float


@dataclass(frozen=True)
class ScoreEvidence:
    """released : the released model's curves on the same rows; None where it did not answer them.

    positives : share of the rows that are of the positive class; None of other tasks.
    what : the values that the histograms count: "score", "confidence" (multiclass: the score of the class decided for) or
        "error" (regression: predicted minus true).
    """

    task: str
    rows: int
    what: str
    curves: Curves
    released: Curves | None = None
    released_version: int | None = None
    positives: float | None = None
    threshold: float | None = None
    thresholds: tuple[AtThreshold, ...] = ()
    histograms: tuple[Histograms, ...] = ()


_DOCUMENT = Document(ScoreEvidence, FILE_NAME)
write, read_if_there = _DOCUMENT.write, _DOCUMENT.read_if_there
