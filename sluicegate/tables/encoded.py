"""A column as codes into its distinct values: whatever is done to a value is done once and not once per row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
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
    taken : rows by the word that was taken for missing.
    """

    name: str
    codes: np.ndarray[Any, np.dtype[np.int32]]
    values: Any
    declared: str | None = None
    taken: Mapping[str, int] = field(default_factory=dict)

    def with_values(self, values: Any) -> EncodedColumn:
        """The column after each distinct value became another one; a null makes its rows missing."""
        import numpy as np
        import pyarrow as pa

        encoded = values.dictionary_encode()
        new = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
        unchanged = encoded.indices.null_count == 0 and len(encoded.dictionary) == len(values)
        codes = self.codes if unchanged else np.append(new, np.int32(-1))[self.codes]
        return replace(self, codes=codes, values=pa.concat_arrays([encoded.dictionary]))

    def of_rows(self, rows: Any) -> EncodedColumn:
        """The column of these rows alone; values that only stood in others are gone.  rows : (n,) int or bool array."""
        import numpy as np
        import pyarrow as pa

        codes = self.codes[rows]
        used = np.flatnonzero(np.bincount(codes[codes >= 0], minlength=len(self.values)))
        place = np.full(len(self.values) + 1, -1, np.int32)
        place[used] = np.arange(len(used), dtype=np.int32)
        return replace(self, codes=place[codes], values=self.values.take(pa.array(used)))

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
    """How many rows one file gave.  split : the split its folder stands for.

    kept : (rows,) numbers of these rows in the file, from 0; None where all were kept.
    """

    path: Path
    rows: int
    split: str | None = None
    kept: Any = field(default=None, compare=False)


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
                return file, row if file.kept is None else int(file.kept[row])
            row -= file.rows
        raise IndexError(row)

    def of_rows(self, keep: np.ndarray[Any, np.dtype[np.bool_]]) -> RawTable:
        """The table of the rows that the bool array `keep` marks; `file_of` still finds them in their files."""
        import numpy as np

        files, start = [], 0
        for file in self.files:
            kept = np.flatnonzero(keep[start : start + file.rows])
            start += file.rows
            files.append(replace(file, rows=len(kept), kept=kept if file.kept is None else file.kept[kept]))
        columns = {name: column.of_rows(keep) for name, column in self.columns.items()}
        return replace(self, columns=columns, files=tuple(files))
