"""When a row was: a column of dates or numbers as seconds or any other number that rises with time."""

from __future__ import annotations

from typing import Any

from components.example_gen.encoded import EncodedColumn
from components.example_gen.places import Places
from schemas.cells import are_numbers, as_float64
from schemas.dates import as_iso
from schemas.errors import Problem
from schemas.reading import ISO


def instants(column: EncodedColumn, places: Places, order: str = ISO) -> Any | Problem:
    """(n_rows,) float64, NaN where the cell is missing: the number itself, or seconds since 1970 of a date (offsets honoured).

    A Problem where a value is neither.  order : which part of a date stands first, one of reading.DATE_ORDERS.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    values = column.values
    if pc.all(are_numbers(values)).as_py():
        numbers: Any = as_float64(values)
        found = numbers.to_numpy(zero_copy_only=False).astype(np.float64)
    else:
        read = as_iso(values.cast(pa.string()), order)
        if read.null_count:
            return _problem(column, pc.is_valid(read).to_numpy(zero_copy_only=False), places)
        found = np.array(read.to_pylist(), "datetime64[us]").astype(np.int64) / 1e6
    return np.append(found, np.nan)[column.codes]


def _problem(column: EncodedColumn, good: Any, places: Places) -> Problem:
    import numpy as np

    bad = np.flatnonzero(~good)
    row = int(np.isin(column.codes, bad).argmax())
    return Problem(
        places.of(row, column.name),
        f"{column.values[int(column.codes[row])].as_py()!r}; {int(column.counts()[bad].sum())} values of split.by_time are such",
        "dates as 2024-01-31 or 2024-01-31T10:00:00, or numbers that rise with time",
        "correct the cells, or split by a key or by columns instead",
    )
