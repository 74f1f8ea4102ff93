"""Parquet files as dictionary-encoded columns; the file's own types are kept as `declared`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from schemas.errors import DataError, Problem
from sluicegate.tables import cells
from sluicegate.tables.files.files import HEADLINE

_INT64_MAX = 2**63 - 1
_EXACT = 2**53


def read_parquet(path: Path) -> tuple[Any, dict[str, str | None]]:
    """A pyarrow table of dictionary columns, and each column's declared type ("int", "float", "text", "boolean").

    Booleans and dates become text ("true", "2024-01-31T10:00:00"), decimals float64; NaN becomes null.

    Raises
    ------
    DataError : not a Parquet file, no rows, a name twice, or columns that no table holds (lists, structs, ...).
    """
    import pyarrow as pa

    table = _opened(path)
    twice = [name for name, count in Counter(table.column_names).items() if count > 1]
    problems = [
        Problem(f"{path}, column {name!r}", "the name stands twice", "each name once", "rename one of them")
        for name in twice
    ]
    columns, declared = {}, {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        try:
            columns[name], declared[name] = _encoded(column)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OverflowError) as error:
            problems.append(unfit(f"{path}, column {name!r}", column.type, str(error)))
    if table.num_rows == 0:
        problems.append(
            Problem(str(path), "columns and no rows", "at least one row", "export the table again, or delete it")
        )
    if problems:
        raise DataError(HEADLINE, *problems)
    return pa.table(columns), declared


def _encoded(column: Any) -> tuple[Any, str | None]:
    """The column as dictionary codes, and its declared type; None for whole numbers beyond 64 bits, read like a CSV's.

    A text that stands in many rows is never copied for each of them: 171 kB on the disk can be 13 GB so.
    """
    import pyarrow as pa

    if pa.types.is_dictionary(column.type) and _is_text(column.type.value_type):
        return _recoded(column), "text"
    if _is_huge(column):
        return column.cast(pa.string()).dictionary_encode(), None
    plain, declared = cells.plain(column)
    return plain.dictionary_encode(), declared


def _is_text(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_binary(kind))


def _recoded(column: Any) -> Any:
    """The dictionary's texts made plain, once each, and only those that occur."""
    import numpy as np
    import pyarrow as pa

    joined = column.unify_dictionaries().combine_chunks()
    joined = joined.chunk(0) if isinstance(joined, pa.ChunkedArray) else joined
    texts, _ = cells.plain(pa.chunked_array([joined.dictionary]))
    encoded = texts.combine_chunks().dictionary_encode()
    encoded = encoded.chunk(0) if isinstance(encoded, pa.ChunkedArray) else encoded
    codes = encoded.indices.take(joined.indices)
    present = codes.drop_null().to_numpy(zero_copy_only=False)
    used = np.flatnonzero(np.bincount(present, minlength=len(encoded.dictionary)))
    if len(used) == len(encoded.dictionary):
        return pa.chunked_array([pa.DictionaryArray.from_arrays(codes, encoded.dictionary)])
    place = np.zeros(len(encoded.dictionary), np.int32)
    place[used] = np.arange(len(used), dtype=np.int32)
    codes = pa.array(place).take(codes)
    return pa.chunked_array([pa.DictionaryArray.from_arrays(codes, encoded.dictionary.take(pa.array(used)))])


def _is_huge(column: Any) -> bool:
    """Whole numbers of which one does not fit into 64 bits with sign: uint64, and decimals without a fraction."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not (pa.types.is_uint64(column.type) or (pa.types.is_decimal(column.type) and column.type.scale == 0)):
        return False
    greatest, least = pc.max(column).as_py(), pc.min(column).as_py()
    if pa.types.is_uint64(column.type):
        return greatest is not None and greatest > _INT64_MAX
    return greatest is not None and max(abs(greatest), abs(least)) > _EXACT


def parquet_batches(path: Path, columns: Sequence[str], rows: int) -> Iterator[Any]:
    """Record batches of some of the columns, in the file's own types; memory does not grow with the file.

    Raises
    ------
    DataError : not a Parquet file, or damaged.
    """
    with _explained(path), _file(path) as file:
        yield from file.iter_batches(batch_size=rows, columns=list(columns), use_threads=False)


def parquet_schema(path: Path) -> Any:
    """Names and types of the columns. Raises DataError as `parquet_batches`."""
    with _explained(path), _file(path) as file:
        return file.schema_arrow


def _file(path: Path) -> Any:
    from pyarrow import parquet

    # Read ahead, a row group would be in memory as a whole.
    return parquet.ParquetFile(path, pre_buffer=False, buffer_size=1 << 20)


def _opened(path: Path) -> Any:
    from pyarrow import parquet

    with _explained(path):
        schema = parquet.read_schema(path)
        texts = [field.name for field in schema if _is_text(field.type)]
        return parquet.ParquetFile(path, read_dictionary=texts).read()


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Pyarrow's refusal as a DataError that says the cause."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowInvalid, OSError) as error:
        with path.open("rb") as stream:
            start = stream.read(40)
        looks = f"a file that starts with {start!r}" if start[:4] != b"PAR1" else f"a damaged file: {str(error)[:80]}"
        raise DataError(
            HEADLINE,
            Problem(str(path), looks, "a Parquet file", "set data.format: csv if it is one, or write the file again"),
        ) from None


def unfit(place: str, kind: Any, said: str) -> Problem:
    """A column of a type that no table of ours holds.  said : pyarrow's own word."""
    import pyarrow as pa

    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    if pa.types.is_nested(kind):
        return Problem(
            place,
            f"nested values: {kind}",
            "one number or text per cell",
            "flatten it, or drop it, before writing the file",
        )
    return Problem(
        place,
        f"{kind}: {said.splitlines()[0]}",
        "integer, float, decimal, boolean, date, timestamp, UTF-8 text",
        "convert the column before writing the file",
    )
