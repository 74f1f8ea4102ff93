"""When a row was: a column of dates or numbers as seconds or any other number that rises with time."""

from __future__ import annotations

from typing import Any

from components.example_gen.dates import are_dates
from components.example_gen.encoded import EncodedColumn
from components.example_gen.places import Places
from schemas.cells import are_numbers, as_float64
from schemas.errors import Problem


def instants(column: EncodedColumn, places: Places) -> Any | Problem:
    """(n_rows,) float64, NaN where the cell is missing: the number itself, or seconds since 1970 of a date (offsets honoured).

    A Problem where a value is neither.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    values = column.values
    if pc.all(are_numbers(values)).as_py():
        numbers: Any = as_float64(values)
        found = numbers.to_numpy(zero_copy_only=False).astype(np.float64)
    else:
        texts = values.cast(pa.string())
        good = are_dates(texts).to_numpy(zero_copy_only=False)
        if not good.all():
            return _problem(column, good, places)
        found = _seconds(texts.to_pylist())
    return np.append(found, np.nan)[column.codes]


def _seconds(texts: list[str]) -> Any:
    import numpy as np
    import pandas as pd

    read = pd.to_datetime(pd.Series(texts, dtype=str), format="ISO8601", utc=True, errors="coerce")
    return np.where(read.isna(), np.nan, read.astype("int64").to_numpy() / 1e9)


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
