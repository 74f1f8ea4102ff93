"""Columns whose numbers the settings say are written as 1.471,46, made plain."""

from __future__ import annotations

from dataclasses import replace

from schemas.errors import Problem
from schemas.reading import NumberFormat
from sluicegate.tables.cells import are_numbers, unformatted
from sluicegate.tables.encoded import EncodedColumn, RawTable
from sluicegate.tables.places import Places
from sluicegate.tables.recognising import number_formats
from sluicegate.tables.source import Source


def with_numbers(table: RawTable, source: Source, places: Places) -> tuple[RawTable, list[Problem]]:
    """The table with the columns of `columns.numbers` as plain texts such as 1471.46, and what is not written so."""
    made, problems = dict(table.columns), []
    for name, form in source.numbers.items():
        if name not in table.columns or name in source.leave_out:
            continue
        found = _plain(table.columns[name], form, places)
        if isinstance(found, Problem):
            problems.append(found)
        else:
            made[name] = found
    return replace(table, columns=made), problems


def _plain(column: EncodedColumn, form: NumberFormat, places: Places) -> EncodedColumn | Problem:
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_string(column.values.type):
        return column
    plain = unformatted(column.values, form)
    plain = pc.if_else(are_numbers(pc.fill_null(plain, "")), plain, None)
    if not plain.null_count:
        return replace(column.with_values(plain), declared=None)
    code = pc.index(pc.is_null(plain), True).as_py()
    rows = int(column.counts()[pc.is_null(plain).to_numpy(zero_copy_only=False)].sum())
    return Problem(
        places.of(column.first_row(code), column.name),
        f"{column.values[code].as_py()!r}; {rows:,} of {int((column.codes >= 0).sum()):,} values are such",
        f"numbers written as {number_formats.in_braces(form)} says",
        f"correct columns.numbers.{column.name}, or the cell, or add the word to data.missing",
    )
