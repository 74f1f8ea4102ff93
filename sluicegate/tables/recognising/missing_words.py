"""Words for "no value" that `data.missing` does not list, and what those it lists were taken for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sluicegate.tables.cells import are_numbers
from sluicegate.tables.encoded import EncodedColumn
from sluicegate.tables.recognising import number_formats
from sluicegate.tables.source import MISSING, Source

KNOWN = frozenset(
    [
        r"\n",
        r"na",
        r"n/a",
        r"n.a.",
        r"n.a",
        r"n/d",
        r"nan",
        r"-nan",
        r"none",
        r"null",
        r"nil",
        r"nat",
        r"<na>",
        r"<null>",
        r"<none>",
        r"(null)",
        r"(none)",
        r"(blank)",
        r"[null]",
        r"#n/a",
        r"#na",
        r"#null!",
        r"#value!",
        r"#ref!",
        r"#div/0!",
        r"#num!",
        r"#name?",
        r"1.#qnan",
        r"-1.#ind",
        r"-",
        r"--",
        r"---",
        r"–",
        r"—",
        r".",
        r"..",
        r"...",
        r":",
        r"*",
        r"?",
        r"??",
        r"missing",
        r"unknown",
        r"undefined",
        r"void",
        r"k.a.",
        r"n.v.",
        r"n.d.",
        r"s.o.",
        r"not_available",
        r"not_applicable",
        r"not_known",
        r"not_reported",
        r"no_data",
    ]
)
"""In small letters, a blank as _. Databases, spreadsheets, R, pandas, statistical offices."""
TECHNICAL = frozenset({"\\n", "<na>", "<null>", "(null)", "[null]", "#n/a", "#null!", "nat"})
"""What no person writes as a value: these are no category either."""
MOSTLY = 0.8
"""With so many numbers, a word that is none stands for no value until somebody says otherwise."""


@dataclass(frozen=True)
class Stray:
    """Words that keep a column from being one of numbers.

    words : in order of their rows, most first.  rows : that hold them.  share : of the rows with a value that are numbers.
    is_known : whether all of them are known to mean no value, or one word, without a digit, stands in several rows.
    """

    column: str
    words: tuple[str, ...]
    rows: int
    share: float
    is_known: bool


def _are_known(values: Any) -> Any:
    """(n,) bool, for each distinct text."""
    import pyarrow as pa
    import pyarrow.compute as pc

    plain = pc.replace_substring(pc.utf8_lower(values), " ", "_")
    return pc.is_in(plain, value_set=pa.array(sorted(KNOWN))).to_numpy(zero_copy_only=False)


def stray(column: EncodedColumn) -> Stray | None:
    """What stands among the numbers of a text column; None where nothing does, or most of it are no numbers."""
    import pyarrow as pa

    if not pa.types.is_string(column.values.type) or not len(column.values):
        return None
    numbers = are_numbers(column.values).to_numpy(zero_copy_only=False)
    if numbers.all():
        return None
    words_known = _are_known(column.values)
    if not numbers.any():
        return _among_written_numbers(column, words_known & ~numbers)
    return _found(column, ~numbers, words_known)


def _among_written_numbers(column: EncodedColumn, words: Any) -> Stray | None:
    """The same where the numbers are written as 1.471,46: known words among them, or none at all."""
    import numpy as np

    if not words.any() or words.all():
        return None
    rest = without(column, [column.values[int(code)].as_py() for code in np.flatnonzero(words)])
    return _found(column, words, words) if number_formats.guessed(rest) else None


def _found(column: EncodedColumn, others: Any, words_known: Any) -> Stray | None:
    import numpy as np

    counts = column.counts()
    share = float(counts[~others].sum() / counts.sum())
    all_known = bool(words_known[others].all())
    if not all_known and share < MOSTLY:
        return None
    ordered = sorted(np.flatnonzero(others), key=lambda code: -counts[code])
    words = tuple(column.values[int(code)].as_py() for code in ordered)
    one_word = len(words) == 1 and share >= MOSTLY and counts[others].sum() > 1 and not re.search(r"\d", words[0])
    return Stray(column.name, words, int(counts[others].sum()), share, all_known or bool(one_word))


def without(column: EncodedColumn, words: Sequence[str]) -> EncodedColumn:
    """The column after these words became missing."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not words or not pa.types.is_string(column.values.type):
        return column
    gone = pc.is_in(column.values, value_set=pa.array(list(words), pa.string()))
    if not pc.any(gone).as_py():
        return column
    rows = dict(zip(column.values.to_pylist(), column.counts().tolist(), strict=True))
    taken = {**column.taken, **{word: rows[word] for word in words if word in rows}}
    return replace(column.with_values(pc.if_else(gone, None, column.values)), taken=taken)


def technical(column: EncodedColumn) -> list[str]:
    """Words of a text column that only programs write."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_string(column.values.type):
        return []
    is_such = pc.is_in(pc.utf8_lower(column.values), value_set=pa.array(sorted(TECHNICAL)))
    return list(column.values.filter(is_such).to_pylist())


def already(source: Source, declared: str | None) -> tuple[str, ...]:
    """The words for no value of a column. A Parquet file has nulls for it: there a word is a text, unless the settings list
    words.  declared : the file's own type, None for a CSV.
    """
    return () if declared == "text" and source.missing == MISSING else source.missing


def setting(source: Source, column: EncodedColumn, words: Sequence[str]) -> str:
    """The line to write: what is missing already and the words."""
    return f"`missing: {in_brackets([*already(source, column.declared), *words])}` under `data:`"


def in_brackets(words: Sequence[str]) -> str:
    """In single quotes, in which YAML leaves a backslash alone."""
    return "[" + ", ".join("'" + word.replace("'", "''") + "'" for word in dict.fromkeys(words)) + "]"


def taken_note(taken: Mapping[str, Mapping[str, int]]) -> list[str]:
    """How many cells were taken for missing, by column and word.  taken : column to word to rows."""
    by_word: dict[str, dict[str, int]] = {}
    for column, words in taken.items():
        for word, rows in words.items():
            by_word.setdefault(word, {})[column] = rows
    return [
        f"Cells that read '{word}' count as missing: {_listed(columns)}. data.missing says which words do."
        for word, columns in by_word.items()
    ]


def _listed(columns: Mapping[str, int], most: int = 6) -> str:
    shown = ", ".join(f"{rows:,} of column '{name}'" for name, rows in list(columns.items())[:most])
    return shown if len(columns) <= most else f"{shown} and some of {len(columns) - most} more"
