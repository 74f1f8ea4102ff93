"""A column whose groups are compared, and the names of a number column's groups."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from schemas.contradiction import Contradiction
from schemas.declared import Before, Declared, said


@dataclass(frozen=True)
class SensitiveColumn(Declared):
    """A column whose groups are compared; a column of many different numbers needs bins.

    bins : where the next bin of a number begins, rising; () for a text or a code.
    """

    column: str = said(why="Its name; a missing value is a group of its own.", min_length=1)
    bins: tuple[float, ...] = said((), why="Where the next bin begins: [25, 40, 60] makes <25, 25-40, 40-60 and >=60.")

    @property
    def bin_names(self) -> tuple[str, ...]:
        """Names of the bins, lowest first.

        >>> SensitiveColumn("age", (25.0, 40.0)).bin_names
        ('<25', '25-40', '>=40')
        """
        if not self.bins:
            return ()
        edges = [f"{edge:g}" for edge in self.bins]
        inner = [f"{low}-{high}" for low, high in pairwise(edges)]
        return (f"<{edges[0]}", *inner, f">={edges[-1]}")

    def contradictions(self) -> Iterator[Contradiction]:
        told = str(list(self.bins))
        if not all(map(math.isfinite, self.bins)):
            remedy = (
                "take nan and inf out: missing values are a group of their own, and the first and last bin are open"
            )
            yield Contradiction("bins", told, "numbers that rise", remedy)
        elif any(low >= high for low, high in pairwise(self.bins)):
            yield Contradiction("bins", told, "bounds that rise", "sort them and take doubles out")


#: A sensitive column may be written as its name.
column_by_name = Before(lambda value: {"column": value} if isinstance(value, str) else value)
