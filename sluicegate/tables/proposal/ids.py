"""Columns that name or number the rows: a model learns nothing from them that holds for the next row."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sluicegate.tables.columns.columns import TypedColumn
from sluicegate.tables.encoded import FileRows
from sluicegate.tables.proposal.advice import Advice

NEAR_UNIQUE = 0.95
"""With this share of distinct values a column names the row and says nothing about the next one."""
MIN_ROWS = 50
_NAMELESS = re.compile(r"^(unnamed_\d+|Unnamed: \d+(_level_\d+)?)$")
_KEY_NAME = re.compile(
    r"(^|[_\-. ])((?i:id|ids|key|uuid|guid|index|idx|no|nr|num|number|serial|record|row|rowid|code|cod|seqno|docno|recno|caseno|serno|rownames?|row_?names?))$"
    r"|(?<=[a-z])(Id|ID|Key|No|Nr|Index|Number)$"
)


def id_advice(found: TypedColumn, files: Sequence[FileRows]) -> Advice | None:
    """A word on a column that is an id, or may be; None for all others."""
    if found.kind == "date":
        return None
    numbers = _whole_numbers(found)
    if numbers is not None and (reason := _why_counter(numbers, files)):
        return Advice("columns.ids", found.name, reason, active=True)
    present = int((found.column.codes >= 0).sum())
    distinct = len(found.column.values)
    if present < MIN_ROWS or distinct < NEAR_UNIQUE * present or (found.type != "text" and numbers is None):
        return None
    reason = f"{distinct:,} of {present:,} values are distinct: it names the row"
    is_named = _NAMELESS.match(found.name) or _KEY_NAME.search(found.name)
    if found.type == "text" or is_named:
        return Advice("columns.ids", found.name, reason, active=True)
    if found.type == "int":
        return Advice("columns.ids", found.name, f"{reason}, unless its size means something")
    return None


def _whole_numbers(found: TypedColumn) -> Any | None:
    """(n,) float64 of the rows in the files' order; None where a value is missing, no number, or has a fraction."""
    import numpy as np

    if found.type == "text" or not len(found.column.values) or (found.column.codes < 0).any():
        return None
    values = found.column.values.to_numpy(zero_copy_only=False).astype(np.float64)
    if not np.isfinite(values).all() or (values != np.floor(values)).any():
        return None
    return values[found.column.codes]


def _why_counter(numbers: Any, files: Sequence[FileRows]) -> str | None:
    """Whether it counts 0 .. n-1 or 1 .. n, over all rows in any order or in each file by itself."""
    import numpy as np

    rows = len(numbers)
    if rows < MIN_ROWS:
        return None
    first, last = int(numbers.min()), int(numbers.max())
    if first in (0, 1) and last - first == rows - 1 and len(np.unique(numbers)) == rows:
        return f"it counts the rows from {first} to {last:,}"
    start = 0
    for file in files:
        part = numbers[start : start + file.rows]
        start += file.rows
        if len(part) < 2 or part[0] not in (0, 1) or (np.diff(part) != 1).any():
            return None
    return "it counts the rows of each file"
