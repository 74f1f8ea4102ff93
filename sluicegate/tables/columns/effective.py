"""How many independent rows a split is worth: rows of one key, and copies of one record, say one thing several times."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from schemas.roles import SPLITS
from sluicegate.tables.columns.inspection import Examined
from sluicegate.tables.encoded import EncodedColumn
from sluicegate.tables.source import Source

#: Columns that are left out in turn to tell copies from rows that are equal by chance.
MOST_LEFT_OUT = 16
#: Where equal rows come in heaps of more than this on average, few rows are possible, and equal ones are no copies.
LARGEST_HEAP = 10


def effective_rows(examined: Examined, source: Source) -> dict[str, float]:
    """Kish's effective number of rows by split: rows squared over the sum of squares of how many belong together.

    What belongs together: rows of one `split.key`, and equal rows where `split.repeats` says together. Where the settings say
    neither (nor apart), the rows that look like copies of one record.
    """
    columns = {column.name: column.column for column in examined.columns}
    rows = {split: examined.splits.rows(split) for split in SPLITS}
    together = [columns[name] for name in source.split.cluster if name in columns]
    if together:
        marks = _marks_of(together, len(examined.splits.of_row))
        return {split: _kish(marks[rows[split]]) for split in SPLITS}
    if source.split.repeats == "apart":
        return {split: float(len(rows[split])) for split in SPLITS}
    kept = [column for name, column in columns.items() if name not in source.ids]
    return {split: _without_copies(kept, rows[split]) for split in SPLITS}


def _marks_of(columns: Sequence[EncodedColumn], rows: int) -> Any:
    """Equal in rows with the same values; rows without any have one of their own."""
    import numpy as np

    marks = np.zeros(rows, np.uint64)
    for place, column in enumerate(columns):
        marks += _marks(column, place)
    without = np.all([column.codes < 0 for column in columns], axis=0)
    marks[without] = _random(-1, int(without.sum()))
    return marks


def _random(seed: int, size: int) -> Any:
    import numpy as np

    return np.random.default_rng(seed + 1).integers(0, 2**64, size, np.uint64, endpoint=False)


def _marks(column: EncodedColumn, place: int) -> Any:
    """(n_rows,) uint64, the same for rows with the same value; sums over columns tell rows apart."""
    return _random(place, len(column.values) + 1)[column.codes]


def _kish(marks: Any) -> float:
    import numpy as np

    counts = np.unique(marks, return_counts=True)[1].astype(float)
    return float(counts.sum() ** 2 / (counts**2).sum()) if len(counts) else 0.0


def _pairs(marks: Any) -> float:
    """Pairs of equal rows."""
    import numpy as np

    counts = np.unique(marks, return_counts=True)[1].astype(float)
    return float((counts * (counts - 1)).sum() / 2)


def _without_copies(columns: Sequence[EncodedColumn], rows: Any) -> float:
    """Rows over 1 + 2 C / rows, where C is the number of pairs of equal rows that chance does not explain.

    Rows that are equal in all columns but one would by chance agree in that one as often as any two rows do, or more often
    (q, a share of pairs). So of the pairs that differ in it alone, D, at least D q / (1 - q) more are equal by
    chance: the largest such number over the columns is taken off.
    """
    import numpy as np

    number = len(rows)
    total = np.zeros(number, np.uint64)
    for place, column in enumerate(columns):
        total += _marks(column, place)[rows]
    counts = np.unique(total, return_counts=True)[1].astype(float)
    equal = float((counts * (counts - 1)).sum() / 2)
    if not equal or number > LARGEST_HEAP * len(counts):
        return float(number)
    by_chance = 0.0
    for place in np.linspace(0, len(columns) - 1, min(len(columns), MOST_LEFT_OUT)).round().astype(int):
        column = columns[place]
        held = np.bincount(column.codes[rows] + 1).astype(float)
        # Copies agree in every column; q is asked of the other pairs.
        q = (float((held * (held - 1)).sum() / 2) - equal) / max(number * (number - 1) / 2 - equal, 1)
        if q < 1:
            differing = _pairs(total - _marks(column, int(place))[rows]) - equal
            by_chance = max(by_chance, differing * q / (1 - q))
    return number / (1 + 2 * max(equal - by_chance, 0.0) / number)
