"""Requests on their way to the process that writes them, as bytes.

A server that held on to requests as Python objects until they are written would lose a tenth of its requests per second: to
garbage collection, and to memory that is never warm. So what ran together is packed at once, when it is answered.

The format is marshal's: the standard library's quickest for lists of numbers and texts, and unlike pickle's it names no code.
Both ends are the same interpreter.
"""

from __future__ import annotations

import itertools
import marshal
from collections.abc import Hashable, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sluicegate.serving.exchange import Call, Exchange, Part, Tensors, Together
from sluicegate.serving.signature import QUANTIZED

#: Without references between values, which take a table of all of them.
_VERSION = 2
_TEXTS = ""

#: Name, type, shape, and the values: a list of texts, or the bytes of numbers.
_Array = tuple[str, str, tuple[int, ...], Any]


class _Ran(NamedTuple):
    """One call of a model.

    requests : id, received, latency in seconds, API, arm, weight, and first and rows as in `Part`.
    """

    model: str
    version: int
    signature: str
    requests: list[tuple[str, float, float, str, str, float, int, int | None]]
    inputs: list[_Array]
    outputs: list[_Array]


def frame(signature: str, answered: Sequence[tuple[Call, Part]], now: float) -> bytes:
    """Requests that ran in one call of a model version.

    now : on the clock of `Call.began`.

    Raises ValueError for texts that are neither bytes nor str, and for types that no model has.
    """
    one, together = answered[0][0], answered[0][1].of
    requests = [
        (call.request_id, call.received, now - call.began, call.api, call.arm, call.weight, first, rows)
        for call, (_, first, rows) in answered
    ]
    ran = (one.model, one.version, signature, requests, _packed(together.inputs), _packed(together.outputs))
    return marshal.dumps(ran, _VERSION)


def unpack(frames: Sequence[bytes]) -> list[Exchange]:
    """The requests of all frames, in order; what fits together is put into one set of arrays."""
    found: list[Exchange] = []
    for _, group in itertools.groupby(map(_loaded, frames), key=_likeness):
        ran = list(group)
        together = Together(_joined([one.inputs for one in ran]), _joined([one.outputs for one in ran]))
        found += _exchanges(ran, together)
    return found


def _packed(tensors: Tensors) -> list[_Array]:
    return [
        (name, _TEXTS, array.shape, array.ravel().tolist())
        if array.dtype.kind in "OSU"
        else (name, _name_of(array.dtype), array.shape, array.tobytes())
        for name, array in tensors.items()
    ]


@cache
def _name_of(kind: np.dtype[Any]) -> str:
    """Raises ValueError for a type that its name does not give back."""
    name = kind.names[0] if kind.names else kind.name
    if _type_of(name) != kind:
        raise ValueError(f"arrays of {kind} are not logged")
    return name


@cache
def _type_of(name: str) -> np.dtype[Any]:
    try:
        return np.dtype(name)
    except TypeError:
        if f"DT_{name.upper()}" in QUANTIZED:
            return QUANTIZED[f"DT_{name.upper()}"]
        # bfloat16 and its kin, which NumPy only knows once this package has told it.
        import ml_dtypes

        return np.dtype(getattr(ml_dtypes, name, np.void))


def _loaded(raw: bytes) -> _Ran:
    return _Ran(*marshal.loads(raw))  # noqa: S302 - our own server packed it


def _likeness(ran: _Ran) -> Hashable:
    """Calls of the same, that follow each other, can be put together along the first dimension."""
    arrays = [*ran.inputs, *ran.outputs]
    if len({shape[:1] for _, _, shape, _ in arrays}) != 1 or not arrays[0][2]:
        return object()
    of_inputs, of_outputs = (
        tuple((name, kind, shape[1:]) for name, kind, shape, _ in side) for side in (ran.inputs, ran.outputs)
    )
    return ran.model, ran.version, ran.signature, of_inputs, of_outputs


def _joined(sides: Sequence[list[_Array]]) -> Tensors:
    return {name: _array([side[n] for side in sides]) for n, (name, *_) in enumerate(sides[0])}


def _array(pieces: Sequence[_Array]) -> npt.NDArray[Any]:
    _, kind, shape, _ = pieces[0]
    if kind == _TEXTS:
        flat = np.empty(sum(len(values) for *_, values in pieces), object)
        flat[:] = [value for *_, values in pieces for value in values]
    else:
        flat = np.frombuffer(b"".join([values for *_, values in pieces]), _type_of(kind))
    if len(pieces) == 1:
        return flat.reshape(shape)
    return flat.reshape(sum(of[0] for _, _, of, _ in pieces), *shape[1:])


def _exchanges(ran: Sequence[_Ran], together: Together) -> Iterator[Exchange]:
    start = 0
    for model, version, signature, requests, inputs, outputs in ran:
        length = (inputs or outputs)[0][2][0] if len(ran) > 1 else 0
        for request_id, received, latency, api, arm, weight, first, rows in requests:
            if len(ran) == 1:
                part = Part(together, first, rows)
            else:
                part = Part(together, start + first, length if rows is None else rows)
            yield Exchange(request_id, received, model, version, signature, api, arm, weight, latency, part)
        start += length
