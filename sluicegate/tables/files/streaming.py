"""A table that need not fit into memory: batches of rows in the files' order, read by the rules of the whole table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas.errors import DataError, Problem
from schemas.names import those_there
from sluicegate.tables.csv_lines import line_of
from sluicegate.tables.files.csv_reading import csv_batches, read_header
from sluicegate.tables.files.files import HEADLINE, TableFile
from sluicegate.tables.files.parquet_reading import parquet_batches, parquet_schema
from sluicegate.tables.source import Source

BATCH_ROWS = 16_384


@dataclass(frozen=True, eq=False)
class TableBatch:
    """Rows of one file.

    rows : a pyarrow RecordBatch; a CSV's cells are texts as written, a Parquet file keeps its types.
    first : number of the first row in its file, from 0.
    """

    rows: Any
    file: TableFile
    first: int


def check_columns(files: Sequence[TableFile], source: Source, wanted: Mapping[str, str]) -> None:
    """Looks at every file's header before a row is read.  wanted : columns, and what to do where one is absent.

    Raises
    ------
    DataError : a file that cannot be read, or that lacks one of the wanted columns; all of them together.
    """
    problems: list[Problem] = []
    for file in files:
        try:
            names = names_of(file, source)
        except DataError as error:
            problems += error.problems
            continue
        problems += [
            Problem(f"{file.path}: {name!r}", "no such column in the table", those_there(name, names), remedy)
            for name, remedy in wanted.items()
            if name not in names
        ]
    if problems:
        raise DataError(HEADLINE, *problems)


def names_of(file: TableFile, source: Source) -> list[str]:
    """The file's column names. Raises DataError for a file that cannot be read."""
    if file.format == "parquet":
        return list(parquet_schema(file.path).names)
    return read_header(file.path, source).names


def batches(files: Sequence[TableFile], source: Source, columns: Sequence[str]) -> Iterator[TableBatch]:
    """The rows of all files, of these columns alone.

    Raises
    ------
    DataError : what `core.load` would say of a file that cannot be read, once the reading comes there.
    """
    for file in files:
        first = 0
        for rows in _batches(file, source, columns):
            yield TableBatch(rows, file, first)
            first += rows.num_rows


def _batches(file: TableFile, source: Source, columns: Sequence[str]) -> Iterator[Any]:
    if file.format == "parquet":
        return parquet_batches(file.path, columns, BATCH_ROWS)
    return csv_batches(file.path, source, columns)


def place(batch: TableBatch, source: Source, row: int, column: str) -> str:
    """As in: data/my.csv, line 18, column 'age'.  row : of the batch, from 0. Reads a CSV again to count its lines."""
    number = batch.first + row
    line = None if batch.file.format == "parquet" else line_of(Path(batch.file.path), source, number)
    return f"{batch.file.path}, {f'line {line}' if line else f'row {number + 1}'}, column {column!r}"
