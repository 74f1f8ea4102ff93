"""A request's cells, read as those of training were, before it joins a batch: what cannot be read fails its own request.

Nearly every request is right, so the quick look at it must cost next to nothing: a few hundred nanoseconds per column of
one row. Only where it finds something odd (another type, a fraction among whole numbers, a date in an unusual form) is the
column read by sluicegate/tables/cells.py, as `sluicegate.load` reads it. Models of others, and of older releases, are not looked at.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from schemas.errors import DataError, Problem
from schemas.reading import INT
from sluicegate.serving import rows
from sluicegate.serving.example_reading import ExampleReader
from sluicegate.serving.readings import inputs_of
from sluicegate.serving.rows import Input
from sluicegate.serving.signature import RAW_SIGNATURE
from sluicegate.serving.status import ServingError, invalid

EXAMPLES_SIGNATURE, EXAMPLES = "serving_default", "examples"
Array = npt.NDArray[Any]
_END = 2.0**63
#: Up to here a loop over Python's numbers is quicker than NumPy.
_FEW = 32
_KNOWN_DATES = 65_536
_SURE_DATE = re.compile(
    rb"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,6})?)?"
    rb"(?: ?Z|[+-](?:0[0-9]|1[0-4])(?::?[0-5][0-9])?)?)?"
)


class RequestReader:
    """How one version reads what its `serving_raw` and its `serving_default` are sent."""

    def __init__(self, inputs: Sequence[Input]) -> None:
        self._inputs = {one.key: one for one in inputs}
        self._examples = ExampleReader(inputs, _is_sure_date)
        self._dtypes = tuple((one.key, np.dtype(object if one.is_text else np.float64)) for one in inputs)
        self._whole = tuple(one.key for one in inputs if one.reading.type == INT)
        self._texts = tuple(one.key for one in inputs if one.is_text)
        self._dates = tuple(one.key for one in inputs if one.reading.date)

    @classmethod
    def of(cls, path: Path, description: Mapping[str, Any]) -> RequestReader | None:
        """None for a version whose model.json does not say how its cells are read."""
        described = description.get("inputs")
        if not isinstance(described, dict) or not all(
            isinstance(o, dict) and "reading" in o for o in described.values()
        ):
            return None
        return cls(inputs_of(path, described))

    def read(self, signature: str, tensors: Mapping[str, Array]) -> Mapping[str, Array]:
        """The same tensors, in the types and values that the signature takes.

        signature : its name; of others than `serving_raw` and `serving_default` nothing is looked at.

        Raises
        ------
        ServingError : INVALID_ARGUMENT with the first cell of each column that is not what the model takes.
        """
        if signature == EXAMPLES_SIGNATURE:
            return self._read_examples(tensors)
        if signature != RAW_SIGNATURE:
            return tensors
        retyped = [
            key for key, dtype in self._dtypes if tensors[key].dtype is not dtype and tensors[key].dtype != dtype
        ]
        if any([tensors[key].ndim != 1 for key, _ in self._dtypes]):  # noqa: C419 - a generator costs as much as the look
            # The model itself refuses another shape.
            return tensors
        odd = retyped + self._odd(tensors, retyped)
        return {**tensors, **self._columns({key: tensors[key] for key in odd})} if odd else tensors

    def _read_examples(self, tensors: Mapping[str, Array]) -> Mapping[str, Array]:
        given = tensors[EXAMPLES]
        found = self._examples.read(given)
        if isinstance(found, list):
            raise _refusal(found)
        return tensors if found is given else {**tensors, EXAMPLES: found}

    def _odd(self, tensors: Mapping[str, Array], retyped: Sequence[str]) -> list[str]:
        """Columns of the signature's types that may not be right."""
        whole, texts, days = (
            [key for key in keys if key not in retyped] if retyped else keys
            for keys in (self._whole, self._texts, self._dates)
        )
        found: list[str] = []
        for keys, are in ((whole, _are_whole), (texts, _are_texts)):
            if not are([tensors[key] for key in keys]):
                found += [key for key in keys if not are([tensors[key]])]
        return found + [key for key in days if key not in found and not all(map(_is_sure_date, tensors[key].tolist()))]

    def column(self, key: str, values: Sequence[Any]) -> Array | None:
        """Values of a JSON request, one per row, as the signature takes them; None for a column that is not known here.

        Raises ServingError as `read`.
        """
        return self._columns({key: values})[key] if key in self._inputs else None

    def _columns(self, columns: Mapping[str, Any]) -> dict[str, Array]:
        found: dict[str, Array] = {}
        problems: list[Problem] = []
        for key, values in columns.items():
            one = self._inputs[key]
            try:
                array = rows.read({one.name: values}, [one.name]).arrays[one.name]
                result = rows.tensor(one, array, rows.in_memory)
            except DataError as error:
                problems += error.problems
                continue
            if isinstance(result, Problem):
                problems.append(result)
            else:
                found[key] = result
        if problems:
            raise _refusal(problems)
        return found


def _refusal(problems: Sequence[Problem]) -> ServingError:
    said = [f"{one.place}: got {one.got}, allowed is {one.allowed}; {one.remedy}" for one in problems]
    return invalid(f"{rows.HEADLINE} {'. '.join(said)}")


def _are_whole(columns: Sequence[Array]) -> bool:
    """Whether all are NaN or whole numbers of 64 bits."""
    if columns and len(columns[0]) > _FEW:
        with np.errstate(invalid="ignore"):
            return all(((np.floor(c) == c) & (np.abs(c) < _END) | np.isnan(c)).all() for c in columns)
    values = [value for column in columns for value in column.tolist() if value == value]  # noqa: PLR0124 - not NaN
    return all([value.is_integer() for value in values]) and max(map(abs, values), default=0.0) < _END  # noqa: C419


def _are_texts(columns: Sequence[Array]) -> bool:
    """Whether all are UTF-8."""
    values = [value for column in columns for value in column.tolist()]
    if b"".join(values).isascii():
        return True
    try:
        for value in values:
            value.decode()
    except UnicodeDecodeError:
        return False
    return True


@lru_cache(maxsize=_KNOWN_DATES)
def _is_sure_date(text: bytes) -> bool:
    """Whether the text is missing or a date in the usual form; of another, the grammar has to be asked."""
    if not text:
        return True
    if not _SURE_DATE.fullmatch(text):
        return False
    try:
        day = datetime.date.fromisoformat(text[:10].decode())
    except ValueError:
        return False
    # An offset may lead out of the years that a date has.
    return 1 < day.year < datetime.MAXYEAR
