"""A request's cells, read as those of training were, before it joins a batch: what cannot be read fails its own request.

Nearly every request is right, so the quick look at it must cost next to nothing: a few hundred nanoseconds per column of
one row. Only where it finds something odd (another type, a fraction among whole numbers, a date in an unusual form) is the
column read by schemas/cells.py, as `serving.load` reads it. Models of others, and of older releases, are not looked at.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from schemas.errors import DataError, Problem
from schemas.reading import INT
from serving import rows
from serving.readings import inputs_of
from serving.rows import Input
from serving.signature import RAW_SIGNATURE
from serving.status import ServingError, invalid

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
    """How one version reads what its `serving_raw` is sent."""

    def __init__(self, inputs: Sequence[Input]) -> None:
        self._inputs = {one.key: one for one in inputs}
        self._looks = tuple((one.key, np.dtype(object if one.is_text else np.float64), _look(one)) for one in inputs)

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

        Raises
        ------
        ServingError : INVALID_ARGUMENT with the first cell of each column that is not what the model takes.
        """
        if signature != RAW_SIGNATURE:
            return tensors
        odd = [
            key
            for key, dtype, look in self._looks
            if (array := tensors[key]).dtype != dtype or (look is not None and array.ndim == 1 and not look(array))
        ]
        if not odd:
            return tensors
        return {**tensors, **self._columns({key: tensors[key] for key in odd if tensors[key].ndim == 1})}

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


def _look(one: Input) -> Callable[[Array], bool] | None:
    """Whether a column of the signature's type is surely right; None where it always is."""
    if one.reading.date:
        return _are_dates
    if one.is_text:
        return _are_texts
    return _are_whole if one.reading.type == INT else None


def _are_whole(array: Array) -> bool:
    if len(array) > _FEW:
        with np.errstate(invalid="ignore"):
            return bool((((np.floor(array) == array) & (np.abs(array) < _END)) | np.isnan(array)).all())
    values = array.tolist()
    return all([value.is_integer() and -_END <= value < _END for value in values if value == value])  # noqa: PLR0124, C419


def _are_texts(array: Array) -> bool:
    """Whether all are UTF-8."""
    for value in array.tolist():
        if not value.isascii():
            try:
                value.decode()
            except UnicodeDecodeError:
                return False
    return True


def _are_dates(array: Array) -> bool:
    return all(map(_is_sure_date, array.tolist()))


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
