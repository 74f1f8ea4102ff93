"""Transform's one vocabulary of all category columns, taken apart into ids per column."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

VOCABULARY = "categories"
SEPARATOR = "="
#: What is written for the letters that would end a line, as RE2 and its replacement, one after another.
ESCAPES = ((r"\\", r"\\\\"), ("\n", r"\\n"), ("\r", r"\\r"))
MISSING_ID, RARE_ID, FIRST_ID = 0, 1, 2


@dataclass(frozen=True)
class Vocabulary:
    """How transformed ids, which number the values of all columns together, read in their own column.

    sizes : ids of each column's own: missing, rare, then its values, most frequent first.
    local : (n_ids,) int64, transformed id to the id in its own column.
    """

    sizes: tuple[int, ...]
    local: npt.NDArray[np.int64]

    @classmethod
    def of_lines(cls, lines: Iterable[bytes], columns: Sequence[str], limit: int) -> Vocabulary:
        """Takes the vocabulary's lines apart.

        lines : column, separator, value; most frequent first.  columns : keys in the order of the transformed ids.
        limit : values kept per column; the rest become rare.

        >>> Vocabulary.of_lines([b"a=x", b"b=x", b"a=y", b"a=z"], ["a", "b"], limit=2)
        Vocabulary(sizes=(4, 3), local=array([0, 1, 2, 2, 3, 1]))
        """
        sizes = dict.fromkeys(columns, FIRST_ID)
        local = [MISSING_ID, RARE_ID]
        for line in lines:
            column = line.split(SEPARATOR.encode(), 1)[0].decode()
            # Transform writes one line of its own, of no column, into a vocabulary without values.
            is_kept = column in sizes and sizes[column] < FIRST_ID + limit
            local.append(sizes[column] if is_kept else RARE_ID)
            if is_kept:
                sizes[column] += 1
        return cls(tuple(sizes.values()), np.array(local, np.int64))
