"""A JSON reader that fails where and as TensorFlow Serving's does, and knows no nesting too deep.

It reads the few bodies that the quick parsers refuse (see `body`): wrong ones, whose error must name what is wrong
and at which byte, and odd ones that TensorFlow Serving takes: `-NaN`, `Inf`, half of a surrogate pair, half a million
nested lists.
"""

from __future__ import annotations

import re
from typing import Any

from sluicegate.serving.status import ServingError, invalid

_SPACE = re.compile(rb"[ \n\r\t]*")
_NUMBER = re.compile(rb"-?(?:0|[1-9][0-9]*)(?P<fraction>\.[0-9]*)?(?P<exponent>[eE][+-]?[0-9]*)?")
_NOT_FINITE = re.compile(rb"(?P<minus>-)?(?:NaN|(?P<infinity>Infinity|Inf(?!i)))")
_PLAIN = re.compile(rb'[^"\\\x00-\x1f]*')
_HEX = re.compile(rb"[0-9A-Fa-f]{4}")
_ESCAPES = dict(zip(b'"\\/bfnrt', [b'"', b"\\", b"/", b"\b", b"\f", b"\n", b"\r", b"\t"], strict=True))
_WORDS: dict[bytes, tuple[bytes, Any]] = {b"n": (b"null", None), b"t": (b"true", True), b"f": (b"false", False)}
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

_INVALID_VALUE = "Invalid value."


def read(body: bytes) -> Any:
    """The first JSON value of a body; what follows it is not looked at.

    Strings that are not UTF-8 carry their bytes as Python's `surrogateescape` does.  Integers beyond 64 bits become
    floats.  Of members with the same name the last stays.

    Raises
    ------
    ServingError
        INVALID_ARGUMENT "JSON Parse error: ... at offset: N", N counted in bytes from 0.
    """
    text = body.partition(b"\0")[0]  # a zero byte ends the document
    position = _skip(text, len(_BYTE_ORDER_MARK) if text.startswith(_BYTE_ORDER_MARK) else 0)
    if text[position : position + 1] in (b"", b"]", b"}", b",", b":"):
        raise _fault("The document is empty.", position)
    open_ones: list[tuple[Any, str | None]] = []  # with the name under which the one inside will be put
    while True:
        value, position = _value(text, position)
        if isinstance(value, (list, dict)) and text[position - 1 : position] in (b"[", b"{"):
            name, position = _enter(text, position, value)
            open_ones.append((value, name))
            continue
        while open_ones:
            container, name = open_ones.pop()
            _put(container, name, value)
            name, position, is_closed = _advance(text, position, container)
            if not is_closed:
                open_ones.append((container, name))
                break
            value = container
        else:
            return value


def _value(text: bytes, position: int) -> tuple[Any, int]:
    """A scalar, an empty list or object, or one whose bracket alone has been read."""
    first = text[position : position + 1]
    if first in (b"[", b"{"):
        after = _skip(text, position + 1)
        is_empty = text[after : after + 1] == (b"]" if first == b"[" else b"}")
        return ([] if first == b"[" else {}), after + 1 if is_empty else position + 1
    if first == b'"':
        return _string(text, position)
    if first in _WORDS:
        word, meaning = _WORDS[first]
        return meaning, _match_word(text, position, word)
    return _number(text, position)


def _enter(text: bytes, position: int, container: Any) -> tuple[str | None, int]:
    """Where the first value inside stands, and its name."""
    position = _skip(text, position)
    return _name(text, position) if isinstance(container, dict) else (None, _expect_value(text, position))


def _advance(text: bytes, position: int, container: Any) -> tuple[str | None, int, bool]:
    """After a value inside: the name and place of the next one, or that the container is closed."""
    position = _skip(text, position)
    byte = text[position : position + 1]
    if isinstance(container, dict):
        if byte == b"}":
            return None, position + 1, True
        if byte != b",":
            raise _fault("Missing a comma or '}' after an object member.", position)
        return *_name(text, _skip(text, position + 1)), False
    if byte == b"]":
        return None, position + 1, True
    if byte != b",":
        raise _fault("Missing a comma or ']' after an array element.", position)
    return None, _expect_value(text, _skip(text, position + 1)), False


