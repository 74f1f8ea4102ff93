"""The columns whose groups training is to treat alike, and the names of their groups. Pure: no TensorFlow."""

from __future__ import annotations

import json
from collections.abc import Sequence

from schemas.document import build
from schemas.sensitive import SensitiveColumn

#: Between the values of several columns in a group's key: a control character that no cell of a table holds.
SEPARATOR = "\x1f"


def from_json(text: str) -> tuple[SensitiveColumn, ...]:
    """Reads [{"column": "sex", "bins": []}, ...]."""
    return build(tuple[SensitiveColumn, ...], json.loads(text))


def values_of(key: bytes, columns: Sequence[SensitiveColumn]) -> dict[str, str | None]:
    r"""A group's key taken apart: column to value, None where it is missing.

    >>> values_of(b"Female\x1f", [SensitiveColumn("sex"), SensitiveColumn("race")])
    {'sex': 'Female', 'race': None}
    """
    values = key.decode("utf-8", "replace").split(SEPARATOR)
    return {one.column: value or None for one, value in zip(columns, values, strict=True)}
