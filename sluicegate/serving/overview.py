"""The state of the server as one JSON document: what the page draws, and what an operator may ask for."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from sluicegate.serving.metrics import MICROSECONDS

if TYPE_CHECKING:
    from sluicegate.serving.core import ServerCore
    from sluicegate.serving.versions.library import Model
    from sluicegate.serving.versions.version import Version
    from sluicegate.serving.watching import Watched


def overview(core: ServerCore) -> dict[str, Any]:
    """Models with their versions, signatures and traffic, and the counters since the start.

    Versions are texts, as in TensorFlow Serving's own documents: a 64-bit number is more than JavaScript can hold.
    time : seconds on the server's monotonic clock.  bucket_ends : of every list of buckets, in microseconds; beyond the
    last one there is one bucket more.
    """
    document: dict[str, Any] = _sendable(
        {
            "time": core.clock(),
            "draining": core.draining,
            "watches": [_watched(one) for one in core.library.watches.all],
            "models": [_model(model) for model in core.library.models.values()],
            "counters": [
                {"name": name, "labels": dict(labels), "value": value} for name, labels, value in core.metrics.samples()
            ],
            "bucket_ends": list(MICROSECONDS),
            "latencies": core.metrics.latencies(),
        }
    )
    return document


def _watched(one: Watched) -> dict[str, Any]:
    """every, age : seconds.  problem, late : "" where all is well."""
    return {
        "watch": one.what,
        "model": one.model,
        "every": one.every,
        "age": one.age,
        "looks": one.looks,
        "failures": one.failures,
        "problem": one.problem,
        "late": one.late,
    }


def _sendable(value: Any) -> Any:
    """Without what JSON or UTF-8 refuses: a model's description may say NaN, and a client's path any bytes."""
    if isinstance(value, dict):
        return {_sendable(name): _sendable(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_sendable(one) for one in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def _model(model: Model) -> dict[str, Any]:
    released = model.released
    return {
        "name": model.config.name,
        "base_path": str(model.config.base_path),
        "problem": model.problem,
        "labels": {label: str(number) for label, number in model.labels.items()},
        "release": None
        if released is None
        else {
            "stable": _text(released.stable),
            "canary": _text(released.canary),
            "weight": released.weight,
            "mode": released.mode,
        },
        "versions": [_version(model.versions[number]) for number in sorted(model.versions, reverse=True)],
    }


def _text(version: int | None) -> str | None:
    return None if version is None else str(version)


def _version(version: Version) -> dict[str, Any]:
    """batches, batched_rows : since it was loaded."""
    code, message = version.status
    loaded, batcher = version.saved_model, version.batcher
    return {
        "version": str(version.number),
        "state": version.state.name,
        "error": {"code": code.name, "message": message} if version.error else None,
        "description": version.description,
        "in_use": version.in_use,
        "batches": batcher.batches if batcher else 0,
        "batched_rows": batcher.batched_rows if batcher else 0,
        "waiting_rows": batcher.waiting_rows if batcher else 0,
        "signatures": {
            name: {
                "method": signature.method,
                "inputs": {k: {"dtype": s.dtype, "shape": s.shape} for k, s in signature.inputs.items()},
                "outputs": {k: {"dtype": s.dtype, "shape": s.shape} for k, s in signature.outputs.items()},
            }
            for name, signature in (loaded.signatures.items() if loaded else ())
        },
    }
