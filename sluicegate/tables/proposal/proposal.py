"""What `sluicegate init` proposes for a table it sees for the first time."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from schemas.pbtxt import to_pbtxt
from schemas.reading import DAY_FIRST, ISO, MONTH_FIRST, MONTH_NAME
from schemas.table import Column, TableProfile
from sluicegate.tables.columns.inspection import Examined, settle
from sluicegate.tables.columns.profiling import profile_of
from sluicegate.tables.encoded import RawTable
from sluicegate.tables.files.files import find_files
from sluicegate.tables.files.reading import read_table
from sluicegate.tables.proposal.accepting import accepting
from sluicegate.tables.proposal.advice import Advice
from sluicegate.tables.proposal.first_words import settled
from sluicegate.tables.proposal.inference import infer
from sluicegate.tables.proposal.leak_advice import leak_advice
from sluicegate.tables.proposal.split_proposal import SplitProposal, split_advice, split_proposal
from sluicegate.tables.source import Source

KEY_IS_AN_ID = "it is the key of the split: no model can learn from a key it never sees again"
MOSTLY_MISSING = 0.95
MAX_CODES = 1000
_CODE_NAME = re.compile(
    r"(^|[_\-. ])(code|zip|zipcode|postcode|plz|type|class|category|group|id|tract|region|status)s?$",
    re.IGNORECASE,
)

DATE_REASONS = {
    DAY_FIRST: "only with the day first all of its dates exist",
    MONTH_FIRST: "only with the month first all of its dates exist",
    MONTH_NAME: "its dates have the month's name",
}
_AREA_NAME = re.compile(r"(^|[_\-. ])areas?$", re.IGNORECASE)
"""A district by its number, or a size: the numbers of districts follow each other."""

HEADER = """Proposed by sluicegate init from {rows} rows ({splits}); review it: it becomes the contract.
- type decides what a cell may be; BYTES keeps digits as text.
- string_domain lists the categories that were read; min_domain_mass is the share of rows that must keep to them.
- presence.min_fraction is the share of rows that must have a value.
- drift_comparator: train against the released model's train split. skew_comparator: eval and test against train.
- not_in_environment SERVING: not asked for when the model serves.
Ranges of numbers are not proposed, because the data do not know them: add int_domain or float_domain where you do."""


@dataclass(frozen=True)
class Proposal:
    """source : the settings in force, `advice` that is active among them.  schema : text format.  split : its rule and reasons.

    profile : of the table as these settings read it.  advice : all that is to be said, in the order of the settings file.
    """

    source: Source
    profile: TableProfile
    schema: str
    split: SplitProposal
    advice: tuple[Advice, ...]


def proposal_for(source: Source) -> Proposal:
    """Everything that can be known from a table seen for the first time. Raises DataError."""
    table, source, advice = settled(first_look(source), source)
    split = split_proposal(table, source)
    keys = [name for name in split.rule.key if name not in source.ids]
    source = replace(source, split=split.rule, ids=(*source.ids, *keys))
    advice += [Advice("columns.ids", name, KEY_IS_AN_ID, active=True) for name in keys]
    examined = settle(table, source)
    leaks = leak_advice(examined, source)
    left_out = [one.column for one in leaks if one.active]
    others = {source.label, source.weight, *source.ids, *left_out}
    if all(column.name in others for column in examined.columns):
        # Nothing would be left to learn from: the data gate says what it thinks of such a table.
        leaks, left_out = [replace(one, active=False) for one in leaks], []
    if left_out:
        split = split.without(left_out)
        source = replace(source, leave_out=(*source.leave_out, *left_out), split=split.rule)
        examined = settle(table, source)
    profile = profile_of(examined, source)
    advice += [*leaks, *advice_on(profile)]
    return Proposal(source, profile, _schema(examined, profile), split, tuple(advice))


def advice_for(source: Source, profile: TableProfile | None = None) -> list[Advice]:
    """The same for settings that are there already: what they do not say yet.

    profile : of the table as they read it; None where they do not fit it.
    """
    table = first_look(source)
    read, reading, advice = settled(table, source)
    advice += split_advice(read, reading)
    known = {*source.ids, *source.leave_out, *source.kinds, *source.dates}
    more = [*leak_advice(settle(table, source), source), *advice_on(profile)] if profile else []
    return advice + [one for one in more if one.column not in known]


def advice_on(profile: TableProfile) -> list[Advice]:
    """What a person should consider about the features of a table that reads right."""
    rows = sum(profile.rows.values())
    dates = [
        Advice(
            "columns.dates",
            column.name,
            DATE_REASONS[order],
            order,
            active=True,
        )
        for column in profile.features
        if (order := profile.roles.readings[column.name].date) not in ("", ISO)
    ]
    return dates + [one for column in profile.features for one in suggestion(column, rows)]


def _schema(examined: Examined, profile: TableProfile) -> str:
    """The schema's text: every row that was read keeps to it."""
    rows = sum(profile.rows.values())
    codes = {column.name for column in profile.features if is_code(column, rows)}
    columns = tuple(_as_proposed(column, codes) for column in profile.columns)
    schema = accepting(infer(replace(profile, columns=columns)), examined)
    splits = ", ".join(f"{split} {count}" for split, count in profile.rows.items())
    return to_pbtxt(schema, HEADER.format(rows=rows, splits=splits))


def first_look(source: Source) -> RawTable:
    """The cells, before any column has a type. Raises DataError."""
    return read_table(find_files(source), source)


def _as_proposed(column: Column, codes: set[str]) -> Column:
    """Codes become categories; digits with leading zeros must be BYTES, or the schema itself would take their zeros."""
    if column.leading_zeros and column.role == "feature" and column.kind == "number":
        return replace(column, type="text", kind="category")
    return replace(column, kind="category") if column.name in codes else column


def suggestion(column: Column, rows: int) -> list[Advice]:
    """What a person should consider about one feature."""
    present = rows - column.missing
    if column.distinct == 1 and not column.missing:
        return [Advice("columns.leave_out", column.name, "all rows hold the same value")]
    if column.missing > MOSTLY_MISSING * rows:
        return [Advice("columns.leave_out", column.name, f"only {present:,} of {rows:,} rows have a value")]
    if is_code(column, rows):
        why = f"its name and its {column.distinct} values look like codes"
        return [Advice("columns.kinds", column.name, why, "category", active=True)]
    return []


def is_code(column: Column, rows: int) -> bool:
    """Whole numbers that stand for names: few of them, in a column called ..._code, ..._type, zip and the like."""
    few = 2 < column.distinct <= min(MAX_CODES, max(20, rows // 10))
    if column.type != "int" or column.kind != "number" or not few:
        return False
    return bool(_CODE_NAME.search(column.name)) or (bool(_AREA_NAME.search(column.name)) and _is_dense(column))


def _is_dense(column: Column) -> bool:
    """Whether most whole numbers between the least and the greatest occur."""
    return column.low is not None and column.high is not None and column.distinct > (column.high - column.low) / 2
