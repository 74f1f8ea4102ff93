"""What a person must know about a split that was made: repeats, keys, shares, and a rule that is biased."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from schemas.names import listed
from schemas.roles import SPLITS
from sluicegate.tables.encoded import RawTable
from sluicegate.tables.source import Source
from sluicegate.tables.splits.dealing import hashed_columns, keyless
from sluicegate.tables.splits.hashing import hashes_as_read

#: A share of eval or test is far from what was asked for when it is off by this part of it.
FAR = 0.25
#: Fewer repeats are not worth a sentence.
MIN_REPEATS = 0.01
#: A list of more columns is no line to copy.
MOST_LISTED = 60


def split_notes(table: RawTable, source: Source, of_row: Any, made: str = "all") -> tuple[str, ...]:
    """of_row : (n_rows,) place in SPLITS.  made : which splits the rule made: "all", "some" (carved out of train) or "none"."""
    notes = [*_keys(table, source, of_row)]
    if made != "none":
        notes += [*_old_rule(table, source), *_repeats(table, source)]
    return tuple([*notes, *_shares(source, of_row)] if made == "all" else notes)


def line_to_add(names: list[str]) -> str:
    """The YAML of split.columns, on one line."""
    from json import dumps

    return f"columns: [{', '.join(dumps(name, ensure_ascii=False) for name in names)}]"


def _old_rule(table: RawTable, source: Source) -> Iterator[str]:
    rule = source.split
    if rule.is_as_read:
        return
    if rule.key:
        without = int(keyless([table.columns[name] for name in rule.key]).sum())
        if not without:
            return
        what = f"{without} rows without a key were split by the hash of the whole row with its label"
    else:
        what = "These settings split by the hash of the whole row with its label"
    names = hashed_columns(table, source)
    line = (
        line_to_add(names) if len(names) <= MOST_LISTED else "columns: [all features, as `sluicegate init` lists them]"
    )
    yield (
        f"WARNING: {what}, which is biased where features repeat: a test row's equals are never in train, its opposites may be. "
        f"Add below split: `{line}` (docs/splits.md). The rows are then dealt anew."
    )


def _repeats(table: RawTable, source: Source) -> Iterator[str]:
    if source.split.by_time:
        return
    features, rows = hashed_columns(table, source), table.rows
    again = rows - distinct_rows(table, features)
    if not features or again < max(1, MIN_REPEATS * rows):
        return
    if source.split.key:
        how = "they are dealt by their keys"
    elif not source.split.is_as_read:
        how = "those with the same label stay in one split, those with another label need not"
    elif source.split.repeats == "together":
        how = "they stay in one split"
    else:
        how = "each is dealt by itself; if they are copies of one record, say split.repeats: together"
    yield f"{again} of {rows} rows repeat the features of another row: {how}."


def distinct_rows(table: RawTable, names: list[str]) -> int:
    """How many different rows these columns make."""
    import numpy as np

    # Sorting is several times quicker than numpy's unique, which hashes.
    hashes = np.sort(hashes_as_read([table.columns[name] for name in names], table.rows))
    return 1 + int(np.count_nonzero(hashes[1:] != hashes[:-1]))


def _keys(table: RawTable, source: Source, of_row: Any) -> Iterator[str]:
    import numpy as np

    rule = source.split
    if not rule.key:
        return
    columns = [table.columns[name] for name in rule.key]
    present = ~keyless(columns)
    hashes, codes = np.unique(hashes_as_read(columns, table.rows)[present], return_inverse=True)
    seen = np.zeros((len(hashes), len(SPLITS)), bool)
    seen[codes, of_row[present]] = True
    keys = ", ".join(f"{split} {count}" for split, count in zip(SPLITS, seen.sum(0), strict=True))
    yield f"Key {listed(rule.key)}: {len(hashes)} keys in {int(present.sum())} rows ({keys})."
    across = int((seen[:, 0] & seen[:, 2]).sum())
    if across:
        yield f"{across} keys have rows in train and in test, because the table says so itself: the test is easier than new keys are."
    left_out = [name for name in rule.key if name in source.leave_out]
    if left_out:
        yield (
            f"The key's column {listed(left_out)} is in columns.leave_out, so the gates do not know which rows belong together and "
            "take them for independent: name it in columns.ids instead."
        )


def _shares(source: Source, of_row: Any) -> Iterator[str]:
    import numpy as np

    rule = source.split
    got = np.bincount(of_row, minlength=len(SPLITS)) / max(len(of_row), 1)
    asked = {"eval": rule.eval, "test": rule.test}
    far = [s for s, share in asked.items() if abs(got[SPLITS.index(s)] - share) > FAR * share]
    if far:
        said = " and ".join(
            f"{got[SPLITS.index(s)]:.1%} of the rows are {s}, {asked[s]:.1%} were asked for" for s in far
        )
        why = (
            "few keys, or a few with many rows" if rule.key else "many rows of one time" if rule.by_time else "few rows"
        )
        yield f"{said}: {why}."
