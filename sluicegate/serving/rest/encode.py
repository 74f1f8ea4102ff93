"""From the model's outputs, or from an error, to the JSON that TensorFlow Serving answers with."""

from __future__ import annotations

import binascii
from collections.abc import Mapping

import numpy as np

from sluicegate.serving.rest.decimals import decimals
from sluicegate.serving.rest.layout import INDENT, list_of, nest
from sluicegate.serving.rest.leaves import Array
from sluicegate.serving.rest.quoting import quoted_string
from sluicegate.serving.signature import NUMPY_TYPES
from sluicegate.serving.status import invalid

#: Strings of an output with such a name are bytes, and travel as base64.
BYTES_SUFFIX = "_bytes"

_INTEGERS = frozenset(map(np.dtype, ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")))
_FLOATS = frozenset(NUMPY_TYPES[name] for name in ("DT_FLOAT", "DT_DOUBLE", "DT_HALF", "DT_BFLOAT16"))


def encode(outputs: Mapping[str, Array], row_format: bool) -> bytes:
    """The answer to a predict request.

    outputs : by name; strings are object arrays of bytes.
    row_format : as the request was, see `decode.Decoded`.

    One output alone stands without its name.  Strings that are not UTF-8 go out as they are, as TensorFlow Serving
    sends them; clients get them whole if the output is named `*_bytes`.

    Raises
    ------
    ServingError
        INVALID_ARGUMENT: there is no output, one has a type that JSON has not, or by row they differ in rows.
    """
    if not outputs:
        raise invalid("Cannot convert empty tensor map to JSON")
    text = _predictions(outputs) if row_format else _columns(outputs)
    return text.encode("utf-8", "surrogateescape")


def error(message: str) -> bytes:
    """The answer that says what went wrong."""
    return f'{{\n    "error": {quoted_string(message)}\n}}'.encode("utf-8", "surrogateescape")


def _predictions(outputs: Mapping[str, Array]) -> str:
    check_rows(outputs)
    if len(outputs) > 1:
        return f'{{\n    "predictions": {list_of(objects(outputs), 1)}\n}}'
    [(name, output)] = outputs.items()
    rows = nest(printed(name, output, 1 + output.ndim), output.shape, None)
    return results("predictions", rows)


def results(name: str, rows: list[str]) -> str:
    """An object of one list, whose elements share a line: there TensorFlow Serving breaks only before the end."""
    return f'{{\n    "{name}": [{", ".join(rows)}\n    ]\n}}' if rows else f'{{\n    "{name}": []\n}}'


def objects(outputs: Mapping[str, Array]) -> list[str]:
    """One JSON object a row."""
    columns = [nest(printed(name, output, 2 + output.ndim), output.shape, None) for name, output in outputs.items()]
    line = "\n" + INDENT * 3
    members = ",".join(line + quoted_string(name).replace("%", "%%") + ": %s" for name in outputs)
    return list(map(("{" + members + "\n" + INDENT * 2 + "}").__mod__, zip(*columns, strict=True)))


def check_rows(outputs: Mapping[str, Array]) -> None:
    n_rows = None
    for name, output in outputs.items():
        if output.ndim == 0:
            raise invalid(f"Tensor name: {name} has no shape information ")
        if n_rows is not None and n_rows != len(output):
            raise invalid(f"Tensor name: {name} has inconsistent batch size: {len(output)} expecting: {n_rows}")
        n_rows = len(output)


def _columns(outputs: Mapping[str, Array]) -> str:
    if len(outputs) == 1:
        [(name, output)] = outputs.items()
        return f'{{\n    "outputs": {_column(name, output, 1)}\n}}'
    members = (f"\n{INDENT * 2}{quoted_string(name)}: {_column(name, output, 2)}" for name, output in outputs.items())
    return f'{{\n    "outputs": {{{",".join(members)}\n    }}\n}}'


def _column(name: str, output: Array, depth: int) -> str:
    texts = printed(name, output, depth + output.ndim)
    return list_of(nest(texts, output.shape, depth + 1), depth) if output.ndim else texts[0]


def printed(name: str, output: Array, depth: int) -> list[str]:
    """JSON of each element, in C order.

    depth : how many brackets are open around an element, which tells how far {"b64": ...} is indented.
    """
    values = output.ravel().tolist()
    if output.dtype in _FLOATS:
        return decimals(values, output.dtype.itemsize)
    if output.dtype in _INTEGERS:
        return list(map(str, values))
    if output.dtype == np.bool_:
        return ["true" if value else "false" for value in values]
    if output.dtype != object:
        raise invalid(f"Failed to write JSON value for tensor type: {output.dtype.name}")
    if name.endswith(BYTES_SUFFIX):
        start, end = "{\n" + INDENT * (depth + 1) + '"b64": "', '"\n' + INDENT * depth + "}"
        return [start + binascii.b2a_base64(value, newline=False).decode() + end for value in values]
    return [quoted_string(value.decode("utf-8", "surrogateescape")) for value in values]
