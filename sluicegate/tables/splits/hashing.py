"""Which number in [0, 1) a row falls on: the rule of settings files that name their columns, and the rule before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from sluicegate.tables.encoded import EncodedColumn
from sluicegate.tables.hashes import cells, combined, fnv1a, mixed, value_hashes

if TYPE_CHECKING:
    import numpy as np

    Hashes = np.ndarray[Any, np.dtype[np.uint64]]

#: SplitMix64's step: numbers that differ by it are independent once they are mixed.
_STEP = 0x9E3779B97F4A7C15


def cells_of(columns: Sequence[EncodedColumn]) -> Iterator[Hashes]:
    """One hash per cell as it is read, (n_rows,) uint64 each column; the sum of a row's cells says which rows are equal."""
    return cells((column.codes, value_hashes(column.values)) for column in columns)


def hashes_as_read(columns: Sequence[EncodedColumn], rows: int) -> Hashes:
    """One hash per row, (n_rows,) uint64, of the values as they are read; the columns' places count, not their names."""
    return combined(((column.codes, value_hashes(column.values)) for column in columns), rows)


def numbered(hashes: Hashes) -> Hashes:
    """Another hash for every occurrence among equal ones, the first, the second and so on, in the rows' order.

    Equal rows cannot be told apart, so it is all one which of them comes first; rows that are appended change none before.
    """
    import numpy as np

    order = np.argsort(hashes, kind="stable")
    found = hashes[order]
    begins = np.concatenate([[True], found[1:] != found[:-1]]) if len(found) else np.zeros(0, bool)
    places = np.arange(len(found))
    number = np.empty(len(found), np.uint64)
    number[order] = places - np.maximum.accumulate(np.where(begins, places, 0))
    return mixed(hashes + number * np.uint64(_STEP))


def row_hashes(columns: Sequence[EncodedColumn], rows: int) -> Hashes:
    """The rule before: one hash per row, (n_rows,) uint64, of the texts before any type is guessed, each with its column's name;
    a missing value hashes as the empty text. Neither the order of the columns nor that of the rows matters.
    """
    import numpy as np
    import pyarrow as pa

    total = np.zeros(rows, np.uint64)
    for column in columns:
        texts = pa.concat_arrays([column.values.cast(pa.string()), pa.array([""])])
        name = mixed(fnv1a(pa.array([column.name])))[0]
        # The name goes in, or swapping the values of two columns would give the same sum.
        total += mixed(fnv1a(texts) ^ name)[column.codes]
    return mixed(total)


def shares(hashes: Hashes) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Each hash as a float in [0, 1), from its upper 53 bits."""
    import numpy as np

    return (hashes >> np.uint64(11)).astype(np.float64) * 2.0**-53
