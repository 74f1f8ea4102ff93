"""A request's body, as JSON."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import orjson

from serving.rest.quoting import quoted
from serving.rest.reader import read
from serving.status import invalid

#: A request's JSON object: dict, list, str, int (of 64 bits), float, bool and None.
Document = dict[str, Any]

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_SPACE = " \n\r\t"


def parse(body: bytes) -> Document:
    """The JSON object that a body begins with.

    Raises
    ------
    ServingError
        INVALID_ARGUMENT: no JSON, or JSON that is no object; the text says what is wrong and at which byte.
    """
    if not body:
        raise invalid("JSON Parse error: The document is empty")
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        document = _lenient(body)
    if not isinstance(document, dict):
        raise invalid(f"JSON Value: {quoted(document)} Is not object")
    return document


def signature_name(document: Document) -> str:
    """The signature that a request names; "" for the default one, as in a gRPC request.

    Raises
    ------
    ServingError
        INVALID_ARGUMENT: the name is not a string.
    """
    name = document.get("signature_name", "")
    if not isinstance(name, str):
        raise invalid(
            f"JSON Value: {quoted(document)} not formatted correctly. 'signature_name' key must be a string value."
        )
    return name


def _lenient(body: bytes) -> Any:
    """NaN and what follows the object do not cost a large body its quick parsing; all else is for the exact reader."""
    if _SURROGATE.search(body):
        return read(body)  # the standard library takes lone surrogates
    try:
        return _DECODER.raw_decode(body.decode().lstrip(_SPACE))[0]
    except (ValueError, RecursionError):
        return read(body)


def _integer(digits: str) -> int | float:
    number = int(digits)
    return number if -(2**63) <= number < 2**64 else _finite(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(digits)
    return number


_DECODER = json.JSONDecoder(parse_int=_integer, parse_float=_finite)
