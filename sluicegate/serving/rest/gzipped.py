"""A body that came compressed, inflated up to a limit and piece by piece."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from sluicegate.serving.aside import LARGE, breathe
from sluicegate.serving.status import ServingError, invalid

#: Bytes of compressed text that are taken together; up to a thousand times as many come of it, in pieces of `LARGE`.
_TAKEN = 2**14


class Inflating:
    """The first piece is inflated at once; where there is more, `rest` gives all of it, in a thread aside.

    limit : of the text, in bytes.

    Raises ServingError for what is not gzip, or is more than `limit`.
    """

    def __init__(self, compressed: bytes | bytearray, limit: int) -> None:
        self._limit = limit
        self._inflate = zlib.decompressobj(wbits=31)
        self._pieces = self._of(memoryview(compressed))
        self.text: bytes | bytearray = next(self._pieces, b"")
        self.is_done = self._inflate.eof
        if self.is_done:
            self._check()

    def rest(self) -> bytearray:
        found = bytearray(self.text)
        for piece in self._pieces:
            found += piece
            if len(found) > self._limit:
                raise too_large(self._limit)
            breathe()
        self.text = found
        self._check()
        return found

    def _of(self, compressed: memoryview) -> Iterator[bytes]:
        for first in range(0, len(compressed), _TAKEN):
            waiting: bytes | memoryview = compressed[first : first + _TAKEN]
            while waiting and not self._inflate.eof:
                yield self._piece(waiting)
                waiting = self._inflate.unconsumed_tail
        # All of the input may be taken before all of the output is given.
        while not self._inflate.eof and (piece := self._piece(b"")):
            yield piece

    def _piece(self, compressed: bytes | memoryview) -> bytes:
        try:
            return self._inflate.decompress(compressed, LARGE)
        except zlib.error as error:
            raise invalid(f"The body is not gzip: {error}") from None

    def _check(self) -> None:
        if len(self.text) > self._limit:
            raise too_large(self._limit)
        if not self._inflate.eof:
            raise invalid("The body is not gzip: it ends too early")


def too_large(limit: int) -> ServingError:
    return invalid(f"The request is larger than {limit} bytes")
