"""Where a row of the table stands in the user's files, for error messages."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sluicegate.tables.csv_lines import line_of
from sluicegate.tables.encoded import RawTable
from sluicegate.tables.source import Source


@dataclass(frozen=True)
class Places:
    """Finds rows of `table`; reads a CSV again to count its lines, so call it only for a message."""

    table: RawTable
    source: Source

    def of(self, row: int, column: str) -> str:
        """As in: data/my.csv, line 18, column 'age'; or row 17 (from 1) where a file has no lines."""
        file, number = self.table.file_of(row)
        is_parquet = _is_parquet(file.path)
        line = None if is_parquet else line_of(file.path, self.source, number)
        return f"{file.path}, {f'line {line}' if line else f'row {number + 1}'}, column {column!r}"


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(4) == b"PAR1"
