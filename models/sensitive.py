"""The columns whose groups training is to treat alike, and the names of their groups. Pure: no TensorFlow."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

#: Between the values of several columns in a group's key: a control character that no cell of a table holds.
SEPARATOR = "\x1f"


@dataclass(frozen=True)
class SensitiveColumn:
    """column : its name in the table.  bins : where the next bin of a number begins, rising; () for a text or a code."""

    column: str
    bins: tuple[float, ...] = ()

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


def from_json(text: str) -> tuple[SensitiveColumn, ...]:
    """Reads [{"column": "sex", "bins": []}, ...]."""
    return tuple(SensitiveColumn(one["column"], tuple(one.get("bins", ()))) for one in json.loads(text))


def values_of(key: bytes, columns: Sequence[SensitiveColumn]) -> dict[str, str | None]:
    r"""A group's key taken apart: column to value, None where it is missing.

    >>> values_of(b"Female\x1f", [SensitiveColumn("sex"), SensitiveColumn("race")])
    {'sex': 'Female', 'race': None}
    """
    values = key.decode("utf-8", "replace").split(SEPARATOR)
    return {one.column: value or None for one, value in zip(columns, values, strict=True)}
