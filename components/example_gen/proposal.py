"""What `sluicegate init` proposes for a table it sees for the first time."""

from __future__ import annotations

import re
from dataclasses import replace

from components.example_gen.encoded import RawTable
from components.example_gen.files import find_files
from components.example_gen.inspection import examine
from components.example_gen.profiling import profile_of
from components.example_gen.reading import read_table
from components.example_gen.source import Source
from schemas.inference import infer
from schemas.pbtxt import to_pbtxt
from schemas.table import Column, TableProfile

NEAR_UNIQUE = 0.95
"""With this share of distinct values a column names the row and says nothing about the next one."""
MOSTLY_MISSING = 0.95
MAX_CODES = 1000
_CODE_NAME = re.compile(
    r"(^|[_\-. ])(code|zip|zipcode|postcode|plz|type|class|category|group|id|area|tract|region|status)s?$",
    re.IGNORECASE,
)

HEADER = """Proposed by sluicegate init from {rows} rows ({splits}); review it: it becomes the contract.
- type decides what a cell may be; BYTES keeps digits as text.
- string_domain lists the categories of the train split; min_domain_mass is the share of rows that must keep to them.
- presence.min_fraction is the share of rows that must have a value.
- drift_comparator: train against the released model's train split. skew_comparator: eval and test against train.
- not_in_environment SERVING: not asked for when the model serves.
Ranges of numbers are not proposed, because the data do not know them: add int_domain or float_domain where you do."""


def proposal_for(source: Source, table: RawTable | None = None) -> tuple[TableProfile, str, list[str]]:
    """The profile, the schema's text and one sentence per suggestion. Columns without values are left out already.

    table : `source` as `first_look` reads it; None reads it here.
    """
    table = table or first_look(source)
    empty = [
        name
        for name, column in table.columns.items()
        if not len(column.values) and name not in (source.label, source.weight, *source.ids, *source.leave_out)
    ]
    profile = profile_of(examine(replace(source, leave_out=(*source.leave_out, *empty))), source)
    suggestions = [f"columns.leave_out: {name}, because no row has a value." for name in empty]
    codes = {column.name for column in profile.features if is_code(column, sum(profile.rows.values()))}
    for column in profile.features:
        suggestions += suggestion(column, sum(profile.rows.values()))
    columns = tuple(_as_proposed(column, codes) for column in profile.columns)
    splits = ", ".join(f"{split} {count}" for split, count in profile.rows.items())
    header = HEADER.format(rows=sum(profile.rows.values()), splits=splits)
    return profile, to_pbtxt(infer(replace(profile, columns=columns)), header), suggestions


def first_look(source: Source) -> RawTable:
    """The cells, before any column has a type. Raises DataError."""
    return read_table(find_files(source), source)


def _as_proposed(column: Column, codes: set[str]) -> Column:
    """Codes become categories; digits with leading zeros must be BYTES, or the schema itself would take their zeros."""
    if column.leading_zeros and column.role == "feature" and column.kind == "number":
        return replace(column, type="text", kind="category")
    return replace(column, kind="category") if column.name in codes else column


def suggestion(column: Column, rows: int) -> list[str]:
    """What a person should consider about one feature."""
    present = rows - column.missing
    if column.distinct == 1 and not column.missing:
        return [f"columns.leave_out: {column.name}, because all rows hold the same value."]
    if column.missing > MOSTLY_MISSING * rows:
        return [f"columns.leave_out: {column.name}, because only {present} of {rows} rows have a value."]
    if is_near_unique(column, rows):
        return [
            f"columns.ids: {column.name}, because {column.distinct} of {present} values are distinct: it names the row."
        ]
    if column.leading_zeros:
        return [f"columns.kinds.{column.name}: category, because digits such as 007 lose their zeros as numbers."]
    if is_code(column, rows):
        return [
            f"columns.kinds.{column.name}: category, because its name and its {column.distinct} values look like codes."
        ]
    return []


def is_near_unique(column: Column, rows: int) -> bool:
    """Texts and whole numbers of which nearly every row has its own; floats measure something and may."""
    present = rows - column.missing
    return (
        column.type != "float" and column.kind != "date" and present >= 50 and column.distinct >= NEAR_UNIQUE * present
    )


def is_code(column: Column, rows: int) -> bool:
    """Whole numbers that stand for names: few of them, in a column called ..._code, ..._type, zip and the like."""
    few = 2 < column.distinct <= min(MAX_CODES, max(20, rows // 10))
    return column.type == "int" and column.kind == "number" and few and bool(_CODE_NAME.search(column.name))
