"""A table that is only to be scored: no label, no splits, and the types are those that training settled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from components.example_gen.columns import Wishes, booleans_as_text, typed
from components.example_gen.files import digest_of, files_at
from components.example_gen.places import Places
from components.example_gen.reading import read_table
from components.example_gen.schema_words import SchemaColumn
from components.example_gen.source import Source
from components.example_gen.streaming import check_columns
from schemas.cells import BOOLEANS
from schemas.errors import DataError, Problem
from schemas.predictions import ROW
from schemas.table import TableProfile

HEADLINE = "The table of batch_scoring cannot be used as it is."
SAID_BY = "batch_scoring.path"
BOOLEAN = "boolean"


def types_of(profile: TableProfile) -> dict[str, str]:
    """Name to "int", "float", "text" or "boolean" of the columns that scoring reads: features and ids."""
    return {
        column.name: BOOLEAN if column.values and set(column.values) <= set(BOOLEANS) else column.type
        for column in profile.columns
        if column.role in ("feature", "id")
    }


def check(source: Source, types: Mapping[str, str]) -> str:
    """The digest of the files, after a look at their headers. Raises DataError."""
    files = files_at(source.path, SAID_BY)
    check_columns(files, source, dict.fromkeys(types, "bring the column: the model, or its ids, need it"))
    return digest_of(files)


def load_unlabelled(source: Source, types: Mapping[str, str]) -> Any:
    """A pyarrow table of the typed columns and `ROW`, the row's number from 1; other columns are left out.

    Raises
    ------
    DataError : all problems together.
    """
    check(source, types)
    table = read_table(files_at(source.path, SAID_BY), source)
    places = Places(table, source)
    arrays: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, kind in types.items():
        column = booleans_as_text(table.columns[name]) if kind == BOOLEAN else table.columns[name]
        result = typed(column, Wishes(schema=SchemaColumn("text" if kind == BOOLEAN else kind)), places)
        if isinstance(result, Problem):
            problems.append(result)
        else:
            arrays[name] = _values(result.column, result.type, table.rows)
    if problems:
        raise DataError(HEADLINE, *problems)
    return _with_row_numbers(arrays, table.rows)


def _values(column: Any, kind: str, rows: int) -> Any:
    import numpy as np
    import pyarrow as pa

    values = column.at(np.arange(rows))
    return values.cast(pa.float32(), safe=False) if kind == "float" else values


def _with_row_numbers(arrays: Mapping[str, Any], rows: int) -> Any:
    import numpy as np
    import pyarrow as pa

    return pa.table({**arrays, ROW: pa.array(np.arange(1, rows + 1))})
