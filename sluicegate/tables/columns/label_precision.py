"""How the examples hold a regression's label: as 32-bit float, unless that loses what the label says.

tf.Example knows 64-bit integers and 32-bit floats. 1,700,002,252 as a 32-bit float is 1,700,002,304, so Unix seconds of two days
become 73 values (keras-team/keras#15014).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from schemas.errors import Problem
from sluicegate.tables.columns.columns import TypedColumn
from sluicegate.tables.schema_words import SchemaColumn

#: A label with decimals may be rounded by so much of its standard deviation; no model predicts better than that.
MOST_LOST = 1e-4


def kept(column: TypedColumn, word: SchemaColumn) -> TypedColumn | Problem:
    """The label as float, as 64-bit integers where floats would round them, or as text where decimals would be lost.

    column : int64 or float64 values.  word : the schema's, which is obeyed; what it loses is said.
    """
    if word.type == "text":
        return _as_text(column)
    if word.type == "int":
        return column if column.type == "int" else _not_whole(column)
    if not loses(column):
        return _as_float(column)
    if word.type == "float":
        return _with_note(_as_float(column), column)
    return column if column.type == "int" else _as_text(column)


def loses(column: TypedColumn) -> bool:
    """Whether 32-bit floats are not enough: any whole number that they round, or decimals by more than MOST_LOST."""
    import numpy as np

    values = column.column.values.cast("float64", safe=False).to_numpy(zero_copy_only=False)
    if not len(values) or not np.isfinite(values).all():
        return False
    with np.errstate(over="ignore"):
        lost = np.abs(values.astype(np.float32).astype(np.float64) - values)
    if column.type == "int":
        return bool(lost.max() > 0)
    spread = float(np.std(np.repeat(values, column.column.counts())))
    return bool(np.isfinite(lost).all() and lost.max() > MOST_LOST * spread > 0)


def offset(column: TypedColumn, train: Any) -> float:
    """A whole number near the middle of the label, by which the network's 32-bit arithmetic is moved; 0 where that is exact enough.

    column : as `kept` left it.  train : the train split's rows.
    """
    import numpy as np
    import pyarrow as pa

    numbers: Any = column.column.values.cast(pa.float64(), safe=False)
    counts = column.column.counts(train)
    asked = replace(column, column=replace(column.column, values=numbers))
    if column.type == "float" or not counts.sum() or not loses(asked):
        return 0.0
    return float(np.round(np.average(numbers.to_numpy(zero_copy_only=False), weights=counts)))


def _as_float(column: TypedColumn) -> TypedColumn:
    return _cast(column, "float64", "float")


def _as_text(column: TypedColumn) -> TypedColumn:
    return _cast(column, "string", "text")


def _cast(column: TypedColumn, to: str, type_: str) -> TypedColumn:
    values: Any = column.column.values.cast(to, safe=False)
    return replace(column, column=replace(column.column, values=values), type=type_)


def _with_note(found: TypedColumn, before: TypedColumn) -> TypedColumn:
    import numpy as np

    values = found.column.values.to_numpy(zero_copy_only=False)
    left, better = len(np.unique(values.astype(np.float32))), "INT" if before.type == "int" else "BYTES"
    note = (
        f"Column '{found.name}' (label): the schema says FLOAT, and 32-bit floats keep {left:,} of its {len(values):,} distinct values; "
        f"set type: {better} there, which keeps them all."
    )
    return replace(found, notes=(*found.notes, note))


def _not_whole(column: TypedColumn) -> Problem:
    return Problem(
        f"column {column.name!r} (label)",
        "numbers with decimals",
        "whole numbers (INT in the schema)",
        "set type: FLOAT in the schema, or BYTES where a label must keep more digits than 32-bit floats have",
    )
