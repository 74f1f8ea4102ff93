"""Where the long lists and objects of a large JSON body can be cut, found in one pass and without parsing it.

The pass looks at blocks of the body with NumPy: which quotes, brackets and commas are outside of strings, and how deep. Of what
begins and ends within a block nothing is kept, so what is found is small. A cut may be wrong where the body is no JSON; then
one of its pieces is no JSON either, and whoever parses the pieces sees it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sluicegate.serving.aside import breathe

#: Bytes looked at together; lists and objects that are longer become spans.
BLOCK = 2**15
#: How deep orjson goes.
DEEPEST = 1024

_QUOTE, _BACKSLASH, _COMMA = b'"\\,'
_OPENING, _CLOSING = b"[{", b"]}"
_MARKS = bytes(256)
for _character in b'"[]{},':
    _MARKS = _MARKS[:_character] + b"\1" + _MARKS[_character + 1 :]
_STEP = np.zeros(256, np.int8)
_STEP[list(_OPENING)], _STEP[list(_CLOSING)] = 1, -1

Ints = np.ndarray[Any, Any]


class NotClosed(Exception):
    """The body ends before its first value does, nests deeper than `DEEPEST`, or closes what it did not open."""


@dataclass(frozen=True, slots=True)
class Item:
    """Elements or members that follow each other.

    start, end : of their text, without the commas around it.  long : where that is a single one which is long itself.
    """

    start: int
    end: int
    long: Span | None


@dataclass(slots=True)
class Span:
    """A list or an object.

    start : after its opening bracket.  end : its closing bracket.  items : all of its text.
    """

    is_object: bool
    start: int
    end: int = -1
    items: list[Item] = field(default_factory=list)
    _cuts: list[int] = field(default_factory=list)
    _long: list[Span] = field(default_factory=list)

    def cut(self, comma: int) -> None:
        if not self._cuts or comma > self._cuts[-1]:
            self._cuts.append(comma)

    def close(self, end: int) -> None:
        self.end = end
        starts, ends = [self.start, *(cut + 1 for cut in self._cuts)], [*self._cuts, end]
        waiting = iter([*self._long, None])
        child = next(waiting)
        for start, stop in zip(starts, ends, strict=True):
            if child is not None and start <= child.start < stop:
                self.items.append(Item(start, stop, child))
                child = next(waiting)
            else:
                self.items.append(Item(start, stop, None))
        self._cuts, self._long = [], []

    def keep(self, child: Span) -> None:
        self._long.append(child)


def scan(body: bytes | bytearray, start: int, block: int = BLOCK) -> Span:
    """The list or object whose opening bracket is at `start`.

    Raises
    ------
    NotClosed
    """
    root = Span(body[start] == _OPENING[1], start + 1)
    pass_ = _Pass(body, [root], block)
    at = start + 1
    while pass_.open:
        if at >= len(body):
            raise NotClosed
        pass_.look_at(at)
        at += block
        breathe()
    return root


class _Pass:
    """open : the lists and objects around the place that has been reached, the outermost first."""

    def __init__(self, body: bytes | bytearray, open_: list[Span], block: int) -> None:
        self._body, self.open, self._block = memoryview(body), open_, block
        self._in_string = self._is_escaped = False

    def look_at(self, at: int) -> None:
        where, what = self._marks(at)
        if not len(where):
            return
        depth = len(self.open) + np.cumsum(_STEP[what], dtype=np.int32)
        ended = np.flatnonzero(depth <= 0)
        if len(ended):
            where, what, depth = (one[: ended[0] + 1] for one in (where, what, depth))
        if depth.max() > DEEPEST:
            raise NotClosed
        commas = what == _COMMA
        marks = _Marks(at + where, what, depth, at + where[commas], depth[commas])
        self._close(marks)
        if self.open:
            self._continue(marks)

    def _close(self, marks: _Marks) -> None:
        """Ends the spans that end in this block, the innermost first."""
        lowest, inner = int(marks.depth.min()), -1
        while len(self.open) > lowest:
            one, level = self.open.pop(), len(self.open) + 1
            closing = int(np.argmax(marks.depth < level))
            if marks.what[closing] != _CLOSING[one.is_object]:
                raise NotClosed
            end = int(marks.where[closing])
            self._after(one, level, inner, marks, end)
            one.close(end)
            if self.open and end - one.start >= self._block:
                self.open[-1].keep(one)
            inner = end
        if self.open:
            self._after(self.open[-1], lowest, inner, marks, None)

    def _after(self, one: Span, level: int, inner: int, marks: _Marks, end: int | None) -> None:
        """Cuts behind an element that was begun in another block and has ended in this one."""
        if inner < 0:
            return
        commas = marks.commas_of(level)
        if len(commas) and (end is None or commas[0] < end):
            one.cut(int(commas[0]))

    def _continue(self, marks: _Marks) -> None:
        """Cuts what goes on in the next block, and begins what this block begins and does not end."""
        final = int(marks.depth[-1])
        self._last_cut(self.open[-1], len(self.open), marks)
        for level in range(len(self.open) + 1, final + 1):
            opening = np.flatnonzero((marks.depth == level) & (_STEP[marks.what] > 0))[-1]
            self.open.append(Span(bool(marks.what[opening] == _OPENING[1]), int(marks.where[opening]) + 1))
            self._last_cut(self.open[-1], level, marks)

    def _last_cut(self, one: Span, level: int, marks: _Marks) -> None:
        commas = marks.commas_of(level)
        if len(commas) and commas[-1] >= one.start:
            one.cut(int(commas[-1]))

    def _marks(self, at: int) -> tuple[Ints, Ints]:
        """Places, from `at`, and characters of the brackets and commas outside of strings."""
        text = bytes(self._body[at : at + self._block])
        where = np.flatnonzero(np.frombuffer(text.translate(_MARKS), np.bool_))
        what = np.frombuffer(text, np.uint8)[where]
        if self._is_escaped or _BACKSLASH in text:
            real = ~self._escaped(text)[where]
            where, what = where[real], what[real]
        quotes = what == _QUOTE
        if not self._in_string and not quotes.any():
            return where, what
        inside = (np.cumsum(quotes) + self._in_string) & 1
        if len(inside):
            self._in_string = bool(inside[-1])
        outside = ~quotes & (inside == 0)
        return where[outside], what[outside]

    def _escaped(self, text: bytes) -> Ints:
        """Which characters follow an odd number of backslashes."""
        backslash = np.frombuffer(text, np.uint8) == _BACKSLASH
        places = np.arange(len(text))
        before = np.maximum.accumulate(np.where(backslash, -1, places))
        # A backslash at the end of the block before stands in front of the first one here.
        run = np.where(before < 0, places + 1 + self._is_escaped, places - before) * backslash
        escaped = np.empty(len(text), np.bool_)
        escaped[0], escaped[1:] = self._is_escaped, run[:-1] & 1
        self._is_escaped = bool((run[-1] if backslash[-1] else 0) & 1)
        return escaped


@dataclass(frozen=True, slots=True)
class _Marks:
    """Brackets and commas of a block, outside of strings.

    where, what, depth : (n,) place in the body, character, and how many brackets are open behind it.
    commas, levels : (m,) place and depth of the commas among them.
    """

    where: Ints
    what: Ints
    depth: Ints
    commas: Ints
    levels: Ints

    def commas_of(self, level: int) -> Sequence[int] | Ints:
        return self.commas[self.levels == level]
