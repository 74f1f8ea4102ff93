"""The profile and the split tables of an examined table."""

from __future__ import annotations

from typing import Any

from schemas.reading import TEXT, Reading
from schemas.roles import SPLITS, Roles
from schemas.table import MAX_DOMAIN, Column, TableProfile
from sluicegate.tables.cells import BOOLEANS
from sluicegate.tables.columns.columns import TypedColumn
from sluicegate.tables.columns.inspection import Examined
from sluicegate.tables.columns.label_precision import offset
from sluicegate.tables.columns.stated import missing_words
from sluicegate.tables.files.files import relative_names
from sluicegate.tables.source import Source


def profile_of(examined: Examined, source: Source) -> TableProfile:
    """What inspection found, as plain values."""
    rows = {split: examined.splits.rows(split) for split in SPLITS}
    roles = Roles(
        label=source.label,
        task=examined.label.task,
        classes=examined.label.classes,
        weight=source.weight,
        ids=source.ids,
        kinds=dict(source.kinds),
        label_offset=label_offset(examined, source) if source.label_offset is None else source.label_offset,
        readings={one.name: reading_of(one, source) for one in examined.columns if one.name != source.label},
    )
    columns = tuple(_column(column, _role(column.name, source), rows["train"]) for column in examined.columns)
    return TableProfile(
        roles=roles,
        columns=columns,
        rows={split: len(rows[split]) for split in SPLITS},
        digest=examined.digest,
        notes=examined.notes,
        files=tuple(relative_names(list(examined.files))),
        label_rows=_label_rows(examined, source, rows),
    )


def label_offset(examined: Examined, source: Source) -> float:
    """What this table asks for, whatever the settings say."""
    train = examined.splits.rows("train")
    label = next((column for column in examined.columns if column.name == source.label), None)
    return offset(label, train) if label is not None and examined.label.task == "regression" else 0.0


def reading_of(found: TypedColumn, source: Source) -> Reading:
    """How the column's cells were read, and how they are to be read wherever else the model meets them."""
    values = found.column.values
    boolean = found.type == TEXT and 0 < len(values) <= 2 and set(values.to_pylist()) <= set(BOOLEANS)
    missing = missing_words(source, "csv" if found.column.declared is None else "parquet", found.type, boolean=boolean)
    number = source.numbers.get(found.name) if found.type != TEXT else None
    return Reading(found.type, missing, boolean, found.date, number)


def _label_rows(examined: Examined, source: Source, rows: dict[str, Any]) -> dict[str, dict[str, int]]:
    label = next((column.column for column in examined.columns if column.name == source.label), None)
    if label is None or not examined.label.classes:
        return {}
    names = [str(value) for value in label.values.to_pylist()]
    return {split: dict(zip(names, label.counts(rows[split]).tolist(), strict=True)) for split in rows}


def tables_of(examined: Examined) -> dict[str, Any]:
    """One pyarrow table per split, in the files' order: int64, float32 or string; null if missing."""
    return {split: _table(examined.columns, examined.splits.rows(split)) for split in SPLITS}


def _table(columns: tuple[TypedColumn, ...], rows: Any) -> Any:
    import pyarrow as pa

    arrays = {}
    for column in columns:
        values = column.column.at(rows)
        arrays[column.name] = values.cast(pa.float32(), safe=False) if column.type == "float" else values
    return pa.table(arrays)


def _role(name: str, source: Source) -> str:
    return (
        "label"
        if name == source.label
        else "weight"
        if name == source.weight
        else "id"
        if name in source.ids
        else "feature"
    )


def _column(found: TypedColumn, role: str, train: Any) -> Column:
    import numpy as np
    import pyarrow.compute as pc

    column = found.column
    seen = np.flatnonzero(column.counts(train))
    values: tuple[str, ...] = ()
    low = high = None
    if found.type == "text" and found.kind != "number" and role != "id" and len(seen) <= MAX_DOMAIN:
        values = tuple(sorted(column.values.take(seen).to_pylist()))
    if found.type != "text":
        numbers = column.values.take(seen).to_numpy(zero_copy_only=False)
        finite = np.isfinite(numbers)
        if finite.any():
            low, high = numbers[finite].min().item(), numbers[finite].max().item()
    return Column(
        found.name,
        found.type,
        found.kind,
        role,
        distinct=int(pc.count_distinct(column.values).as_py()),
        missing=column.missing(),
        missing_in_train=column.missing(train),
        values=values,
        low=low,
        high=high,
        date_format=_date_format(found),
        leading_zeros=found.leading_zeros,
    )


def _date_format(found: TypedColumn) -> str | None:
    import pyarrow.compute as pc

    if found.kind != "date":
        return None
    if found.type != "text":
        return "unix_seconds"
    longest = pc.max(pc.utf8_length(found.column.values)).as_py()
    return "%Y-%m-%d" if longest is None or longest <= len("2024-01-31") else "%Y-%m-%dT%H:%M:%S"
