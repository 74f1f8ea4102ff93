"""Parquet files as dictionary-encoded columns; the file's own types are kept as `declared`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from components.example_gen.files import HEADLINE
from schemas.errors import DataError, Problem

_INT64_MAX = 2**63 - 1


def read_parquet(path: Path) -> tuple[Any, dict[str, str]]:
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
        plain = column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
        try:
            columns[name], declared[name] = _plain(plain)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OverflowError) as error:
            problems.append(_unfit(path, name, plain.type, str(error)))
    if table.num_rows == 0:
        problems.append(
            Problem(str(path), "columns and no rows", "at least one row", "export the table again, or delete it")
        )
    if problems:
        raise DataError(HEADLINE, *problems)
    return pa.table({name: column.dictionary_encode() for name, column in columns.items()}), declared


def _opened(path: Path) -> Any:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        return parquet.ParquetFile(path).read()
    except (pa.ArrowInvalid, OSError) as error:
        with path.open("rb") as stream:
            start = stream.read(40)
        looks = f"a file that starts with {start!r}" if start[:4] != b"PAR1" else f"a damaged file: {str(error)[:80]}"
        raise DataError(
            HEADLINE,
            Problem(str(path), looks, "a Parquet file", "set data.format: csv if it is one, or write the file again"),
        ) from None


def _plain(column: Any) -> tuple[Any, str]:
    """The column as int64, float64 or string. Raises pyarrow's errors for types without a place in a table."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind, is_a = column.type, pa.types
    if is_a.is_boolean(kind) or is_a.is_null(kind):
        return column.cast(pa.string()), "boolean" if is_a.is_boolean(kind) else "text"
    if is_a.is_integer(kind):
        return column.cast(pa.int64()), "int"
    if is_a.is_floating(kind) or is_a.is_decimal(kind):
        numbers = column.cast(pa.float64())
        return pc.if_else(pc.is_nan(numbers), None, numbers), "float"
    return _text(column), "text"


def _text(column: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    kind, is_a = column.type, pa.types
    if is_a.is_date(kind):
        return column.cast(pa.date32()).cast(pa.string())
    if is_a.is_timestamp(kind):
        # Parquet knows no seconds: whole ones come back as .000, which the same table's CSV would not show.
        iso = pc.replace_substring(column.cast(pa.string()), " ", "T", max_replacements=1)
        return pc.replace_substring_regex(iso, r"\.0+(Z?)$", r"\1")
    if is_a.is_time(kind) or is_a.is_string(kind) or is_a.is_large_string(kind) or is_a.is_string_view(kind):
        return column.cast(pa.string())
    if is_a.is_binary(kind) or is_a.is_large_binary(kind) or is_a.is_fixed_size_binary(kind):
        return column.cast(pa.binary()).cast(pa.string())
    raise pa.ArrowNotImplementedError(f"{kind} has no place in a table")


def _unfit(path: Path, name: str, kind: Any, said: str) -> Problem:
    import pyarrow as pa

    place = f"{path}, column {name!r}"
    if pa.types.is_nested(kind):
        return Problem(
            place,
            f"nested values: {kind}",
            "one number or text per cell",
            "flatten it, or drop it, before writing the file",
        )
    if pa.types.is_integer(kind):
        return Problem(
            place,
            f"{kind} with values above {_INT64_MAX}",
            "whole numbers of 64 bits with sign",
            "write the column as text (an identifier) or as float (a quantity)",
        )
    return Problem(
        place,
        f"{kind}: {said.splitlines()[0]}",
        "integer, float, decimal, boolean, date, timestamp, UTF-8 text",
        "convert the column before writing the file",
    )
