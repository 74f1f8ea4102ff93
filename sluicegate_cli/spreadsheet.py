"""Cells that a spreadsheet would run when it opens a CSV file (OWASP, CSV Injection), made plain text.

A cell that begins with `=`, `+`, `-`, `@`, tab, carriage return or line feed, or with the full-width form of one of the signs, is a formula
to Excel, LibreOffice and Google Sheets, whatever quotes stand around it. It gets a `'` in front, which they take as "this is text".
A text that is a number as a whole, such as -5 or +1.5e3, is no formula and stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

MARK = "'"
#: Blanks before the sign are dropped by some programs on the way in.
RUNS = r"^(?:[\t\r\n]|[\s\x{00A0}\x{FEFF}]*[=+\-@\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}])"
NUMBER = r"^\s*[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\s*$"


def neutral(rows: pa.Table) -> pa.Table:
    """The rows with text cells that would run marked as text; numbers, dates and all other types are as they were."""
    for place, field in enumerate(rows.schema):
        if _is_text(field.type):
            rows = rows.set_column(place, field, _marked(rows.column(place)))
    return rows


def neutral_names(schema: pa.Schema) -> pa.Schema:
    """The schema with names that are safe in a header: these come out of the user's table, too."""
    import pyarrow as pa

    names = _marked(pa.array(schema.names, pa.string())).to_pylist()
    return pa.schema([field.with_name(name) for field, name in zip(schema, names, strict=True)])


def _is_text(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _marked(cells: Any) -> Any:
    from pyarrow import compute

    runs = compute.and_not(compute.match_substring_regex(cells, RUNS), compute.match_substring_regex(cells, NUMBER))
    if not compute.any(runs).as_py():
        return cells
    mark, between = (compute.cast(text, cells.type) for text in (MARK, ""))
    return compute.if_else(runs, compute.binary_join_element_wise(mark, cells, between), cells)
