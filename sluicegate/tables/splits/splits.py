"""Which row belongs to which split."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from schemas.errors import Problem
from schemas.names import listed
from schemas.roles import SPLITS
from sluicegate.tables.encoded import EncodedColumn, RawTable
from sluicegate.tables.places import Places
from sluicegate.tables.source import Source, SplitRule
from sluicegate.tables.split_words import SPLIT_WORDS
from sluicegate.tables.splits.dealing import Dealt, deal
from sluicegate.tables.splits.split_notes import split_notes

CARVED_SHARE = 0.1
MIN_TRAIN_ROWS = 20


@dataclass(frozen=True, eq=False)
class Assignment:
    """of_row : (n_rows,) int8, place in schemas.roles.SPLITS.  notes : what was decided automatically.

    drawn : splits that a hash drew from the rows that train was drawn from, so that they differ by chance alone.
    """

    of_row: Any
    notes: tuple[str, ...] = ()
    drawn: tuple[str, ...] = ()

    def rows(self, split: str) -> Any:
        """The numbers of the split's rows, in the table's order, int64."""
        import numpy as np

        return np.flatnonzero(self.of_row == SPLITS.index(split))


def assign_splits(table: RawTable, source: Source, places: Places) -> tuple[Assignment, list[Problem]]:
    """A split for each row, and what stands against it.

    Splits that the column or the folders do not give are carved out of train: a tenth of its rows each, by the same rule.
    """
    rule = source.split
    dealt = deal(table, source, places)
    if isinstance(dealt, Problem):
        return Assignment(_nothing(table)), [dealt]
    if rule.column:
        of_row, problems = _from_column(table.columns[rule.column], places)
        given = f"column '{rule.column}'"
    elif any(file.split for file in table.files):
        of_row, problems, given = _from_folders(table), [], "folders"
    else:
        whole = _shared_out(dealt, rule)
        drawn = () if dealt.by_time else ("eval", "test")
        notes = (*dealt.notes, *split_notes(table, source, whole))
        return _checked(Assignment(whole, notes, drawn), [], source)
    if problems:
        return Assignment(of_row), problems
    carved = _carved(of_row, dealt, given)
    made = "some" if carved.notes else "none"
    notes = (*carved.notes, *split_notes(table, source, carved.of_row, made))
    return _checked(Assignment(carved.of_row, notes, carved.drawn), [], source)


def _shared_out(dealt: Dealt, rule: SplitRule) -> Any:
    import numpy as np

    if dealt.by_time:
        return _by_time(dealt.share, np.ones(len(dealt.share), bool), {"test": rule.test, "eval": rule.eval})
    edges = np.array([rule.train, rule.train + rule.eval])
    return np.searchsorted(edges, dealt.share, side="right").astype(np.int8)


def _from_folders(table: RawTable) -> Any:
    import numpy as np

    codes = np.array([SPLITS.index(file.split or "train") for file in table.files], np.int8)
    return np.repeat(codes, [file.rows for file in table.files])


def _nothing(table: RawTable) -> Any:
    import numpy as np

    return np.zeros(table.rows, np.int8)


def _from_column(column: EncodedColumn, places: Places) -> tuple[Any, list[Problem]]:
    import numpy as np

    words = [str(value) for value in column.values.to_pylist()]
    codes = [SPLITS.index(SPLIT_WORDS[word.lower()]) if word.lower() in SPLIT_WORDS else -1 for word in words]
    of_row = np.array([*codes, -1], np.int8)[column.codes]
    allowed = "train, eval (or validation, val, dev) and test (or holdout), in any case"
    unknown = [word for word, code in zip(words, codes, strict=True) if code < 0]
    problems = []
    if unknown:
        row = column.first_row(words.index(unknown[0]))
        problems.append(
            Problem(
                places.of(row, column.name),
                f"split values {listed(unknown, 5)}",
                allowed,
                "correct the values, or drop split.column and let the hash decide",
            )
        )
    if column.missing():
        problems.append(
            Problem(
                places.of(column.first_row(-1), column.name),
                f"{column.missing()} rows without a split",
                allowed,
                "fill in the split of every row, or drop split.column",
            )
        )
    if not unknown and SPLITS.index("train") not in of_row:
        problems.append(
            Problem(
                f"column {column.name!r}",
                f"no train rows; values: {listed(words, 5)}",
                allowed,
                "mark the rows to learn from as train",
            )
        )
    return of_row, problems


def _carved(of_row: Any, dealt: Dealt, given: str) -> Assignment:
    """Splits without a row get a tenth of train: by time its newest rows; by hash eval the lowest tenth of the range, test the
    next.
    """
    import numpy as np

    train, low = of_row == 0, 0.0
    lacking = [split for split in ("eval", "test") if not np.any(of_row == SPLITS.index(split))]
    how = "its newest rows" if dealt.by_time else "chosen by hash"
    notes = [f"The {given} gave no {split} split: a tenth of train, {how}, became {split}." for split in lacking]
    if dealt.by_time:
        wanted: dict[str, float] = {split: CARVED_SHARE for split in ("test", "eval") if split in lacking}
        of_row = of_row.copy()
        of_row[train] = _by_time(dealt.share, train, wanted)[train]
        return Assignment(of_row, tuple(notes))
    of_row = of_row.copy()
    for split in ("eval", "test"):
        if split in lacking:
            of_row[train & (dealt.share >= low) & (dealt.share < low + CARVED_SHARE)] = SPLITS.index(split)
        low += CARVED_SHARE
    return Assignment(of_row, tuple(notes), tuple(lacking))


def _by_time(instant: Any, among: Any, wanted: Mapping[str, float]) -> Any:
    """(n_rows,) int8.  wanted : share of the rows `among` by split, the newest first.

    Rows of one instant stay together, so each split ends where its share is met most nearly, with one instant at least.
    Rows without an instant are train.
    """
    import numpy as np

    of_row = np.zeros(len(instant), np.int8)
    times, counts = np.unique(instant[among & ~np.isnan(instant)], return_counts=True)
    newest = np.concatenate([[0], np.cumsum(counts[::-1])])
    start, asked = 0, 0.0
    for split, share in wanted.items():
        asked += share * among.sum()
        end = min(max(int(np.abs(newest - asked).argmin()), start + 1), len(times))
        chosen = times[len(times) - end : len(times) - start]
        if len(chosen):
            of_row[among & (instant >= chosen[0]) & (instant <= chosen[-1])] = SPLITS.index(split)
        start = end
    return of_row


def _checked(assignment: Assignment, problems: list[Problem], source: Source) -> tuple[Assignment, list[Problem]]:
    rows = {split: len(assignment.rows(split)) for split in SPLITS}
    said = ", ".join(f"{split} {count}" for split, count in rows.items())
    place = f"{source.path}, splits"
    if rows["train"] < MIN_TRAIN_ROWS:
        problems.append(Problem(place, f"rows: {said}", f"at least {MIN_TRAIN_ROWS} train rows", "bring more rows"))
    empty = [split for split in ("eval", "test") if not rows[split]]
    if empty:
        rule, remedy = source.split, "bring more rows, or give a split column"
        remedy = "choose a time column with more distinct values" if rule.by_time else remedy
        remedy = "choose key columns with more distinct values" if rule.key else remedy
        problems.append(
            Problem(place, f"no rows in {' and '.join(empty)} ({said})", "at least one row in every split", remedy)
        )
    return assignment, problems
