"""How a JSON value is quoted in an error message: laid out as TensorFlow Serving does, and not without end."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

#: Nothing more is written once the quotation has this many bytes.
LIMIT_BYTES = 256

#: JSON text of a string; characters beyond ASCII stand as they are.
quoted_string = json.JSONEncoder(ensure_ascii=False).encode

_TYPES: dict[type, str] = {
    type(None): "Null",
    dict: "Object",
    str: "String",
    int: "Number",
    float: "Number",
}


def type_name(value: Any) -> str:
    """The JSON type of a value, in the server's words.

    >>> type_name(True), type_name([])
    ('True', 'Array')
    """
    if isinstance(value, list):
        return "Array"
    return str(value) if isinstance(value, bool) else _TYPES[type(value)]


def quoted(value: Any) -> str:
    """JSON text of a value, cut (and then no longer valid JSON) after the part that reaches `LIMIT_BYTES`.

    >>> quoted([1, 2.5, "a"])
    '[1, 2.5, "a"]'
    """
    parts: list[str] = []
    size = 0
    for part in _parts(value, "", 0):
        if part is None or size >= LIMIT_BYTES:
            break
        parts.append(part)
        size += len(part.encode("utf-8", "surrogateescape"))
    return "".join(parts)


def _parts(value: Any, prefix: str, depth: int) -> Iterator[str | None]:
    """The text in the steps in which it may be cut; None where TensorFlow Serving gives up, at NaN and infinity."""
    if isinstance(value, dict):
        yield prefix + "{"
        for position, (key, member) in enumerate(value.items()):
            yield (",\n" if position else "\n") + "    " * (depth + 1) + quoted_string(key)
            yield from _parts(member, ": ", depth + 1)
        yield "\n" + "    " * depth + "}" if value else "}"
    elif isinstance(value, list):
        yield prefix + "["
        for position, member in enumerate(value):
            yield from _parts(member, ", " if position else "", depth + 1)
        yield "]"
    elif isinstance(value, float) and not math.isfinite(value):
        yield prefix
        yield None
    elif isinstance(value, float):
        yield prefix + _double(value)
    else:
        yield prefix + (quoted_string(value) if isinstance(value, str) else json.dumps(value))


def _double(value: float) -> str:
    """The shortest digits, without an exponent from 1e-6 up to 1e21.

    >>> _double(1e-05), _double(1e22), _double(1.25e-8), _double(1e20)
    ('0.00001', '1e22', '1.25e-8', '100000000000000000000.0')
    """
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    point = len(digits) + int(exponent)  # how many digits stand before the decimal point
    if value == 0 or -6 < point <= 21:
        text = f"{Decimal(repr(abs(value))):f}"
        return "-" * sign + (text if "." in text else text + ".0")
    figures = "".join(map(str, digits))
    fraction = "." + figures[1:] if len(figures) > 1 else ""
    return f"{'-' * sign}{figures[0]}{fraction}e{point - 1}"
