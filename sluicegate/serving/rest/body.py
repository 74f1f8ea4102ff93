"""A request's body, as JSON."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import orjson

from sluicegate.serving.rest.quoting import quoted
from sluicegate.serving.rest.reader import read
from sluicegate.serving.status import ServingError, invalid

#: A request's JSON object: dict, list, str, int (of 64 bits), float, bool and None.
Document = dict[str, Any]

#: A longer body that is wrong is not read again to tell where: that takes a microsecond a value.
EXACT_BYTES = 2**20

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_SPACE = " \n\r\t"
_BYTE_ORDER_MARK = "\ufeff"


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
        raise not_an_object(document)
    return document


def not_an_object(document: Any) -> ServingError:
    return invalid(f"JSON Value: {quoted(document)} Is not object")


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
    """NaN, bytes that are not UTF-8 and what follows the object do not cost a large body its quick parsing."""
    try:
        document = lenient(body, _SURROGATE.search(body) is not None, to_the_end=False)
    except ValueError:
        return exact(body)
    return document if isinstance(document, dict) else exact(body)  # where a number ends is only clear in brackets


def lenient(text: bytes, has_surrogates: bool, to_the_end: bool = True) -> Any:
    """What orjson does not take and TensorFlow Serving does.

    has_surrogates : half of a surrogate pair is escaped somewhere in the body; then all of it must be UTF-8.
    to_the_end : nothing may follow the value.

    Raises ValueError.
    """
    decoded = text.decode("utf-8", "strict" if has_surrogates else "surrogateescape")
    decoded = decoded.removeprefix(_BYTE_ORDER_MARK).lstrip(_SPACE)
    try:
        document, end = _DECODER.raw_decode(decoded)
        if has_surrogates:
            orjson.dumps(document)  # the standard library takes lone ones; this refuses them
    except (TypeError, RecursionError) as error:
        raise ValueError(str(error)) from None
    if to_the_end and end != len(decoded):
        raise ValueError("more than one value")
    return document


def exact(body: bytes) -> Any:
    """By the reader that fails as TensorFlow Serving's does. Raises ServingError."""
    if len(body) > EXACT_BYTES:
        raise invalid(f"JSON Parse error: Invalid value. In more than {EXACT_BYTES} bytes it is not told where.")
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
