"""Exchanges to log."""

from typing import Any

import numpy as np

from serving.exchange import Exchange, Part, Together


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
