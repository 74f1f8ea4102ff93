"""A column as codes into its distinct values: whatever is done to a value is done once and not once per row."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, eq=False)
class EncodedColumn:
    """One column of all files.

    codes : (n_rows,) int32, places in `values`; -1 where the value is missing.
    values : pyarrow array of distinct values, without nulls; each one occurs.
    declared : "int", "float", "text" or "boolean" as a Parquet file says; None for a CSV, where all is text.
    """

    name: str
    codes: np.ndarray[Any, np.dtype[np.int32]]
    values: Any
    declared: str | None = None

    def with_values(self, values: Any) -> EncodedColumn:
        """The column after each distinct value became another one; a null makes its rows missing."""
        import numpy as np
        import pyarrow as pa

        encoded = values.dictionary_encode()
        new = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
        unchanged = encoded.indices.null_count == 0 and len(encoded.dictionary) == len(values)
        codes = self.codes if unchanged else np.append(new, np.int32(-1))[self.codes]
        return replace(self, codes=codes, values=pa.concat_arrays([encoded.dictionary]))

    def counts(self, rows: Any = None) -> np.ndarray[Any, Any]:
        """Occurrences of each distinct value, in all rows or in those that `rows` selects."""
        import numpy as np

        codes = self.codes if rows is None else self.codes[rows]
        return np.bincount(codes[codes >= 0], minlength=len(self.values))

    def missing(self, rows: Any = None) -> int:
        """Missing values, in all rows or in those that `rows` selects."""
        return int(((self.codes if rows is None else self.codes[rows]) < 0).sum())

    def first_row(self, code: int) -> int:
        """The first row that holds the value of this code (-1: the first row without a value)."""
        return int((self.codes == code).argmax())

    def at(self, rows: Any) -> Any:
        """A pyarrow array of the values in the rows that the int array `rows` lists; null where missing."""
        import pyarrow as pa

        codes = self.codes[rows]
        return self.values.take(pa.array(codes, mask=codes < 0))


@dataclass(frozen=True)
class FileRows:
    """How many rows one file gave.  split : the split its folder stands for."""

    path: Path
    rows: int
    split: str | None = None


@dataclass(frozen=True, eq=False)
class RawTable:
    """The whole table before types are settled: columns in the file's order, rows of `files` one after another."""

    columns: dict[str, EncodedColumn]
    files: tuple[FileRows, ...]
    notes: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        return sum(file.rows for file in self.files)

    def file_of(self, row: int) -> tuple[FileRows, int]:
        """The file that holds this row, and the row's number in it, from 0."""
        for file in self.files:
            if row < file.rows:
                return file, row
            row -= file.rows
        raise IndexError(row)
