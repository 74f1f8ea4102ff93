"""The split that `sluicegate init` proposes, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from schemas.names import listed
from sluicegate.tables.encoded import EncodedColumn, RawTable
from sluicegate.tables.proposal.advice import Advice
from sluicegate.tables.source import Source, SplitRule
from sluicegate.tables.split_words import SPLIT_WORDS
from sluicegate.tables.splits.hashing import cells_of, hashes_as_read
from sluicegate.tables.splits.keys import Key, is_counter, likely_keys, names_rows
from sluicegate.tables.splits.repeats import MIN_SHARE, Repeats, repeats, sample_of, share_of_repeats


@dataclass(frozen=True)
class SplitProposal:
    """rule : in force.  why : sentences on it.  perhaps : key, value and reason of what a person may choose instead."""

    rule: SplitRule
    why: tuple[str, ...] = ()
    perhaps: tuple[tuple[str, str, str], ...] = ()

    def without(self, names: Sequence[str]) -> SplitProposal:
        """The same with columns left out of the hash, because the model will not see them either."""
        kept = tuple(name for name in self.rule.columns if name not in names)
        return replace(self, rule=replace(self.rule, columns=kept or self.rule.columns))


def split_proposal(table: RawTable, source: Source) -> SplitProposal:
    """A key where rows belong to something that has several; else the columns to hash, and what repeats are."""
    keys = likely_keys(table, source)
    key = next((one for one in keys if one.is_sure), None)
    columns = _columns(table, source, key)
    found = _repeats(table, source, columns)
    rule = replace(source.split, columns=tuple(columns), key=(key.name,) if key else ())
    why = [_why_key(key)] if key else []
    perhaps = [("column", name, "its values say train and test already") for name in _given(table)]
    perhaps += [("key", one.name, _why_key(one)) for one in keys if one is not key][:3]
    perhaps += [("key", name, _UNIQUE) for name in _unique(table, source)][:1] if not key else []
    if not key and found.are_copies:
        rule = replace(rule, repeats="together")
        why.append(_why_together(found))
    elif not key:
        rule = replace(rule, repeats="apart")
        perhaps += [("repeats", "together", _why_perhaps(found))] if found.share >= 0.01 else []
    return SplitProposal(rule, tuple(why), tuple(perhaps))


def split_advice(table: RawTable, source: Source) -> list[Advice]:
    """What settings that are there already do not say: a key that their rows have, and copies that are dealt apart."""
    rule = source.split
    if rule.key or rule.by_time:
        return []
    proposed = split_proposal(table, replace(source, split=SplitRule()))
    found = [Advice("split.key", name, why, active=True) for name in proposed.rule.key for why in proposed.why]
    found += [
        Advice("split.key", value, why) for key, value, why in proposed.perhaps if key == "key" and why != _UNIQUE
    ]
    if proposed.rule.repeats == "together" and rule.repeats is None:
        found.append(Advice("split.repeats", "", proposed.why[0], "together"))
    return found


_UNIQUE = "it names each row: then a row stays in its split when one of its cells is corrected"


def _columns(table: RawTable, source: Source, key: Key | None) -> list[str]:
    """Names of all features that stay with their row: no counter and no column without a name."""
    apart = {
        source.label,
        source.weight,
        source.split.column,
        *source.ids,
        *source.leave_out,
        key.name if key else None,
    }
    return [name for name, column in table.columns.items() if name not in apart and _stays(column)]


def _stays(column: EncodedColumn) -> bool:
    return bool(len(column.values)) and not is_counter(column)


def _unique(table: RawTable, source: Source) -> list[str]:
    apart = {source.label, source.weight, *source.leave_out}
    return [name for name, column in table.columns.items() if name not in apart and names_rows(column)]


def _given(table: RawTable) -> list[str]:
    """Columns that hold nothing but words for splits."""
    return [
        name
        for name, column in table.columns.items()
        if 2 <= len(column.values) <= len(SPLIT_WORDS)
        and all(str(value).lower() in SPLIT_WORDS for value in column.values.to_pylist())
    ]


def _repeats(table: RawTable, source: Source, columns: Sequence[str]) -> Repeats:
    if source.label not in table.columns or not columns:
        return Repeats(0.0)
    features = [table.columns[name] for name in columns]
    share = share_of_repeats(hashes_as_read(features, table.rows))
    if share < MIN_SHARE:
        return Repeats(share)
    chosen = sample_of(table.rows)
    label, *cells = (cells[chosen] for cells in cells_of([table.columns[source.label], *features]))
    return repeats(cells, label, share)


def _why_key(key: Key) -> str:
    said = f"{key.keys:,} values in {key.rows:,} rows"
    alike = f", and rows with the same one agree in {listed(key.steady, 3)}" if key.steady else ""
    return f"{said}{alike}: dealt apart, the test would ask about what training has seen"


def _why_together(found: Repeats) -> str:
    return (
        f"{found.share:.1%} of the rows repeat another row's features and look like copies of one record (with its label, and "
        f"{found.beyond_chance:.0f} times more often than chance makes them alike): so the test asks about combinations never seen"
    )


def _why_perhaps(found: Repeats) -> str:
    return (
        f"{found.share:.1%} of the rows repeat another row's features, as coarse features do; take it if they are copies of one "
        "record. The test then asks about combinations never seen"
    )
