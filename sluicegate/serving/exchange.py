"""A request, what it ran with, and its answer, in the terms that engine, metrics, router and request log share."""

from __future__ import annotations

import itertools
import os
from collections.abc import Mapping
from dataclasses import dataclass
from types import EllipsisType
from typing import Any, NamedTuple

import numpy.typing as npt

Tensors = Mapping[str, npt.NDArray[Any]]


_PREFIX = os.urandom(8).hex()
_NUMBERS = itertools.count()


def new_id() -> str:
    """An id that no other request of this or another server has; cheaper than a UUID, which asks the kernel."""
    return f"{_PREFIX}{next(_NUMBERS):08x}"


@dataclass(slots=True)
class Call:
    """What is known of a request under way.

    api : "Predict", "Classify", "Regress", "MultiInference" or "GetModelMetadata".
    entrypoint : "REST" or "GRPC".
    request_id : the client's, or one of ours.
    key : decides between stable and canary; the same key always gets the same arm.
    deadline, began : seconds on the server's monotonic clock.  received : seconds since 1970.
    version, arm, weight : of the version that it came to: its number, "stable", "canary" or "shadow", and the probability
        with which a request comes there.
    """

    api: str
    entrypoint: str
    model: str
    request_id: str
    key: str
    began: float
    received: float
    deadline: float | None = None
    version: int = 0
    arm: str = ""
    weight: float = 1.0


@dataclass(eq=False, slots=True)
class Together:
    """What ran in one call of a model.

    inputs, outputs : arrays by the signature's names. Where requests were put together, the first dimension is the rows
        of all of them, and perhaps some that only fill up.
    """

    inputs: Tensors
    outputs: Tensors


class Part(NamedTuple):
    """A request's rows among those it ran with: from `first`, `rows` of them; rows is None where it ran by itself."""

    of: Together
    first: int = 0
    rows: int | None = None

    @property
    def where(self) -> slice | EllipsisType:
        """Index of the rows in each array."""
        return ... if self.rows is None else slice(self.first, self.first + self.rows)

    @property
    def inputs(self) -> Tensors:
        return self._rows(self.of.inputs)

    @property
    def outputs(self) -> Tensors:
        return self._rows(self.of.outputs)

    def _rows(self, tensors: Tensors) -> Tensors:
        return tensors if self.rows is None else {name: array[self.where] for name, array in tensors.items()}


class Exchange(NamedTuple):
    """An answered request as it is written down. A tuple, because a frozen dataclass takes three times as long to make.

    arm : "stable", "canary" or "shadow".  weight : probability with which the request came to this arm.
    latency : seconds from the request's arrival to its answer.
    part : what was asked and answered.
    """

    request_id: str
    received: float
    model: str
    version: int
    signature: str
    api: str
    arm: str
    weight: float
    latency: float
    part: Part
