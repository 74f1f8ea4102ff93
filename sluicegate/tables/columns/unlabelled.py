"""A table that is only to be scored: no label, no splits, and its cells are read as those of training were."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schemas.errors import DataError, Problem
from schemas.predictions import ROW
from schemas.reading import FLOAT, Reading
from schemas.roles import Roles
from sluicegate.tables import cells
from sluicegate.tables.encoded import EncodedColumn
from sluicegate.tables.files.files import digest_of, files_at
from sluicegate.tables.files.reading import read_table
from sluicegate.tables.files.streaming import check_columns
from sluicegate.tables.places import Places
from sluicegate.tables.source import Source

HEADLINE = "The table of batch_scoring cannot be used as it is."
SAID_BY = "batch_scoring.path"


def readings_of(roles: Roles) -> dict[str, Reading]:
    """How the columns that scoring reads, features and ids, are read in training."""
    return {name: reading for name, reading in roles.readings.items() if name not in (roles.weight, roles.label)}


def check(source: Source, readings: Mapping[str, Reading]) -> str:
    """The digest of the files, after a look at their headers. Raises DataError."""
    files = files_at(source.path, SAID_BY)
    check_columns(files, source, dict.fromkeys(readings, "bring the column: the model, or its ids, need it"))
    return digest_of(files)


def load_unlabelled(source: Source, readings: Mapping[str, Reading]) -> Any:
    """A pyarrow table of the typed columns and `ROW`, the row's number from 1; other columns are left out.

    Raises
    ------
    DataError : all problems together.
    """
    check(source, readings)
    table = read_table(files_at(source.path, SAID_BY), source)
    places = Places(table, source)
    arrays: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, reading in readings.items():
        result = _read(table.columns[name], reading, places)
        if isinstance(result, Problem):
            problems.append(result)
        else:
            arrays[name] = _values(result, reading.type, table.rows)
    if problems:
        raise DataError(HEADLINE, *problems)
    return _with_row_numbers(arrays, table.rows)


def _read(column: EncodedColumn, reading: Reading, places: Places) -> EncodedColumn | Problem:
    values = cells.read(column.values, reading)
    if not isinstance(values, cells.Offence):
        return column.with_values(values)
    return Problem(
        places.of(column.first_row(values.index), column.name),
        repr(values.value),
        values.allowed,
        f"correct the cell, or add {values.value!r} to data.missing",
    )


def _values(column: Any, kind: str, rows: int) -> Any:
    import numpy as np
    import pyarrow as pa

    values = column.at(np.arange(rows))
    return values.cast(pa.float32(), safe=False) if kind == FLOAT else values


def _with_row_numbers(arrays: Mapping[str, Any], rows: int) -> Any:
    import numpy as np
    import pyarrow as pa

    return pa.table({**arrays, ROW: pa.array(np.arange(1, rows + 1))})
