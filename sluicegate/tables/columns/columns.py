"""The type and the kind of each column: the schema's word first, then the user's, then what the values look like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from schemas.errors import Problem
from schemas.reading import ISO
from sluicegate.tables.cells import BOOLEANS, are_numbers, as_float64, as_int64, have_leading_zeros, whole_numbers
from sluicegate.tables.columns import hints
from sluicegate.tables.encoded import EncodedColumn
from sluicegate.tables.places import Places
from sluicegate.tables.recognising import dates, missing_words
from sluicegate.tables.recognising.exactness import inexact, why_text
from sluicegate.tables.schema_words import SchemaColumn

MIN_NUMBER_SHARE = 0.95
"""A column with this share of numbers was meant to be one, and its texts are mistakes."""

KEPT_BY_32_BITS = 0.9
"""Where fewer of the distinct values survive as 32-bit floats, it is said."""


@dataclass(frozen=True, eq=False)
class TypedColumn:
    """values of `column` are int64, float64 or string as `type` says: "int", "float" or "text".

    kind : "number", "category" or "date".  date : of texts that are dates, which part stood first (reading.DATE_ORDERS).
    """

    column: EncodedColumn
    type: str
    kind: str
    notes: tuple[str, ...] = ()
    leading_zeros: bool = False
    date: str = ""

    @property
    def name(self) -> str:
        return self.column.name


@dataclass(frozen=True)
class Wishes:
    """What others say about one column.

    kind : the user's word.  schema : the schema's.  as_text : roles that must stay as written: ids, labels of classes.
    date : the user's word on which part of a date stands first, one of reading.DATE_ORDERS.
    """

    kind: str | None = None
    schema: SchemaColumn = field(default_factory=SchemaColumn)
    as_text: bool = False
    date: str | None = None


def typed(column: EncodedColumn, wishes: Wishes, places: Places) -> TypedColumn | Problem:
    """The column with its type settled, or what is wrong with it.

    A column without any value is text, unless the schema or the user says otherwise.
    """
    wanted = wishes.schema.type or _type_of_kind(wishes)
    if wanted != "text" and not len(column.values):
        return TypedColumn(
            _cast(column, wanted or "text"),
            wanted or "text",
            wishes.kind or wishes.schema.kind or ("number" if wanted else "category"),
        )
    reason = why_text(column) if _may_stay_text(column, wishes, wanted) else None
    if reason:
        return _kept_as_written(column, wishes, reason, places)
    if wanted == "text" or (wanted is None and column.declared in ("text", "boolean")):
        return _as_text(column, wishes, places)
    return _as_number(column, wanted, wishes, places)


def _as_number(column: EncodedColumn, wanted: str | None, wishes: Wishes, places: Places) -> TypedColumn | Problem:
    if wanted == "int":
        whole = whole_numbers(column.values)
        return _offence(column, "int", wishes, places) if whole.null_count else _number(column, whole, wishes)
    if wanted in ("float", "number") or column.declared in ("int", "float"):
        return _number_or_offence(column, wanted, wishes, places)
    return _guessed(column, wishes, places)


def _may_stay_text(column: EncodedColumn, wishes: Wishes, wanted: str | None) -> bool:
    """Whether nobody wants a number: a Parquet file's float or a contract's number is one, whatever its digits."""
    if not len(column.values) or column.declared not in (None, "int"):
        return False
    return wanted is None or (wishes.schema.type == "int" and "category" in (wishes.kind, wishes.schema.kind))


def _kept_as_written(column: EncodedColumn, wishes: Wishes, reason: str, places: Places) -> TypedColumn | Problem:
    """Digits as a category, if all values are digits; else what `_guessed` says of them."""
    if not is_mostly_numbers(column):
        return _as_text(column, wishes, places)
    note = (
        f"Column '{column.name}' is kept as text, a category: {reason}. "
        f"`columns.kinds: {{{column.name}: number}}` reads numbers."
    )
    result = _as_text(column, replace(wishes, kind="category"), places)
    return replace(result, notes=(note,)) if isinstance(result, TypedColumn) else result


def _guessed(column: EncodedColumn, wishes: Wishes, places: Places) -> TypedColumn | Problem:
    """What a CSV's texts look like."""
    import pyarrow.compute as pc

    if pc.all(are_numbers(column.values)).as_py():
        return _number_or_offence(column, "number", wishes, places)
    if is_mostly_numbers(column):
        return _offence(column, "number", wishes, places)
    result = _as_text(column, wishes, places)
    if isinstance(result, Problem) or result.kind != "category":
        return result
    return replace(result, notes=(*result.notes, *hints.of_text(result.column, places.source)))


def is_mostly_numbers(column: EncodedColumn) -> bool:
    """Whether nearly all rows hold numbers, so that the texts among them are mistakes."""
    counts, numbers = column.counts(), are_numbers(column.values).to_numpy(zero_copy_only=False)
    return bool(counts[numbers].sum() >= MIN_NUMBER_SHARE * counts.sum()) and bool(numbers.any())


def _number_or_offence(
    column: EncodedColumn, wanted: str | None, wishes: Wishes, places: Places
) -> TypedColumn | Problem:
    whole = as_int64(column.values) if wanted != "float" and column.declared != "float" else None
    numbers = whole if whole is not None else as_float64(column.values)
    if numbers is None:
        return _offence(column, "number", wishes, places)
    return _number(column, numbers if wanted == "float" else _exact_if_whole(numbers), wishes)


