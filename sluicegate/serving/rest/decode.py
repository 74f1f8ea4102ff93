"""From a predict request's JSON to the model's inputs.

What is right is read a column at a time.  Where a column is not plainly right, `refusals` reads again in the order of
the request, to say of the first value that is wrong what TensorFlow Serving says of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from sluicegate.serving.rest import refusals
from sluicegate.serving.rest.body import Document, signature_name
from sluicegate.serving.rest.leaves import Array, array, is_base64
from sluicegate.serving.rest.long_body import LongList
from sluicegate.serving.rest.nested import GrowingColumn, tensor
from sluicegate.serving.rest.quoting import quoted
from sluicegate.serving.signature import TensorSpec
from sluicegate.serving.status import invalid

_DICT = frozenset({dict})


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a predict request asks for.

    inputs : by name; those of a request by rows have the rows as first dimension.
    row_format : asked by "instances", so answered by "predictions"; otherwise "inputs" and "outputs".
    """

    inputs: dict[str, Array]
    row_format: bool


class Reads(Protocol):
    """Reads what JSON gives for a column as the model's own table was read."""

    def column(self, key: str, values: Sequence[Any]) -> Array | None:
        """Raises ServingError; None for a column that it does not know."""


def decode(document: Document, inputs: Mapping[str, TensorSpec], reads: Reads | None = None) -> Decoded:
    """The tensors of a predict request.

    inputs : the signature's, whose types decide; shapes are not looked at, the model itself refuses a wrong one.
    reads : for a model that says how its cells are read, takes what is not plainly of the type: true for a boolean, "39"
        for a number, null for a missing value.

    Raises
    ------
    ServingError
        INVALID_ARGUMENT: the request has not the form, the names or the types of the inputs.
        UNIMPLEMENTED: an input by column has a type that JSON cannot give, such as DT_COMPLEX64.
    """
    if not inputs:
        raise invalid(f"Failed to get input map for signature: {signature_name(document) or 'DEFAULT'}")
    by_row, by_column = "instances" in document, "inputs" in document
    if by_row and by_column:
        raise _refused(document, "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist ")
    if not by_row and not by_column:
        raise invalid("Missing 'inputs' or 'instances' key")
    with np.errstate(over="ignore"):
        if by_column:
            return Decoded(_from_columns(document["inputs"], inputs, reads), row_format=False)
        rows = document["instances"]
        if not isinstance(rows, list):
            raise _refused(document, "Expecting 'instances' to be an list/array")
        if not rows:
            raise _refused(document, "No values in 'instances' array")
        return Decoded(_from_rows(rows, inputs, reads), row_format=True)


def _from_rows(rows: list[Any], inputs: Mapping[str, TensorSpec], reads: Reads | None) -> dict[str, Array]:
    if isinstance(rows, LongList):
        named = _are_named(next(rows.pieces()), inputs)
        decoded = _long_rows(rows, inputs, reads) if named else _plain_rows(rows, inputs)
    else:
        decoded = _named_rows(rows, inputs, reads) if _are_named(rows, inputs) else _plain_rows(rows, inputs)
    if decoded is None:
        raise refusals.of_rows(rows, inputs, types_matter=reads is None)
    return decoded


def _are_named(rows: list[Any], inputs: Mapping[str, TensorSpec]) -> bool:
    return {*map(type, rows)} == _DICT and not any(map(is_base64, rows) if len(inputs) == 1 else ())


def _long_rows(rows: LongList, inputs: Mapping[str, TensorSpec], reads: Reads | None) -> dict[str, Array] | None:
    """As _named_rows, a piece of the rows at a time."""
    columns = {name: GrowingColumn(len(rows), spec.dtype, rows.bytes_of_body) for name, spec in inputs.items()}
    for piece in rows.pieces():
        if not _are_named(piece, inputs) or {*map(len, piece)} != {len(inputs)}:
            return None
        for name, column in columns.items():
            column.add_named(piece, name)
    decoded = {}
    for name, growing in columns.items():
        found = growing.whole()
        if found is None and reads is not None and all(name in row for row in rows):
            found = _read(reads, name, [row[name] for row in rows])
        if found is None:
            return None
        decoded[name] = found
    return decoded


def _named_rows(
    rows: list[dict[str, Any]], inputs: Mapping[str, TensorSpec], reads: Reads | None
) -> dict[str, Array] | None:
    if {*map(len, rows)} != {len(inputs)}:
        return None
    decoded = {}
    for name, spec in inputs.items():
        try:
            values = [row[name] for row in rows]
        except KeyError:
            return None
        column = tensor(values, spec.dtype)
        if column is None and reads is not None:
            column = _read(reads, name, values)
        if column is None:
            return None
        decoded[name] = column
    return decoded


def _read(reads: Reads, name: str, values: list[Any]) -> Array | None:
    return None if any(isinstance(value, list | dict) for value in values) else reads.column(name, [*values])


def _plain_rows(rows: list[Any], inputs: Mapping[str, TensorSpec]) -> dict[str, Array] | None:
    if len(inputs) > 1:
        return None
    [(name, spec)] = inputs.items()
    column = tensor(rows, spec.dtype)
    return None if column is None else {name: column}


def _from_columns(value: Any, inputs: Mapping[str, TensorSpec], reads: Reads | None) -> dict[str, Array]:
    if not isinstance(value, dict) or is_base64(value):
        if len(inputs) > 1:
            raise invalid(
                "inputs is a plain value/list, but expecting an object as multiple "
                "input tensors required as per tensorinfo_map"
            )
        value = dict.fromkeys(inputs, value)
    return {name: _column(name, spec, value, reads) for name, spec in inputs.items()}


def _column(name: str, spec: TensorSpec, columns: Mapping[str, Any], reads: Reads | None) -> Array:
    if name not in columns:
        raise invalid(f"Missing named input: {name} in 'inputs' object.")
    value = columns[name]
    if isinstance(value, list):
        decoded = tensor(value, spec.dtype)
        if decoded is None and reads is not None:
            decoded = _read(reads, name, value)
    else:
        scalar = array([value], {type(value)}, spec.dtype)
        decoded = None if scalar is None else scalar.reshape(())
    if decoded is None:
        raise refusals.of_column(value, spec)
    return decoded


def _refused(document: Document, why: str) -> Exception:
    return invalid(f"JSON Value: {quoted(document)} {why}")
