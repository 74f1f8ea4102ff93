"""Which row belongs to which split."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from components.example_gen.encoded import EncodedColumn, RawTable
from components.example_gen.hashing import row_hashes, shares
from components.example_gen.names import listed
from components.example_gen.places import Places
from components.example_gen.source import Source
from components.example_gen.split_words import SPLIT_WORDS
from schemas.errors import Problem
from schemas.roles import SPLITS

if TYPE_CHECKING:
    import numpy as np

    Shares = np.ndarray[Any, np.dtype[np.float64]]

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

    Splits that the column or the folders do not give are carved out of train: a hashed tenth of its rows each.
    """
    import numpy as np

    share = row_shares(table, source)
    rule = source.split
    if rule.column:
        of_row, problems = _from_column(table.columns[rule.column], places)
        given = f"column '{rule.column}'"
    elif any(file.split for file in table.files):
        of_row = np.repeat(
            np.array([SPLITS.index(file.split or "train") for file in table.files], np.int8),
            [file.rows for file in table.files],
        )
        problems, given = [], "folders"
    else:
        edges = np.array([rule.train, rule.train + rule.eval])
        of_row = np.searchsorted(edges, share, side="right").astype(np.int8)
        by = (
            f"the hash of {listed(rule.key)}"
            if rule.key
            else "the hash of the whole row, so that equal rows stay together"
        )
        note = f"Rows were split {rule.train:g} / {rule.eval:g} / {rule.test:g} into train, eval and test by {by}."
        return _checked(Assignment(of_row, (note,), ("eval", "test")), [], source)
    if problems:
        return Assignment(of_row), problems
    return _checked(_carved(of_row, share, given), [], source)


def row_shares(table: RawTable, source: Source) -> Shares:
    """A number in [0, 1) per row, the same for equal rows (or equal keys).

    Left out of the whole row are the split column, ids and `leave_out`: a running number would tell equal rows apart.
    A row without any key value is hashed whole, or all such rows would fall into one split.
    """
    import numpy as np

    apart = {*source.ids, *source.leave_out, source.split.column}
    whole = [column for name, column in table.columns.items() if name not in apart]
    if not source.split.key:
        return shares(row_hashes(whole, table.rows))
    keys = [table.columns[name] for name in source.split.key]
    keyed = shares(row_hashes(keys, table.rows))
    keyless = np.all([column.codes < 0 for column in keys], axis=0)
    if keyless.any():
        keyed[keyless] = shares(row_hashes(whole, table.rows))[keyless]
    return keyed


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


def _carved(of_row: Any, share: Shares, given: str) -> Assignment:
    """Splits without a row get a tenth of train: eval the lowest tenth of the hash range, test the next."""
    import numpy as np

    train, notes, drawn, low = of_row == 0, [], [], 0.0
    of_row = of_row.copy()
    for split in ("eval", "test"):
        code = SPLITS.index(split)
        if not np.any(of_row == code):
            of_row[train & (share >= low) & (share < low + CARVED_SHARE)] = code
            notes.append(f"The {given} gave no {split} split: a tenth of train, chosen by hash, became {split}.")
            drawn.append(split)
        low += CARVED_SHARE
    return Assignment(of_row, tuple(notes), tuple(drawn))


def _checked(assignment: Assignment, problems: list[Problem], source: Source) -> tuple[Assignment, list[Problem]]:
    rows = {split: len(assignment.rows(split)) for split in SPLITS}
    said = ", ".join(f"{split} {count}" for split, count in rows.items())
    place = f"{source.path}, splits"
    if rows["train"] < MIN_TRAIN_ROWS:
        problems.append(Problem(place, f"rows: {said}", f"at least {MIN_TRAIN_ROWS} train rows", "bring more rows"))
    empty = [split for split in ("eval", "test") if not rows[split]]
    if empty:
        remedy = (
            "choose key columns with more distinct values"
            if source.split.key
            else "bring more rows, or give a split column"
        )
        problems.append(
            Problem(place, f"no rows in {' and '.join(empty)} ({said})", "at least one row in every split", remedy)
        )
    return assignment, problems
