"""What the cells of a table mean: the same when a model learns from them and when it is asked about them.

All functions work on pyarrow arrays; importing this loads nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from schemas.reading import FLOAT, INT, TEXT, NumberFormat, Reading
from sluicegate.tables import cell_dates as dates

_INTEGER = r"^[+-]?[0-9]{1,19}$"
_NUMBER = r"^[+-]?(([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|(?i:inf|infinity))$"
_LEADING_ZERO = r"^[+-]?0[0-9]"
#: A column of nothing else is read without regard to case.
BOOLEANS = ("true", "false")
#: What is no part of a cell at its ends: Unicode's white space, the zero-width blank and the byte-order mark.
BLANKS = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)
_SMALLEST_NORMAL = 2.0**-1022
_INT64_END = 2.0**63
_EXACT_END = 2.0**53
_ALLOWED = {INT: "a whole number of 64 bits", FLOAT: "a number"}
_CURRENCY = r"(?:\p{Sc}|[A-Z]{3})"
_BLANK = r"[ \x{a0}\x{2009}\x{202f}]"
_APOSTROPHE = r"['\x{2019}]"


@dataclass(frozen=True)
class Offence:
    """The first value that is not what the column takes.

    index : its place in the array.  value : the Python value.  count : of such places.  allowed : what may stand there.
    """

    index: int
    value: Any
    count: int
    allowed: str


def read(values: Any, reading: Reading) -> Any | Offence:
    """Any pyarrow array as int64, float64 or string, as the column's reading says; null where there is no value.

    Whole floats are whole numbers, numbers and booleans in a column of text are their texts, dates are ISO texts in UTC.
    What it gives it reads again as the same. Dictionary-encode first where values repeat.

    Raises pyarrow's errors for types without a place in a table.
    """
    import pyarrow as pa

    found, _ = plain(_as_written(values, reading))
    found = cleaned(found, reading.missing) if pa.types.is_string(found.type) else found
    if reading.type == INT:
        return _checked(found, _whole(_unformatted(found, reading.number)), _allowed(reading))
    if reading.type == FLOAT:
        return _checked(found, _floats(_unformatted(found, reading.number)), _allowed(reading))
    if pa.types.is_floating(found.type):
        found = _checked(found, _of_53_bits(found), "a text; a number so large has lost digits before it came here")
        if isinstance(found, Offence):
            return found
    texts = as_text(found)
    if reading.date:
        return _checked(texts, dates.as_iso(texts, reading.date), dates.ALLOWED[reading.date])
    return booleans(texts) if reading.boolean else texts


def _as_written(values: Any, reading: Reading) -> Any:
    """Whole numbers that may not fit into 64 bits with sign as texts; in a column of texts 32-bit floats as what they were
    written from: 0.1 and not 0.10000000149011612.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    kind, is_a = values.type, pa.types
    if is_a.is_uint64(kind) or (is_a.is_decimal(kind) and kind.scale == 0):
        return values.cast(pa.string())
    if reading.type != TEXT or not (is_a.is_float32(kind) or is_a.is_float16(kind)):
        return values
    return pc.if_else(pc.is_nan(values), None, values.cast(pa.float32()).cast(pa.string())).cast(pa.float64())


def _checked(before: Any, after: Any, allowed: str) -> Any | Offence:
    """`after`, unless a value became null on the way."""
    import pyarrow.compute as pc

    if after.null_count == before.null_count:
        return after
    wrong = pc.and_(pc.is_valid(before), pc.is_null(after))
    index = pc.index(wrong, True).as_py()
    return Offence(index, before[index].as_py(), pc.sum(wrong).as_py(), allowed)


def _allowed(reading: Reading) -> str:
    form = reading.number
    written = (
        "1471" if form is None else f"1{form.thousands}471" + (f"{form.decimal}46" if reading.type == FLOAT else "")
    )
    return _ALLOWED[reading.type] + (f", written as {written}" if form else "")


def _unformatted(values: Any, form: NumberFormat | None) -> Any:
    """Texts in the column's own format as plain ones; what is not in it stays, and is refused as no number is."""
    import pyarrow as pa

    return values if form is None or not pa.types.is_string(values.type) else unformatted(values, form)


