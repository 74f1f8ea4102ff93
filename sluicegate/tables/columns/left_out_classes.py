"""Rows of classes that `label.leave_out` names, and the line that names them."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import replace

from schemas.errors import DataError, Problem
from schemas.names import listed
from sluicegate.tables.encoded import EncodedColumn, RawTable
from sluicegate.tables.source import Source


def without_classes(table: RawTable, source: Source) -> RawTable:
    """The table without the rows of these classes, and a note that counts them and names those that no row has.

    1 and 1.0 are one class, as they are where the schema lists it. Raises DataError where no row would be left.
    """
    import numpy as np

    column = table.columns.get(source.label)
    if not source.label_leave_out or column is None:
        return table
    values = [class_key(text) for text in texts_of(column)]
    wanted = {class_key(text): text for text in source.label_leave_out}
    # One place more at the end, which is where the code -1 of a missing label looks.
    is_out = np.array([*(value in wanted for value in values), False])[column.codes]
    if is_out.all():
        got = f"{listed(source.label_leave_out)}, which all {len(column.codes):,} rows have"
        problem = Problem(
            "label.leave_out", got, "a list that leaves two classes", "take the classes to learn out of the list"
        )
        raise DataError("No row is left of the table.", problem)
    notes = [
        f"{int(is_out.sum()):,} of {len(column.codes):,} rows were left out, because label.leave_out names their classes."
    ]
    absent = [text for key, text in wanted.items() if key not in values]
    if absent:
        notes.append(f"label.leave_out names classes that no row has: {listed(absent)}.")
    found = table.of_rows(~is_out)
    return replace(found, notes=(*found.notes, *notes))


def kept_domain(domain: tuple[str, ...], source: Source) -> tuple[str, ...]:
    """The schema's classes without those that are left out."""
    out = {class_key(text) for text in source.label_leave_out}
    return tuple(text for text in domain if class_key(text) not in out)


def setting(source: Source, names: Sequence[str]) -> str:
    """As in: `leave_out: ["lynx", "3"]` under `label:`"""
    listed_all = dict.fromkeys([*source.label_leave_out, *names])
    return f"`leave_out: {json.dumps(list(listed_all), ensure_ascii=False)}` under `label:`"


def texts_of(column: EncodedColumn) -> list[str]:
    """The distinct values as the texts that become classes."""
    import pyarrow as pa

    return [str(value) for value in column.values.cast(pa.string()).to_pylist()]


def class_key(text: str) -> str | float:
    """Equal for 1 and 1.0, and for nothing else that differs."""
    number = number_of(text)
    return text if number is None or math.isnan(number) else number


def number_of(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
