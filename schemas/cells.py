"""What the cells of a table mean: the same when a model learns from them and when it is asked about them.

All functions work on pyarrow arrays; importing this loads nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_INTEGER = r"^[+-]?[0-9]{1,19}$"
_NUMBER = r"^[+-]?(([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|(?i:inf|infinity))$"
_LEADING_ZERO = r"^[+-]?0[0-9]"
#: A column of nothing else is read without regard to case.
BOOLEANS = ("true", "false")


def plain(column: Any) -> tuple[Any, str]:
    """The column as int64, float64 or string, and what it was: "int", "float", "text" or "boolean".

    Booleans and dates become text ("true", "2024-01-31T10:00:00"), decimals float64; NaN becomes null. Raises pyarrow's
    errors for types without a place in a table.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    column = column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
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


def cleaned(texts: Any, missing: Sequence[str]) -> Any:
    """The texts without white space around them; null where nothing is left, or one of `missing`."""
    import pyarrow as pa
    import pyarrow.compute as pc

    trimmed = pc.utf8_trim_whitespace(texts)
    return pc.if_else(pc.is_in(trimmed, value_set=pa.array(["", *missing], pa.string())), None, trimmed)


def as_int64(values: Any) -> Any | None:
    """The distinct values as a pyarrow int64 array, or None if one of them is no whole number of 64 bits.

    values : pyarrow array of strings, int64 or float64.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        if not pa.types.is_string(values.type):
            return values.cast(pa.int64())
        # pyarrow reads "0x1F" as 31 and refuses "+5"; people mean the opposite.
        if not pc.all(pc.match_substring_regex(values, _INTEGER)).as_py():
            return None
        return pc.replace_substring_regex(values, r"^\+", "").cast(pa.int64())
    except pa.ArrowInvalid:
        return None


def as_float64(values: Any) -> Any | None:
    """The distinct values as a pyarrow float64 array, or None if one is no number. "nan" is none, "inf" is one."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_string(values.type):
        return values.cast(pa.float64(), safe=False)
    if not pc.all(are_numbers(values)).as_py():
        return None
    return pc.replace_substring_regex(values, r"^\+", "").cast(pa.float64())


def are_numbers(values: Any) -> Any:
    """A pyarrow boolean array: is this value a number."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_string(values.type):
        return pc.is_valid(values)
    return pc.match_substring_regex(values, _NUMBER)


def are_integers(values: Any) -> Any:
    """A pyarrow boolean array: is this text a whole number of at most 19 digits, or this number whole."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_string(values.type):
        return pc.match_substring_regex(values, _INTEGER)
    return pc.equal(pc.floor(values.cast(pa.float64(), safe=False)), values.cast(pa.float64(), safe=False))


def have_leading_zeros(values: Any) -> bool:
    """Whether a text such as "01234" is among the values; as a number it would lose its zero."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return bool(pa.types.is_string(values.type) and pc.any(pc.match_substring_regex(values, _LEADING_ZERO)).as_py())
