"""Rows of a Python program as what a model takes: dicts, a DataFrame, Arrow or columns; typed as ExampleGen types them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from schemas.errors import DataError, Problem
from schemas.names import those_there
from schemas.reading import INT, TEXT, Reading
from sluicegate.tables import cells

_LAST_INT64 = np.nextafter(2.0**63, 0)
HEADLINE = "The rows cannot be scored."
_TOP_LEVEL = "a list of dicts, a pandas DataFrame, a pyarrow Table or RecordBatch, or a dict of columns"

#: Says where a row's cell is: from the row's number (from 0) and the column's name.
Place = Callable[[int, str], str]


@dataclass(frozen=True)
class Input:
    """A column that the model takes.

    name : in the table.  key : in the signature.
    reading : how its cells are read.
    """

    name: str
    key: str
    reading: Reading

    @property
    def is_text(self) -> bool:
        """Whether the signature takes texts, '' for a missing one, and not numbers."""
        return self.reading.type == TEXT


@dataclass(frozen=True)
class Columns:
    """Rows by column.  rows : their number.  names : of all columns, of which only those that are wanted are in `arrays`."""

    arrays: Mapping[str, Any]
    rows: int
    names: Sequence[str]

    def batches(self, size: int) -> Iterator[tuple[int, dict[str, Any]]]:
        """The first row's number, and arrays of at most `size` rows."""
        for start in range(0, self.rows, size):
            yield start, {name: array.slice(start, size) for name, array in self.arrays.items()}


def in_memory(row: int, column: str) -> str:
    return f"row {row} (from 0), column {column!r}"


def read(rows: Any, wanted: Iterable[str]) -> Columns:
    """The wanted columns of `rows`, as Arrow arrays of whatever type they have.

    Raises
    ------
    DataError : not rows, columns of different lengths, or a name that stands twice.
    """
    wanted = list(wanted)
    if isinstance(rows, pa.RecordBatch | pa.Table):
        return _from_table(rows, wanted)
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(rows, pandas.DataFrame):
        _refuse_twice(list(rows.columns))
        return Columns({n: _array(rows[n], n) for n in wanted if n in rows.columns}, len(rows), list(rows.columns))
    if isinstance(rows, Mapping):
        return _from_columns(rows, wanted)
    if hasattr(rows, "__arrow_c_stream__"):
        return _from_table(pa.table(rows), wanted)
    if isinstance(rows, Sequence) and not isinstance(rows, str | bytes):
        return _from_dicts(rows, wanted)
    raise DataError(HEADLINE, Problem("rows", f"a {type(rows).__name__}", _TOP_LEVEL, "pass one of them"))


def _from_table(table: Any, wanted: Sequence[str]) -> Columns:
    names = list(table.schema.names)
    _refuse_twice(names)
    arrays = {name: _joined(table.column(name)) for name in wanted if name in names}
    return Columns(arrays, table.num_rows, names)


def _from_columns(columns: Mapping[str, Any], wanted: Sequence[str]) -> Columns:
    for name, values in columns.items():
        if isinstance(values, str | bytes) or not hasattr(values, "__len__"):
            remedy = "put a single row into a list: predict([row])"
            raise DataError(
                HEADLINE, Problem(f"column {name!r}", repr(values)[:60], "a list or array of values", remedy)
            )
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        said = ", ".join(f"{name!r} has {length}" for name, length in list(lengths.items())[:4])
        raise DataError(HEADLINE, Problem("rows", said, "columns of one length", "correct the columns"))
    arrays = {name: _array(columns[name], name) for name in wanted if name in columns}
    return Columns(arrays, next(iter(lengths.values()), 0), list(columns))


def _from_dicts(rows: Sequence[Any], wanted: Sequence[str]) -> Columns:
    for number, row in enumerate(rows):
        if not isinstance(row, Mapping):
            problem = Problem(f"row {number} (from 0)", f"a {type(row).__name__}", "a dict per row", "pass dicts")
            raise DataError(HEADLINE, problem)
    names = list(dict.fromkeys(name for row in rows for name in row))
    arrays = {name: _array([row.get(name) for row in rows], name) for name in wanted if name in names}
    return Columns(arrays, len(rows), names)