def _exact_if_whole(numbers: Any) -> Any:
    """Whole floats that 32 bits would round (Unix seconds written as 1700073686.0) as int64; all others as they are."""
    import numpy as np
    import pyarrow as pa

    if not pa.types.is_floating(numbers.type):
        return numbers
    values = numbers.to_numpy(zero_copy_only=False)
    with np.errstate(over="ignore"):
        is_rounded = (values.astype(np.float32) != values).any()
    if not is_rounded or not (np.abs(values) <= 2.0**53).all() or (values != np.floor(values)).any():
        return numbers
    return pa.array(values.astype(np.int64))


def _number(column: EncodedColumn, numbers: Any, wishes: Wishes) -> TypedColumn:
    import pyarrow as pa

    kind = wishes.kind or wishes.schema.kind or "number"
    found, notes = replace(column, values=numbers), _rounding_notes(column)
    if not pa.types.is_integer(numbers.type):
        return TypedColumn(found, "float", kind, (*notes, *_notes_of_32_bits(found)), have_leading_zeros(column.values))
    return TypedColumn(found, "int", kind, notes, have_leading_zeros(column.values))


def _notes_of_32_bits(column: EncodedColumn) -> tuple[str, ...]:
    """What TFX's 32-bit floats make of the values: infinities, or neighbours that become one."""
    import numpy as np

    values = column.values.to_numpy(zero_copy_only=False)
    notes = []
    beyond = int(column.counts()[np.abs(values) > np.finfo(np.float32).max].sum())
    if beyond:
        notes.append(f"Column '{column.name}': {beyond} values are infinite as 32-bit floats, which is what TFX keeps.")
    with np.errstate(over="ignore"):
        # Sorting is several times quicker than numpy's unique, which hashes.
        left = 1 + int(np.count_nonzero(np.diff(np.sort(values.astype(np.float32)))))
    before = len(values)
    if left < min(before, max(2, KEPT_BY_32_BITS * before)):
        notes.append(
            f"Column '{column.name}': its {before:,} distinct values become {left:,} as 32-bit floats, which is what TFX keeps; "
            "subtract what all of them share, or write differences, if they matter."
        )
    return tuple(notes)


def _rounding_notes(column: EncodedColumn) -> tuple[str, ...]:
    wrong = inexact(column.values)
    if not wrong.any():
        return ()
    return (
        f"Column '{column.name}': {int(column.counts()[wrong].sum()):,} values are rounded, because a model's numbers hold 53 "
        f"bits. If they are names, `columns.kinds: {{{column.name}: category}}` keeps every digit.",
    )


def _as_text(column: EncodedColumn, wishes: Wishes, places: Places) -> TypedColumn | Problem:
    import pyarrow as pa

    texts = replace(column, values=column.values.cast(pa.string()))
    kind = wishes.kind or wishes.schema.kind
    if kind == "number":
        return (
            _offence(texts, "number", wishes, places)
            if not _all_numbers(texts)
            else Problem(
                f"column {column.name!r}",
                "text in the schema, a number in data.columns.kinds",
                "one of the two",
                "set its type in the schema to FLOAT, or drop the kind",
            )
        )
    if kind == "date" or (kind is None and not wishes.as_text):
        return _as_dates(texts, wishes, kind, places)
    return TypedColumn(texts, "text", kind or "category")


def _as_dates(texts: EncodedColumn, wishes: Wishes, kind: str | None, places: Places) -> TypedColumn | Problem:
    """The texts as dates, if that is what they are, else as a category."""
    if not len(texts.values):
        return TypedColumn(texts, "text", kind or "category", date=(wishes.date or ISO) if kind else "")
    found = dates.settled(texts, wishes.date, kind == "date", places)
    if isinstance(found, Problem) or found is None:
        return found or TypedColumn(texts, "text", "category")
    column, order, notes = found
    return TypedColumn(column, "text", "date" if order else "category", notes, date=order)


def _all_numbers(column: EncodedColumn) -> bool:
    import pyarrow.compute as pc

    return bool(pc.all(are_numbers(column.values)).as_py())


def _type_of_kind(wishes: Wishes) -> str | None:
    if wishes.as_text or wishes.kind == "category":
        return "text"
    return "number" if wishes.kind == "number" else None


def _cast(column: EncodedColumn, wanted: str) -> EncodedColumn:
    import pyarrow as pa

    types: Mapping[str, Any] = {"int": pa.int64(), "float": pa.float64(), "number": pa.float64(), "text": pa.string()}
    return replace(column, values=pa.array([], types[wanted]))


def booleans_as_text(column: EncodedColumn) -> EncodedColumn:
    """True, TRUE and true are one value."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_string(column.values.type) or not 0 < len(column.values) <= 6:
        return column
    lower = pc.utf8_lower(column.values)
    return column.with_values(lower) if set(lower.to_pylist()) <= set(BOOLEANS) else column


def _offence(column: EncodedColumn, wanted: str, wishes: Wishes, places: Places) -> Problem:
    """The first value that is no number (or no whole one), and how many there are."""
    import numpy as np

    allowed = whole_numbers(column.values).is_valid() if wanted == "int" else are_numbers(column.values)
    wrong = ~allowed.to_numpy(zero_copy_only=False)
    codes = np.flatnonzero(wrong)
    row = int(np.isin(column.codes, codes).argmax())
    rows = int(column.counts()[codes].sum())
    value = column.values[int(column.codes[row])].as_py()
    said = (
        " (INT in the schema)"
        if wishes.schema.type == "int"
        else " (FLOAT in the schema)"
        if wishes.schema.type
        else ""
    )
    line = missing_words.setting(places.source, column, [str(value)])
    remedy = f"correct the cell, or write {line} if it means no value, or columns.kinds.{column.name}: category"
    present = int((column.codes >= 0).sum())
    return Problem(
        places.of(row, column.name),
        f"{value!r}; {rows} of {present} values are such",
        ("whole numbers of 64 bits" if wanted == "int" else "numbers") + said,
        remedy,
    )
