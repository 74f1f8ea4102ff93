"""A column of texts that are dates: kept as ISO texts in UTC, by the one grammar of sluicegate/tables/cell_dates.py."""

from __future__ import annotations

from typing import Any

from schemas.errors import Problem
from schemas.reading import DATE_ORDERS, DAY_FIRST, ISO, MONTH_FIRST, MONTH_NAME
from sluicegate.tables import cell_dates as dates
from sluicegate.tables.encoded import EncodedColumn
from sluicegate.tables.places import Places

MIN_DATE_SHARE = 0.95
"""A column with this share of dates was meant to be one, and its other texts are mistakes."""


def settled(
    column: EncodedColumn, order: str | None, is_said: bool, places: Places
) -> tuple[EncodedColumn, str, tuple[str, ...]] | Problem | None:
    """The column as ISO texts, the order of its parts, and what to note; None where it holds no dates.

    column : texts.  order : as the settings say it, else None.  is_said : whether settings or schema call it a date.
    """
    orders = [order] if order else list(DATE_ORDERS)
    read = {one: dates.as_iso(column.values, one) for one in orders}
    whole = [one for one, found in read.items() if not found.null_count]
    if order is None and ISO not in whole and len(whole) == 2:
        return _ambiguous(column, places) if is_said else (column, "", (_hint(column),))
    if whole:
        notes = (_guess(column, whole[0]),) if order is None and whole[0] != ISO else ()
        return column.with_values(read[whole[0]]), whole[0], notes
    best = max(orders, key=lambda one: _share(column, read[one]))
    if not is_said and _share(column, read[best]) < MIN_DATE_SHARE:
        return None
    return _offence(column, read[best], best, places)


def _share(column: EncodedColumn, read: Any) -> float:
    """Of the rows with a value."""
    import pyarrow.compute as pc

    counts = column.counts()
    return float(counts[pc.is_valid(read).to_numpy(zero_copy_only=False)].sum() / max(1, counts.sum()))


def _guess(column: EncodedColumn, order: str) -> str:
    if order == MONTH_NAME:
        return (
            f"Column '{column.name}' holds dates such as {column.values[0].as_py()!r}, read by the month's name; "
            f"`columns.dates: {{{column.name}: {order}}}` holds that fast."
        )
    part = {DAY_FIRST: "day", MONTH_FIRST: "month"}[order]
    return (
        f"Column '{column.name}' holds dates such as {column.values[0].as_py()!r}, read with the {part} first, because only so "
        f"all of them exist; `columns.dates: {{{column.name}: {order}}}` holds that fast."
    )


def _hint(column: EncodedColumn) -> str:
    return (
        f"Column '{column.name}' is a category, though its texts, such as {column.values[0].as_py()!r}, may be dates: say "
        f"`columns.dates: {{{column.name}: day_first}}` or `month_first`, for both fit."
    )


def _ambiguous(column: EncodedColumn, places: Places) -> Problem:
    return Problem(
        places.of(column.first_row(0), column.name),
        f"{column.values[0].as_py()!r}, of which day and month cannot be told apart",
        "dates of one order",
        f"say `columns.dates: {{{column.name}: day_first}}` or `month_first` in the settings",
    )


def _offence(column: EncodedColumn, read: Any, order: str, places: Places) -> Problem:
    import numpy as np
    import pyarrow.compute as pc

    codes = np.flatnonzero(pc.is_null(read).to_numpy(zero_copy_only=False))
    row = int(np.isin(column.codes, codes).argmax())
    value = column.values[int(column.codes[row])].as_py()
    rows, present = int(column.counts()[codes].sum()), int((column.codes >= 0).sum())
    return Problem(
        places.of(row, column.name),
        f"{value!r}; {rows} of {present} values are such",
        dates.ALLOWED[order],
        f"correct the cell, or add {value!r} to data.missing, or declare columns.kinds.{column.name}: category",
    )
