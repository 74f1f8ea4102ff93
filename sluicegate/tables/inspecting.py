"""The user's table: read, checked, typed and split. Importing this loads neither pyarrow nor TensorFlow."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from schemas.table import Column, TableProfile
from sluicegate.tables.files.files import file_pattern
from sluicegate.tables.source import MISSING, Source, SplitRule

if TYPE_CHECKING:
    import pyarrow as pa
    from tensorflow_metadata.proto.v0 import schema_pb2

    from sluicegate.tables.encoded import RawTable
    from sluicegate.tables.proposal.advice import Advice
    from sluicegate.tables.proposal.proposal import Proposal
    from sluicegate.tables.proposal.split_proposal import SplitProposal

__all__ = [
    "MISSING",
    "Column",
    "Source",
    "SplitRule",
    "TableProfile",
    "file_pattern",
    "first_look",
    "inspect",
    "load",
    "propose",
    "propose_split",
]


def inspect(source: Source, schema: schema_pb2.Schema | None = None) -> TableProfile:
    """Read the table and say what it is.

    Raises
    ------
    DataError : the table cannot be used; its `problems` are all that were found.
    """
    from sluicegate.tables.columns.inspection import examine
    from sluicegate.tables.columns.profiling import profile_of
    from sluicegate.tables.columns.unsaid import unsaid

    examined = examine(source, schema)
    return replace(profile_of(examined, source), unsaid=unsaid(examined, source, schema))


def load(source: Source, schema: schema_pb2.Schema | None = None) -> dict[str, pa.Table]:
    """One typed table per split, rows in the files' order: int64, float32 (read as double) or string; null if missing.

    The label of a classification is text, that of a regression float32. The split column and `leave_out` are gone.

    Raises
    ------
    DataError : as `inspect`.
    """
    from sluicegate.tables.columns.inspection import examine
    from sluicegate.tables.columns.profiling import tables_of

    return tables_of(examine(source, schema))


def with_delimiter(source: Source) -> Source:
    """`source` with the delimiter that its file seems to have, where nobody has said one. Raises DataError."""
    from sluicegate.tables.files.delimiter import guessed

    return guessed(source)


def first_look(source: Source) -> RawTable:
    """The cells of a table that nobody has settings for yet. Raises DataError where it cannot be read."""
    from sluicegate.tables.proposal.proposal import first_look

    return first_look(source)


def propose_split(table: RawTable, source: Source) -> SplitProposal:
    """The split for a table seen the first time: its key, or the columns to hash, and why."""
    from sluicegate.tables.proposal.split_proposal import split_proposal

    return split_proposal(table, source)


def propose(source: Source) -> Proposal:
    """Settings, schema and advice for a table seen the first time (docs/your-table.md).

    Raises
    ------
    DataError : as `inspect`.
    """
    from sluicegate.tables.proposal.proposal import proposal_for

    return proposal_for(source)


def advise(source: Source, profile: TableProfile | None = None) -> list[Advice]:
    """What these settings could say besides, of the table they are for. Raises DataError where it cannot be read."""
    from sluicegate.tables.proposal.proposal import advice_for

    return advice_for(source, profile)