def _put(container: Any, name: str | None, value: Any) -> None:
    if name is None:
        container.append(value)
    else:
        container[name] = value


def _name(text: bytes, position: int) -> tuple[str, int]:
    """A member's name, and where its value stands."""
    if text[position : position + 1] != b'"':
        raise _fault("Missing a name for object member.", position)
    name, position = _string(text, position)
    position = _skip(text, position)
    if text[position : position + 1] != b":":
        raise _fault("Missing a colon after a name of object member.", position)
    return name, _expect_value(text, _skip(text, position + 1))


def _expect_value(text: bytes, position: int) -> int:
    if text[position : position + 1] in (b"", b"]", b"}", b",", b":"):
        raise _fault(_INVALID_VALUE, position)
    return position


def _number(text: bytes, position: int) -> tuple[Any, int]:
    match = _NUMBER.match(text, position)
    if match is None:
        return _not_finite(text, position)
    fraction, exponent = match["fraction"], match["exponent"]
    if fraction == b".":
        raise _fault("Miss fraction part in number.", match.end("fraction"))
    if exponent is not None and not exponent[-1:].isdigit():
        raise _fault("Miss exponent in number.", match.end())
    number = float(match[0])
    if number in (float("inf"), float("-inf")):
        raise _fault("Number too big to be stored in double.", position)
    if fraction is None and exponent is None and len(match[0]) <= 20 and -(2**63) <= int(match[0]) < 2**64:
        return int(match[0]), match.end()
    return number, match.end()


def _not_finite(text: bytes, position: int) -> tuple[float, int]:
    match = _NOT_FINITE.match(text, position)
    if match is not None:
        size = float("inf") if match["infinity"] else float("nan")
        return (-size if match["minus"] else size), match.end()
    position += text[position : position + 1] == b"-"
    for word in (b"NaN", b"Infinity"):
        if text[position : position + 1] == word[:1]:
            _match_word(text, position, word)
    raise _fault(_INVALID_VALUE, position)


def _match_word(text: bytes, position: int, word: bytes) -> int:
    for expected in word:
        if text[position : position + 1] != bytes([expected]):
            raise _fault(_INVALID_VALUE, position)
        position += 1
    return position


def _string(text: bytes, position: int) -> tuple[str, int]:
    pieces = []
    position += 1
    while True:
        match = _PLAIN.match(text, position)
        assert match is not None  # noqa: S101  (it matches nothing, too)
        pieces.append(match[0])
        position = match.end()
        byte = text[position : position + 1]
        if byte == b'"':
            return b"".join(pieces).decode("utf-8", "surrogateescape"), position + 1
        if byte == b"":
            raise _fault("Missing a closing quotation mark in string.", position)
        if byte != b"\\":  # a control character
            raise _fault("Invalid escape character in string.", position)
        piece, position = _escape(text, position)
        pieces.append(piece)


def _escape(text: bytes, position: int) -> tuple[bytes, int]:
    """The bytes that an escape stands for; `position` is its backslash, which all its errors point at."""
    letter = text[position + 1 : position + 2]
    if letter and letter[0] in _ESCAPES:
        return _ESCAPES[letter[0]], position + 2
    if letter != b"u":
        raise _fault("Invalid escape character in string.", position)
    code = _hex(text, position + 2, position)
    if not 0xD800 <= code < 0xDC00:
        return chr(code).encode("utf-8", "surrogatepass"), position + 6
    if text[position + 6 : position + 8] != b"\\u":
        raise _fault("The surrogate pair in string is invalid.", position)
    low = _hex(text, position + 8, position)
    if not 0xDC00 <= low < 0xE000:
        raise _fault("The surrogate pair in string is invalid.", position)
    return chr(0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)).encode(), position + 12


def _hex(text: bytes, position: int, escape: int) -> int:
    match = _HEX.match(text, position)
    if match is None:
        raise _fault("Incorrect hex digit after \\u escape in string.", escape)
    return int(match[0], 16)


def _skip(text: bytes, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position


def _fault(what: str, offset: int) -> ServingError:
    return invalid(f"JSON Parse error: {what} at offset: {offset}")