def unformatted(texts: Any, form: NumberFormat) -> Any:
    """Texts such as "$1,471.46" as "1471.46"; null where a text is not written so. See NumberFormat."""
    import pyarrow.compute as pc

    decimal = re.escape(form.decimal)
    mark = {" ": _BLANK, "'": _APOSTROPHE}.get(form.thousands, re.escape(form.thousands))
    whole = rf"(?:[0-9]{{1,3}}(?:{mark}[0-9]{{2,3}})*{mark}[0-9]{{3}}|[0-9]+)" if mark else "[0-9]+"
    number = rf"(?:{whole}(?:{decimal}[0-9]*)?|{decimal}[0-9]+)(?:[eE][+-]?[0-9]+)?"
    blank = rf"{_BLANK}*"
    signed = rf"^([+\x{{2212}}-]?){blank}{_CURRENCY}?{blank}([+\x{{2212}}-]?)({number}){blank}(?:{_CURRENCY}|%)?$"
    owed = pc.replace_substring_regex(texts, r"^\((.*)\)$", r"-\1")
    is_such = pc.match_substring_regex(owed, signed)
    bare = pc.replace_substring_regex(owed, signed, r"\1\2\3")
    bare = pc.replace_substring_regex(bare, mark, "") if mark else bare
    bare = pc.replace_substring_regex(pc.replace_substring(bare, form.decimal, "."), r"^\x{2212}", "-")
    return pc.if_else(is_such, bare, None)


def _of_53_bits(numbers: Any) -> Any:
    """Null where a float may stand for several whole numbers."""
    import pyarrow.compute as pc

    return pc.if_else(pc.less(pc.abs(numbers), _EXACT_END), numbers, None)


def _whole(values: Any) -> Any:
    """int64; null where a value is no whole number of 64 bits. "39.0" and 39.0 are whole."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_integer(values.type):
        return values
    if not pa.types.is_string(values.type):
        # TensorFlow's kernels take what is smaller for 0, and so the graph would.
        values = pc.if_else(pc.less(pc.abs(values), _SMALLEST_NORMAL), 0.0, values)
        is_whole = pc.and_(pc.equal(pc.floor(values), values), pc.less(values, _INT64_END))
        is_whole = pc.and_(is_whole, pc.greater_equal(values, -_INT64_END))
        return pc.if_else(is_whole, values, None).cast(pa.int64(), safe=False)
    digits = pc.replace_substring_regex(values, r"^\+?(-?[0-9]+)(?:\.0*)?$", r"\1")
    is_plain = pc.match_substring_regex(digits, r"^-?[0-9]{1,19}$")
    exact = _int64_of(pc.if_else(is_plain, digits, None))
    others = pc.if_else(is_plain, None, values)
    return exact if others.null_count == len(others) else pc.coalesce(exact, _whole(_floats(others)))


def whole_numbers(values: Any) -> Any:
    """Texts or numbers as int64; null where a value is no whole number of 64 bits. "39.0" and 39.0 are whole."""
    return _whole(values)


def _int64_of(digits: Any) -> Any:
    """Null where the digits are more than 64 bits hold."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        return digits.cast(pa.int64())
    except pa.ArrowInvalid:
        in_range = pc.less(pc.abs(digits.cast(pa.decimal128(20, 0))), pa.scalar(2**63, pa.decimal128(20, 0)))
        least = pc.equal(digits, str(-(2**63)))
        return pc.if_else(pc.or_(in_range, least), digits, None).cast(pa.int64())


def _floats(values: Any) -> Any:
    """float64; null where a text is no number. "nan" is none, "inf" is one."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_string(values.type):
        return values.cast(pa.float64(), safe=False)
    numbers = pc.if_else(are_numbers(values), values, None)
    return pc.replace_substring_regex(numbers, r"^\+", "").cast(pa.float64())


def as_text(values: Any) -> Any:
    """Strings: whole numbers as their digits ("39" for 39.0, too), other numbers as short as they can be told apart."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_floating(values.type):
        return values.cast(pa.string())
    return pc.coalesce(_whole(values).cast(pa.string()), values.cast(pa.string()))


def booleans(texts: Any) -> Any:
    """True and false without regard to case; other texts as they are."""
    import pyarrow as pa
    import pyarrow.compute as pc

    lower = pc.ascii_lower(texts)
    return pc.if_else(pc.is_in(lower, value_set=pa.array(BOOLEANS)), lower, texts)


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

    trimmed = pc.utf8_trim(texts, characters=BLANKS)
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
