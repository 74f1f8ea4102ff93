"""Each feature as the only one: how well it predicts the label, from codes of distinct values and one count per column."""

from __future__ import annotations

from typing import Any

from schemas.leaks import Alone
from sluicegate.stats import leaks
from sluicegate.tables.columns.columns import TypedColumn
from sluicegate.tables.columns.inspection import Examined
from sluicegate.tables.source import Source

#: Numbers of more distinct values than this fall into quantile bins; categories beyond are pooled.
MOST_VALUES = 256
MOST_CATEGORIES = 1000
#: More classes than this are one class together.
MOST_CLASSES = 20
BINS, ROWS_PER_BIN, LEAST_BINS = 128, 10, 8
SEED = 20_211


def alone(examined: Examined, source: Source, worth: float) -> tuple[Alone, ...]:
    """Of every feature, in the table's order.  worth : independent rows that a row stands for."""
    import numpy as np

    label = next((column for column in examined.columns if column.name == source.label), None)
    if label is None:
        return ()
    folds = _folds(examined, source)
    values = _label(label, examined.label.task)
    known = values >= 0 if values.dtype.kind == "i" else np.isfinite(values)
    kinds = len(label.column.values)
    apart = {source.label, source.weight, *source.ids}
    found = []
    for column in examined.columns:
        if column.name in apart or not len(column.column.values):
            continue
        bins = _bins(column)
        if examined.label.task == "regression":
            recoded = _recoded_rows(column, values, known, kinds) * worth
            one = leaks.of_numbers(column.name, bins[known], values[known], folds[known], worth, recoded)
        else:
            counts = _counts(bins[known], values[known], folds[known])
            one = leaks.of_classes(column.name, counts, _ordered(column, values, counts.shape[2]), worth)
        found += [one] if one else []
    return tuple(found)


def _recoded_rows(column: TypedColumn, label: Any, known: Any, kinds: int) -> int:
    """Rows in which the column is the label of a regression in another scale, rounded or not; 0 where one row speaks against it.

    A number (or date) is when sorting by it leaves no label out of order; a category when its values and the labels go
    together one by one. A column of few values may part an honest label, too, so it needs as many as the label has.

    kinds : distinct values of the label.
    """
    import numpy as np

    codes = column.column.codes
    told = known & (codes >= 0)
    lowest, highest = (np.full(len(column.column.values), end) for end in (np.inf, -np.inf))
    np.minimum.at(lowest, codes[told], label[told])
    np.maximum.at(highest, codes[told], label[told])
    is_seen, rows = lowest <= highest, int(told.sum())
    number = int(is_seen.sum())
    if number < max(min(leaks.FEW_VALUES + 1, kinds), 2):
        return 0
    if column.kind == "category":
        is_one_by_one = bool((lowest == highest)[is_seen].all()) and len(np.unique(lowest[is_seen])) == number
        return rows - number if is_one_by_one else 0
    order = np.argsort(_sortable(column), kind="stable")
    order = order[is_seen[order]]
    low, high = lowest[order], highest[order]
    return rows if bool((low[1:] >= high[:-1]).all() or (low[:-1] >= high[1:]).all()) else 0


def _folds(examined: Examined, source: Source) -> Any:
    """Which fifth each row falls into; rows of one key into the same, and so are equal rows that go together."""
    import numpy as np

    rng = np.random.default_rng(SEED)
    rows = len(examined.splits.of_row)
    keys = [column.column for column in examined.columns if column.name in source.split.cluster]
    if not keys:
        return rng.integers(0, leaks.FOLDS, rows)
    marks = np.zeros(rows, np.uint64)
    for column in keys:
        marks += rng.integers(0, 2**63, len(column.values) + 1, np.uint64)[column.codes]
    return (marks % np.uint64(leaks.FOLDS)).astype(np.int64)


def _label(label: TypedColumn, task: str) -> Any:
    """Class numbers, -1 where missing; or the numbers of a regression, NaN where missing."""
    import numpy as np

    column = label.column
    if task == "regression":
        return np.append(column.values.to_numpy(zero_copy_only=False).astype(np.float64), np.nan)[column.codes]
    counts = column.counts()
    order = np.argsort(-counts, kind="stable")
    if len(order) > MOST_CLASSES:
        place = np.full(len(order), MOST_CLASSES)
        place[order[:MOST_CLASSES]] = np.arange(MOST_CLASSES)
    else:
        place = np.arange(len(order))
    return np.append(place, -1)[column.codes]


def _counts(bins: Any, classes: Any, folds: Any) -> Any:
    """(folds, bins, classes) rows."""
    import numpy as np

    shape = (leaks.FOLDS, int(bins.max(initial=0)) + 1, int(classes.max(initial=0)) + 1)
    cell = (folds * shape[1] + bins) * shape[2] + classes
    return np.bincount(cell, minlength=shape[0] * shape[1] * shape[2]).reshape(shape)


def _bins(column: TypedColumn) -> Any:
    """(n_rows,) int64 place of each row's value; 0 where it is missing, which may give the label away like any value."""
    import numpy as np

    counts = column.column.counts()
    if column.kind == "category":
        place = _most_frequent(counts)
    else:
        place = _quantiles(np.argsort(_sortable(column), kind="stable"), counts)
    return np.append(place + 1, 0)[column.column.codes]


def _ordered(column: TypedColumn, classes: Any, number: int) -> Any:
    """(values, classes) rows by the column's numbers or dates, ascending; None for categories, or where values are missing."""
    import numpy as np

    codes = column.column.codes
    if column.kind == "category" or column.column.missing():
        return None
    known = classes >= 0
    cell = codes[known].astype(np.int64) * number + classes[known]
    counts = np.bincount(cell, minlength=len(column.column.values) * number).reshape(-1, number)
    return counts[np.argsort(_sortable(column), kind="stable")]


def _sortable(column: TypedColumn) -> Any:
    """Texts of dates in the ISO form sort as the days do."""
    if column.type == "text":
        import pyarrow.compute as pc

        return pc.rank(column.column.values, tiebreaker="first").to_numpy(zero_copy_only=False)
    return column.column.values.to_numpy(zero_copy_only=False)


def _most_frequent(counts: Any) -> Any:
    import numpy as np

    if len(counts) <= MOST_CATEGORIES:
        return np.arange(len(counts))
    place = np.full(len(counts), MOST_CATEGORIES)
    place[np.argsort(-counts, kind="stable")[:MOST_CATEGORIES]] = np.arange(MOST_CATEGORIES)
    return place


def _quantiles(order: Any, counts: Any) -> Any:
    import numpy as np

    if len(counts) <= MOST_VALUES:
        return np.argsort(order)
    held = counts[order]
    number = int(np.clip(held.sum() // ROWS_PER_BIN, LEAST_BINS, BINS))
    middle = np.cumsum(held) - held / 2
    place = np.empty(len(counts), np.int64)
    place[order] = (middle * number / held.sum()).astype(np.int64)
    return place
