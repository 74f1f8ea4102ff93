"""One request and its answer, in the terms that metrics, router and request log share."""

from __future__ import annotations

import itertools
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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


@dataclass(frozen=True, slots=True)
class Exchange:
    """An answered request.

    arm : "stable", "canary" or "shadow".  weight : probability with which the request came to this arm.
    latency : seconds from the request's arrival to its answer.
    inputs, outputs : arrays by the signature's names; the first dimension is rows where the signature is batched.
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
    inputs: Tensors
    outputs: Tensors
