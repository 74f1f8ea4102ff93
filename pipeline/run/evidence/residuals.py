"""True and predicted values of single test rows, from the scored rows: TFMA keeps no row."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from schemas import scored_rows
from schemas.predictions import VALUE
from schemas.scored_rows import LABEL

#: More would neither be seen in a plot nor fit a report.
MOST_ROWS = 5000

Pairs = tuple[tuple[float, float], ...]


def read(predictions: Path, most_rows: int = MOST_ROWS) -> Pairs:
    """(true, predicted) of the test rows with a known label, at most `most_rows` of them, taken evenly.

    `predictions` is the folder of Score's artifact.
    """
    rows = scored_rows.read(predictions, [LABEL, VALUE])
    if not len(rows):
        return ()
    picked = np.unique(np.linspace(0, len(rows) - 1, min(len(rows), most_rows)).astype(int))
    true, predicted = rows.label[picked], rows[VALUE][picked].astype(float)
    known = np.isfinite(true)
    return tuple(zip(true[known].tolist(), predicted[known].tolist(), strict=True))