def _refuse_twice(names: Sequence[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1}, key=str)
    if twice:
        problems = [
            Problem(f"column {name!r}", "the name stands twice", "each name once", "rename it") for name in twice
        ]
        raise DataError(HEADLINE, *problems)


def _array(values: Any, name: str) -> Any:
    """Python values as an Arrow array; those of several types as texts."""
    try:
        return _joined(values if isinstance(values, pa.Array | pa.ChunkedArray) else pa.array(values, from_pandas=True))
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, UnicodeError):
        pass
    try:
        return pa.array([_word(value) for value in values], pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError, UnicodeError) as error:
        problem = Problem(
            f"column {name!r}", str(error).splitlines()[0], "one number, text, boolean or date per row", "convert it"
        )
        raise DataError(HEADLINE, problem) from None


def _joined(array: Any) -> Any:
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _word(value: Any) -> str | None:
    """A value of a column of several types, as the text it would be alone."""
    if type(value) in (str, int):
        return str(value)
    alone, _ = cells.plain(pa.array([value], from_pandas=True))
    word: str | None = alone.cast(pa.string())[0].as_py()
    return word


def absent(inputs: Iterable[Input], names: Sequence[str]) -> list[Problem]:
    """The columns that the model takes and no row has."""
    return [
        Problem(
            f"column {one.name!r}",
            "no row has it",
            those_there(one.name, [str(found) for found in names], "the rows have"),
            "name it so, or pass allow_missing=True and it counts as missing in every row",
        )
        for one in inputs
        if one.name not in names
    ]


def tensors(inputs: Sequence[Input], arrays: Mapping[str, Any], rows: int, place: Place) -> dict[str, npt.NDArray[Any]]:
    """What the signature takes: bytes with b'' for missing, float64 with NaN.

    Raises
    ------
    DataError : the first cell of each column that is not what the model takes.
    """
    found: dict[str, npt.NDArray[Any]] = {}
    problems: list[Problem] = []
    for one in inputs:
        array = arrays.get(one.name)
        result = _absent_tensor(one, rows) if array is None else tensor(one, array, place)
        if isinstance(result, Problem):
            problems.append(result)
        else:
            found[one.key] = result
    if problems:
        raise DataError(HEADLINE, *problems)
    return found


def _absent_tensor(one: Input, rows: int) -> npt.NDArray[Any]:
    return np.full(rows, b"" if one.is_text else np.nan, np.dtype(object if one.is_text else np.float64))


@dataclass(frozen=True, eq=False)
class Distinct:
    """A column as its reading has it.  values : Arrow array of its distinct values.  codes : (n,) places in it, -1 = missing."""

    values: Any
    codes: npt.NDArray[np.int32]


def distinct(one: Input, array: Any, place: Place) -> Distinct | Problem:
    """A column of any Arrow type as it is read, or the first cell that its reading does not take."""
    try:
        # What is done to a value is done once for all rows that hold it.
        encoded = (
            array.cast(array.type.value_type) if pa.types.is_dictionary(array.type) else array
        ).dictionary_encode()
        values = cells.read(encoded.dictionary, one.reading)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OverflowError) as error:
        said = f"{array.type}: {str(error).splitlines()[0]}"
        return Problem(f"column {one.name!r}", said, "one number, text, boolean or date per row", "convert it")
    codes: npt.NDArray[np.int32] = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    if isinstance(values, cells.Offence):
        row = int((codes == values.index).argmax())
        return Problem(place(row, one.name), repr(values.value), values.allowed, "correct the cell, or leave it empty")
    return Distinct(values, codes)


def tensor(one: Input, array: Any, place: Place) -> npt.NDArray[Any] | Problem:
    """A column of any Arrow type as `serving_raw` takes it, or the first cell that it does not take."""
    found = distinct(one, array, place)
    if isinstance(found, Problem):
        return found
    if one.is_text:
        texts: npt.NDArray[Any] = found.values.fill_null("").cast(pa.binary()).to_numpy(zero_copy_only=False)
        return np.append(texts, np.array([b""], object))[found.codes]
    numbers = found.values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    # The last int64s round to 2^63, which no whole number of 64 bits is: the graph would take it for missing.
    numbers = np.minimum(numbers, _LAST_INT64) if one.reading.type == INT else numbers
    return np.append(numbers, np.nan)[found.codes]
