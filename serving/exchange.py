"""One request and its answer, in the terms that metrics, router and request log share."""

from __future__ import annotations

import itertools
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
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
    """What is known of a request when it comes in.

    api : "Predict", "Classify", "Regress", "MultiInference" or "GetModelMetadata".
    entrypoint : "REST" or "GRPC".
    request_id : the client's, or one of ours.
    key : decides between stable and canary; the same key always gets the same arm.
    deadline, began : seconds on the server's monotonic clock.  received : seconds since 1970.
    """

    api: str
    entrypoint: str
    model: str
    request_id: str
    key: str
    began: float
    received: float
    deadline: float | None = None


@dataclass(eq=False, slots=True)
class Together:
    """What ran in one call of a model. What is true of all its requests is worked out once.

    inputs, outputs : arrays by the signature's names. Where requests were put together, the first dimension is the rows
        of all of them, and perhaps some that only fill up.
    known : what others have worked out of these arrays, under names of their own.
    """

    inputs: Tensors
    outputs: Tensors
    known: dict[str, Any] = field(default_factory=dict)


class Part(NamedTuple):
    """A request's rows among those it ran with: from `first`, `rows` of them; rows is None where it ran by itself.

    Whoever keeps this keeps a few large arrays instead of many small ones, which is what makes a request log cheap.
    """

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
    """An answered request. A tuple, because one is made for every request, and a frozen dataclass takes three times as long.

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
