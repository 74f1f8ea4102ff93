"""Serialized tf.Examples, read as the training table was, before they join a batch.

A feature's type is the client's choice, and the same value may come in another: 39 as a float or as the text "39" for whole
numbers, a code as int64 for a column of texts. TensorFlow refuses each, in words that name a key and no remedy. Here such
a value is written as the model's column has it, or refused as `serving_raw` refuses it.

Nearly every request is right. The quick look is one regular expression over the bytes: 2 microseconds for a row of 14
columns, where asking each feature of the parsed row for its kind takes 17. What it takes for odd is parsed, so it may be too
strict. Rows of a model with dates are parsed always, because a date has to be looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from schemas.errors import Problem
from schemas.reading import FLOAT, INT, TEXT
from sluicegate.serving import rows
from sluicegate.serving.rows import Input

Array = npt.NDArray[Any]
IsSureDate = Callable[[bytes], bool]
_LISTS = {TEXT: "bytes_list", FLOAT: "float_list", INT: "int64_list"}
_FIELDS = {TEXT: rb"\x0a", FLOAT: rb"\x12", INT: rb"\x1a"}
#: 0.1 in a float_list is the 32-bit one; sluicegate/tables/cells.py knows what it was written from.
_ARROW = {"bytes_list": pa.binary(), "float_list": pa.float32(), "int64_list": pa.int64()}


class ExampleReader:
    """How one version reads what its `serving_default` is sent.

    is_sure_date : whether a text is missing or a date in the usual form; of another, the grammar is asked.
    """

    def __init__(self, inputs: Sequence[Input], is_sure_date: IsSureDate) -> None:
        self._inputs = {one.name: one for one in inputs}
        self._dates = [one.name for one in inputs if one.reading.date]
        self._is_sure_date = is_sure_date
        self._odd_kind = re.compile(_other_kinds(inputs), re.DOTALL)

    def read(self, examples: Array) -> Array | list[Problem]:
        """The same examples, each feature of its column's type; or the first cell of each column that cannot be read.

        Bytes that are no tf.Example stay as they are: TensorFlow itself refuses them.
        """
        if examples.dtype != object:
            return examples
        texts = examples.ravel().tolist()
        if not self._dates and not any(map(self._odd_kind.search, texts)):
            return examples
        parsed = _parsed(texts)
        odd = self._odd(parsed, any(map(self._odd_kind.search, texts))) if parsed else {}
        if not odd or parsed is None:
            return examples
        problems = [said for name in odd if (said := self._read_column(parsed, name, odd[name]))]
        if problems:
            return problems
        found = np.array([one.SerializeToString() for one in parsed], object)
        return found.reshape(examples.shape)

    def _odd(self, parsed: Sequence[Any], may_be_retyped: bool) -> dict[str, list[str | None]]:
        """Columns that may not be right, and the kind of value in each row."""
        found = {}
        for name, one in self._inputs.items() if may_be_retyped else ():
            kinds = [
                example.features.feature[name].WhichOneof("kind") if name in example.features.feature else None
                for example in parsed
            ]
            if {*kinds} - {None, _LISTS[one.reading.type]}:
                found[name] = kinds
        for name in self._dates:
            features = [example.features.feature for example in parsed]
            values = [one[name].bytes_list.value if name in one else () for one in features]
            if name not in found and not all(self._is_sure_date(one[0] if one else b"") for one in values):
                found[name] = ["bytes_list" if one else None for one in values]
        return found

    def _read_column(self, parsed: Sequence[Any], name: str, kinds: Sequence[str | None]) -> Problem | None:
        """Writes the column's values as they are read; or the first that cannot be."""
        one = self._inputs[name]
        for kind in dict.fromkeys(kinds):
            if kind is None:
                continue
            places = [row for row, other in enumerate(kinds) if other == kind]
            features = [parsed[row].features.feature[name] for row in places]
            values = [next(iter(getattr(feature, kind).value), None) for feature in features]
            result = rows.distinct(one, pa.array(values, _ARROW[kind]), _place_among(places))
            if isinstance(result, Problem):
                return result
            _write(features, _LISTS[one.reading.type], result)
        return None


def _place_among(places: Sequence[int]) -> rows.Place:
    return lambda row, column: rows.in_memory(places[row], column)


def _write(features: Sequence[Any], kind: str, read: rows.Distinct) -> None:
    values = read.values.to_pylist()
    for feature, code in zip(features, read.codes.tolist(), strict=True):
        value = values[code] if code >= 0 else None
        feature.Clear()
        if value is not None:
            getattr(feature, kind).value.append(value.encode() if isinstance(value, str) else value)


def _parsed(texts: Sequence[Any]) -> list[Any] | None:
    from google.protobuf.message import DecodeError
    from tensorflow.core.example.example_pb2 import Example

    try:
        return [Example.FromString(text) for text in texts]
    except (DecodeError, TypeError):
        return None


def _other_kinds(inputs: Sequence[Input]) -> bytes:
    """RE of an entry of Features whose value is of another kind than its column's.

    An entry is: tag of the name, its length, the name; tag of the value, its length; the value, which is empty or begins with
    the tag of its kind.
    """
    length = rb"[\x80-\xff]*[\x01-\x7f]"
    endings = {_entry(one.name): length + rb"[^" + _FIELDS[one.reading.type] + rb"]" for one in inputs}
    return _any_of(endings) if endings else rb"(?!)"


def _entry(name: str) -> bytes:
    key = name.encode()
    return b"\x0a" + _varint(len(key)) + key + b"\x12"


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*found, number])


def _any_of(endings: Mapping[bytes, bytes]) -> bytes:
    """RE of any of the words, each before its ending, as a tree: with thousands of them a list would be tried in turn."""
    start = _common_start(min(endings), max(endings))
    if len(endings) == 1:
        [(word, ending)] = endings.items()
        return re.escape(word) + ending
    branches: dict[int, dict[bytes, bytes]] = {}
    for word, ending in endings.items():
        branches.setdefault(word[len(start)], {})[word[len(start) :]] = ending
    return re.escape(start) + b"(?:" + b"|".join(map(_any_of, branches.values())) + b")"


def _common_start(one: bytes, other: bytes) -> bytes:
    return one[: next((place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))]
