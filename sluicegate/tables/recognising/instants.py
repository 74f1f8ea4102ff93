"""When a row was: a column of dates or numbers as seconds or any other number that rises with time."""

from __future__ import annotations

from typing import Any

from schemas.errors import Problem
from schemas.reading import DATE_ORDERS, ISO
from sluicegate.tables import cell_dates as dates
from sluicegate.tables.cells import are_numbers, as_float64
from sluicegate.tables.encoded import EncodedColumn
from sluicegate.tables.places import Places


def instants(column: EncodedColumn, order: str | None, places: Places) -> Any | Problem:
    """(n_rows,) float64, NaN where the cell is missing: the number itself, or seconds since 1970 of a date (offsets honoured).

    order : which part of a date stands first, as the settings say it (reading.DATE_ORDERS); else None.
    A Problem where a value is neither, or day and month cannot be told apart.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if pc.all(are_numbers(column.values)).as_py():
        numbers: Any = as_float64(column.values)
        found = numbers.to_numpy(zero_copy_only=False).astype(np.float64)
    else:
        texts = column.values.cast(pa.string())
        read = {one: dates.as_iso(texts, one) for one in ([order] if order else DATE_ORDERS)}
        whole = [one for one, iso in read.items() if not iso.null_count]
        if len(whole) != 1 and ISO not in whole:
            return _problem(column, read[order or ISO], places, is_ambiguous=bool(whole))
        stamps = np.array(read[whole[0]].to_pylist(), "datetime64[us]")
        found = stamps.astype(np.int64) / 1e6
    return np.append(found, np.nan)[column.codes]


def _problem(column: EncodedColumn, read: Any, places: Places, *, is_ambiguous: bool) -> Problem:
    import numpy as np

    bad = np.flatnonzero(read.is_null().to_numpy(zero_copy_only=False))
    row = int(np.isin(column.codes, bad).argmax())
    remedy = "correct the cells, or split by a key or by columns instead"
    if is_ambiguous:
        remedy = f"say `columns.dates: {{{column.name}: day_first}}` or `month_first`, for both fit"
    return Problem(
        places.of(row, column.name),
        f"{column.values[int(column.codes[row])].as_py()!r}; {int(column.counts()[bad].sum())} values of split.by_time are such",
        "dates as 2024-01-31 or 2024-01-31T10:00:00, or numbers that rise with time",
        remedy,
    )
