"""Nested lists of JSON values as arrays, the long ones piece by piece into an array that is there from the start."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np

from sluicegate.serving.rest.leaves import LARGEST_RANK, Array, array
from sluicegate.serving.rest.long_body import LongList


def tensor(values: list[Any], dtype: str) -> Array | None:
    """An array of nested lists of equal lengths, or None if they are not, or hold what the type does not take."""
    if isinstance(values, LongList):
        return _long(values, dtype)
    shape = [len(values)]
    kinds = {*map(type, values)}
    while list in kinds:
        if len(kinds) > 1 or len(shape) == LARGEST_RANK:
            return None
        sizes = {*map(len, values)}
        if len(sizes) > 1:
            return None
        shape.append(sizes.pop())
        values = list(chain.from_iterable(values))
        kinds = {*map(type, values)}
    flat = array(values, kinds, dtype)
    return flat if flat is None or len(shape) == 1 else flat.reshape(shape)


def _long(values: LongList, dtype: str) -> Array | None:
    growing = Growing(len(values), dtype, values.bytes_of_body)
    for piece in values.pieces():
        if not growing.add(piece):
            return None
    return growing.whole()


class Growing:
    """An array whose elements come in pieces.

    size : of its first dimension.  most : elements that it can have at all; a first element that promises more is not believed.
    """

    def __init__(self, size: int, dtype: str, most: int, into: Array | None = None) -> None:
        self._size, self._dtype, self._most, self._into = size, dtype, most, into
        self._at = 0
        self.is_right = True

    def add(self, piece: list[Any]) -> bool:
        """Takes the next elements; whether all so far are alike, and of the type."""
        if self.is_right:
            self.is_right = self._nest(piece[0]) if _is_long(piece) else self._take(tensor(piece, self._dtype))
            self._at += len(piece)
        return self.is_right

    def whole(self) -> Array | None:
        """The array; None if it is not right. An empty one has no elements that could tell its other dimensions."""
        if self.is_right and self._into is None and not self._size:
            return tensor([], self._dtype)
        return self._into if self.is_right else None

    def _take(self, part: Array | None) -> bool:
        if part is None or not self._is_alike(part.shape[1:], part.dtype):
            return False
        self._into[self._at : self._at + len(part)] = part  # type: ignore[index]
        return True

    def _nest(self, values: LongList) -> bool:
        """A single element, which is a long list itself."""
        found = _shape_and_type(values, self._dtype)
        if found is None or not self._is_alike(*found):
            return False
        inner = Growing(len(values), self._dtype, self._most, self._into[self._at])  # type: ignore[index]
        return all(map(inner.add, values.pieces()))

    def _is_alike(self, shape: Sequence[int], kind: np.dtype[Any]) -> bool:
        """Whether an element has the shape of those before; the first one sets it."""
        if self._into is None:
            if len(shape) >= LARGEST_RANK or self._size * math.prod(shape) > self._most:
                return False
            self._into = np.empty((self._size, *shape), kind)
        return self._into.shape[1:] == tuple(shape)


class GrowingColumn(Growing):
    """The values that objects of equal members have under one name."""

    def add_named(self, rows: Sequence[Mapping[str, Any]], name: str) -> None:
        if self.is_right:
            try:
                self.add([row[name] for row in rows])
            except KeyError:
                self.is_right = False


def _is_long(piece: list[Any]) -> bool:
    return len(piece) == 1 and isinstance(piece[0], LongList)


def _shape_and_type(values: LongList, dtype: str, rank: int = 1) -> tuple[tuple[int, ...], np.dtype[Any]] | None:
    """Of the array that they become, if all are like the first."""
    for piece in values.pieces():
        if _is_long(piece):
            inner = _shape_and_type(piece[0], dtype, rank + 1) if rank < LARGEST_RANK else None
            return inner and ((len(values), *inner[0]), inner[1])
        part = tensor(piece, dtype)
        return None if part is None else ((len(values), *part.shape[1:]), part.dtype)
    empty = tensor([], dtype)
    return None if empty is None else ((0,), empty.dtype)
