"""A large body's JSON, of which long lists stay text until they are looked at.

As Python objects a list of numbers takes ten times the memory of its text, and parsing it in one call would hold up the event
loop. So the body is parsed in pieces, once to see that all of it is JSON, and a piece again whenever its values are asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from sluicegate.serving.aside import breathe
from sluicegate.serving.rest import spans
from sluicegate.serving.rest.body import Document, exact, lenient, not_an_object, parse
from sluicegate.serving.rest.spans import Item, Span

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_NOT_PLAIN = re.compile(rb"[^ !#-\[\]-~]")
#: Bytes of a text from which on it is not given to the parser, which holds everyone up while it copies it.
_LONG_TEXT = 2**18
#: What the parser is given instead, what it makes of it, and what others would need to say the same.
_STAND_IN, _STANDS_FOR, _ZERO = b'"\\u0000"', "\0", rb"\u0000"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_SPACE = b" \n\r\t"


class _Unreadable(Exception):
    """A piece is no JSON that the quick parsers take."""


@dataclass(frozen=True, slots=True)
class _Run:
    """Elements of a list.  count : how many.  value : of a single one that is long itself, read already."""

    start: int
    end: int
    count: int
    value: Any = None


class LongList(list[Any]):
    """A list of a body that is parsed piece by piece, each time that it is gone through.

    It is a list for those who ask with isinstance and then go through it in Python. What is written in C sees it empty:
    NumPy, json and itertools must be given its pieces.
    """

    __slots__ = ("_body", "_runs", "_size")

    def __init__(self, body: _Body, runs: list[_Run]) -> None:
        super().__init__()
        self._body, self._runs, self._size = body, runs, sum(run.count for run in runs)

    @property
    def bytes_of_body(self) -> int:
        """More elements than that no list within the body has."""
        return len(self._body.text)

    def pieces(self) -> Iterator[list[Any]]:
        """Its elements in order, in short lists; those that are long themselves by themselves."""
        for run in self._runs:
            breathe()
            yield self._read(run)

    def _read(self, run: _Run) -> list[Any]:
        return self._body.elements(run.start, run.end) if run.value is None else [run.value]

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Any]:
        for piece in self.pieces():
            yield from piece

    def __getitem__(self, index: Any) -> Any:
        """Only the first element is to be had."""
        if index != 0 or not self._runs:
            raise IndexError(index)
        return self._read(self._runs[0])[0]


def parse_long(text: bytes | bytearray, block: int = spans.BLOCK) -> Document:
    """As `body.parse`, with long lists as LongList. In a thread aside (see `serving.aside`).

    block : bytes; what is longer is not parsed in one piece.

    Raises ServingError, the same as `body.parse`.
    """
    try:
        document = _Body(text).read(block)
    except (_Unreadable, spans.NotClosed, RecursionError):
        document = exact(bytes(text))
    if not isinstance(document, dict):
        raise not_an_object(document)
    return document


class _Body:
    def __init__(self, text: bytes | bytearray) -> None:
        self.text = text
        self._view = memoryview(text)
        self._is_odd = False
        self._has_surrogates: bool | None = None

    def read(self, block: int) -> Any:
        self._is_odd = self.text.startswith(_BYTE_ORDER_MARK)
        start = len(_BYTE_ORDER_MARK) if self._is_odd else 0
        while start < len(self.text) and self.text[start] in _SPACE:
            start += 1
        if start == len(self.text) or self.text[start] not in b"[{":
            # One text or number.
            return parse(bytes(self.text))
        span = spans.scan(self.text, start, block)
        document = self._object(span) if span.is_object else self._list(span)
        self._look_behind(span.end + 1)
        if self._is_odd and not span.is_object:
            # As for small bodies: where a value ends is only clear in brackets of an object.
            raise _Unreadable
        return document

    def _look_behind(self, end: int) -> None:
        """What follows the document does not matter, if it is text where the document must be."""
        if not self._is_blank(end, len(self.text)):
            self._is_odd = True
            if self._surrogates():
                try:
                    str(self._view[end:], "utf-8")
                except UnicodeDecodeError:
                    raise _Unreadable from None

    def _object(self, span: Span) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for item in span.items:
            if item.long is None:
                found.update(self._members(item, may_be_empty=len(span.items) == 1))
            else:
                found[self._name(item, item.long)] = self._value(item, item.long)
            breathe()
        return found

    def _members(self, item: Item, may_be_empty: bool) -> dict[str, Any]:
        members: dict[str, Any] = self._load(b"{", item.start, item.end, b"}")
        if not members and not may_be_empty:
            raise _Unreadable
        return members

    def _name(self, item: Item, value: Span) -> str:
        # With "null" only what stands before a value is whole: a number would also take a minus.
        found: dict[str, Any] = self._load(b"{", item.start, value.start - 1, b"null}")
        if len(found) != 1:
            raise _Unreadable
        return next(iter(found))

    def _list(self, span: Span) -> list[Any]:
        runs = []
        for item in span.items:
            if item.long is not None:
                if not self._is_blank(item.start, item.long.start - 1):
                    raise _Unreadable
                runs.append(_Run(item.start, item.end, 1, self._value(item, item.long)))
            else:
                count = len(self.elements(item.start, item.end))
                if not count and len(span.items) > 1:
                    raise _Unreadable
                runs.append(_Run(item.start, item.end, count))
            breathe()
        return LongList(self, runs)

    def _value(self, item: Item, span: Span) -> Any:
        if not self._is_blank(span.end + 1, item.end):
            raise _Unreadable
        return self._object(span) if span.is_object else self._list(span)

    def elements(self, start: int, end: int) -> list[Any]:
        found: list[Any] = self._load(b"[", start, end, b"]")
        return found

    def _load(self, before: bytes, start: int, end: int, behind: bytes) -> Any:
        if end - start > _LONG_TEXT:
            found = self._load_long(before, start, end, behind)
            if found is not None:
                return found
        piece = b"".join((before, self._view[start:end], behind))
        try:
            return orjson.loads(piece)
        except orjson.JSONDecodeError:
            self._is_odd = True
        try:
            return lenient(piece, self._surrogates())
        except ValueError:
            raise _Unreadable from None

    def _load_long(self, before: bytes, start: int, end: int, behind: bytes) -> Any:
        """A piece that is one long plain text and little else, such as an image in base64; None for another.

        A text that long is a member or an element of the piece itself: what is around it would be long, and another span.
        """
        first = self.text.rfind(b'"', start, end)
        opening = self.text.rfind(b'"', start, first) if first >= 0 else -1
        if first - opening < _LONG_TEXT or not self._is_plain(opening + 1, first):
            return None
        beside = bytes(self._view[start:opening]), bytes(self._view[first + 1 : end])
        if any(_ZERO in part for part in beside):
            return None
        try:
            found = orjson.loads(b"".join((before, beside[0], _STAND_IN, beside[1], behind)))
        except orjson.JSONDecodeError:
            return None
        places = list(found) if isinstance(found, dict) else range(len(found))
        hits = [place for place in places if found[place] == _STANDS_FOR]
        if len(hits) != 1:
            # It was a name, or another member of the same name replaced it.
            return None
        found[hits[0]] = str(self._view[opening + 1 : first], "ascii")
        return found

    def _is_plain(self, start: int, end: int) -> bool:
        """Whether a text stands for itself: no escapes, no control characters, nothing but ASCII."""
        for at in range(start, end, spans.BLOCK):
            breathe()
            if _NOT_PLAIN.search(self._view[at : min(at + spans.BLOCK, end)]):
                return False
        return True

    def _is_blank(self, start: int, end: int) -> bool:
        return all(
            not bytes(self._view[at : min(at + spans.BLOCK, end)]).strip(_SPACE)
            for at in range(start, end, spans.BLOCK)
        )

    def _surrogates(self) -> bool:
        """Whether half of a surrogate pair is escaped anywhere: then all of the body must be UTF-8."""
        if self._has_surrogates is None:
            step = spans.BLOCK
            parts = (self._view[max(at - 4, 0) : at + step] for at in range(0, len(self.text), step))
            self._has_surrogates = any(_SURROGATE.search(part) for part in parts)
        return self._has_surrogates
