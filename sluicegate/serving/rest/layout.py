"""Where TensorFlow Serving breaks the lines of its JSON."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

INDENT = "    "


def nest(texts: Sequence[str], shape: Sequence[int], depth: int | None) -> list[str]:
    """The JSON of each element of the first dimension.

    texts : (prod(shape),) the JSON of the elements, in C order.
    depth : how many brackets are open around the first dimension's elements if every element has its own line;
        None puts each array on one line.

    >>> nest(["1", "2", "3", "4"], (2, 2), None)
    ['[1, 2]', '[3, 4]']
    """
    nested = list(texts)
    for dimension in range(len(shape) - 1, 0, -1):
        size, count = shape[dimension], prod(shape[:dimension])
        start, comma, end = brackets(None if depth is None else depth + dimension - 1)
        if size == 0:
            nested = ["[]"] * count
        else:
            groups = (nested[first : first + size] for first in range(0, count * size, size))
            nested = [start + comma.join(group) + end for group in groups]
    return nested


def list_of(texts: Sequence[str], depth: int) -> str:
    """A JSON array of which every element has its own line, inside of `depth` brackets."""
    start, comma, end = brackets(depth)
    return start + comma.join(texts) + end if texts else "[]"


def brackets(depth: int | None) -> tuple[str, str, str]:
    if depth is None:
        return "[", ", ", "]"
    line = "\n" + INDENT * (depth + 1)
    return "[" + line, "," + line, "\n" + INDENT * depth + "]"
