"""A number for each row that decides which split it is dealt into: of its key, of its values, or its time (docs/splits.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from schemas.errors import Problem
from schemas.names import listed
from sluicegate.tables.encoded import EncodedColumn, RawTable
from sluicegate.tables.places import Places
from sluicegate.tables.recognising.instants import instants
from sluicegate.tables.source import Source
from sluicegate.tables.splits.hashing import hashes_as_read, numbered, row_hashes, shares

if TYPE_CHECKING:
    import numpy as np

    Shares = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True, eq=False)
class Dealt:
    """share : (n_rows,) float64, in [0, 1) and independent of everything but what the rule names; or the row's time, NaN where
    it has none.  notes : what a person must know of the rule.
    """

    share: Shares
    by_time: bool = False
    notes: tuple[str, ...] = ()


def deal(table: RawTable, source: Source, places: Places) -> Dealt | Problem:
    """By `split.by_time`, else by `split.key`, else by the values of `split.columns`; without any of the new words as before."""
    rule = source.split
    said = f"Rows were split {rule.train:g} / {rule.eval:g} / {rule.test:g} into train, eval and test by"
    if rule.by_time:
        found = instants(table.columns[rule.by_time], source.dates.get(rule.by_time), places)
        note = f"{said} time: the newest of '{rule.by_time}' are the test, those before them eval."
        return found if isinstance(found, Problem) else Dealt(found, True, (note,))
    if not rule.is_as_read:
        return Dealt(_as_before(table, source), notes=(f"{said} {_words_of_before(source)}.",))
    by = _words(source)
    if not rule.key:
        return Dealt(shares(_of_values(table, source)), notes=(f"{said} {by}.",))
    keys = [table.columns[name] for name in rule.key]
    hashes, without = hashes_as_read(keys, table.rows), keyless(keys)
    if without.any():
        hashes[without] = _of_values(table, source)[without]
    return Dealt(shares(hashes), notes=(f"{said} {by}.",))


def hashed_columns(table: RawTable, source: Source) -> list[str]:
    """Names of the features whose values decide: those that the settings freeze, else all that the table has now."""
    if source.split.columns:
        return [name for name in source.split.columns if name != source.label]
    apart = {source.label, source.weight, source.split.column, *source.ids, *source.leave_out}
    return [name for name in table.columns if name not in apart]


def _of_values(table: RawTable, source: Source) -> Any:
    """A hash per row.

    Apart, the label goes in and every occurrence among equal rows has a hash of its own: neither order nor label says where a
    row falls. Together, the features alone decide.
    """
    names = hashed_columns(table, source)
    if source.split.repeats == "together":
        return hashes_as_read([table.columns[name] for name in names], table.rows)
    label = [source.label] if source.label in table.columns else []
    return numbered(hashes_as_read([table.columns[name] for name in (*label, *names)], table.rows))


def _as_before(table: RawTable, source: Source) -> Shares:
    """The rule of settings files without split.columns: the same for equal rows (or equal keys), texts as they are written.

    Left out of the whole row are the split column, ids and `leave_out`: a running number would tell equal rows apart.
    A row without any key value is hashed whole, or all such rows would fall into one split.
    """
    apart = {*source.ids, *source.leave_out, source.split.column}
    whole = [column for name, column in table.columns.items() if name not in apart]
    if not source.split.key:
        return shares(row_hashes(whole, table.rows))
    keys = [table.columns[name] for name in source.split.key]
    keyed, without = shares(row_hashes(keys, table.rows)), keyless(keys)
    if without.any():
        keyed[without] = shares(row_hashes(whole, table.rows))[without]
    return keyed


def keyless(keys: list[EncodedColumn]) -> Any:
    """(n_rows,) bool: rows without a value in any of the key's columns."""
    import numpy as np

    return np.all([column.codes < 0 for column in keys], axis=0)


def _words_of_before(source: Source) -> str:
    if source.split.key:
        return f"the hash of {listed(source.split.key)}"
    return "the hash of the whole row, so that equal rows stay together"


def _words(source: Source) -> str:
    rule = source.split
    if rule.key:
        return f"the key {listed(rule.key)}: rows of one key stay together"
    if rule.repeats == "together":
        return "the values of their features: rows with the same features stay together, so the test asks about combinations never seen"
    return "the values of their columns, each row by itself"
