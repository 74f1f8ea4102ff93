"""Exchanges to log, and ways to log them."""

import time
from typing import Any

import numpy as np

from sluicegate.serving.exchange import Call, Exchange, Part, Together
from sluicegate.serving.request_log import packing
from sluicegate.serving.request_log.files import Clock
from sluicegate.serving.request_log.log import RequestLog
from sluicegate.serving.request_log.settings import RequestLogSettings
from sluicegate.serving.request_log.writer import Writer


def exchange(request_id: str = "r1", **changes: Any) -> Exchange:
    known: dict[str, Any] = {
        "request_id": request_id,
        "received": 1_700_000_000.25,
        "model": "census",
        "version": 7,
        "signature": "serving_raw",
        "api": "Predict",
        "arm": "stable",
        "weight": 0.9,
        "latency": 0.0125,
        "inputs": {"age": np.array([39.0, 50.0], np.float32), "job": texts("Clerk", "Farmer")},
        "outputs": {"scores": np.array([[0.25, 0.75], [0.5, 0.5]], np.float32)},
    }
    known |= changes
    return Exchange(part=Part(Together(known.pop("inputs"), known.pop("outputs"))), **known)


def call_of(e: Exchange, began: float) -> Call:
    return Call(e.api, "REST", e.model, e.request_id, "", began, e.received, None, e.version, e.arm, e.weight)


def frame_of(*exchanges: Exchange) -> bytes:
    """What a server would hand over of exchanges that ran in one call."""
    one = exchanges[0]
    return packing.frame(one.signature, [(call_of(e, -e.latency), e.part) for e in exchanges], 0.0)


def offer(log: RequestLog, e: Exchange) -> bool:
    """As a server does it, of a request that ran by itself."""
    return log.offer(e.signature, [(call_of(e, time.monotonic() - e.latency), e.part)]) == 1


def writer_of(settings: RequestLogSettings) -> Writer:
    """One in this process, with the real clocks."""
    return Writer(settings, Clock(time.time, time.monotonic), lambda error: None)


def written(settings: RequestLogSettings, *exchanges: Exchange) -> Writer:
    """Packed and written without a process between them; all files are complete."""
    writer = writer_of(settings)
    writer.write([frame_of(e) for e in exchanges])
    writer.close()
    return writer


def texts(*values: bytes | str) -> np.ndarray[Any, Any]:
    result = np.empty(len(values), object)
    result[:] = [value if isinstance(value, bytes) else value.encode() for value in values]
    return result


def example(**features: Any) -> bytes:
    """A serialized tf.Example; a feature is a list of bytes, of ints or of floats."""
    from tensorflow.core.example import example_pb2

    message = example_pb2.Example()
    for name, values in features.items():
        feature = message.features.feature[name]
        if not values:
            feature.int64_list.SetInParent()
        elif isinstance(values[0], bytes):
            feature.bytes_list.value.extend(values)
        elif isinstance(values[0], int):
            feature.int64_list.value.extend(values)
        else:
            feature.float_list.value.extend(values)
    return message.SerializeToString()


class Hands:
    """A clock that is set by hand."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now
