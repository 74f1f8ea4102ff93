"""Which texts are numbers, and their values."""

from __future__ import annotations

from typing import Any

_INTEGER = r"^[+-]?[0-9]{1,19}$"
_NUMBER = r"^[+-]?(([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|(?i:inf|infinity))$"
_LEADING_ZERO = r"^[+-]?0[0-9]"


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
