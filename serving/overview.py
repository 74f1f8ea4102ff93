"""The state of the server as one JSON document: what the page draws, and what an operator may ask for."""

from __future__ import annotations

from typing import Any

from serving.core import ServerCore
from serving.versions.library import Model
from serving.versions.version import Version


def overview(core: ServerCore) -> dict[str, Any]:
    """Models with their versions, signatures and traffic, and the counters since the start."""
    return {
        "draining": core.draining,
        "models": [_model(model) for model in core.library.models.values()],
        "counters": [
            {"name": name, "labels": dict(labels), "value": value} for name, labels, value in core.metrics.samples()
        ],
        "latencies": core.metrics.latencies(),
    }


def _model(model: Model) -> dict[str, Any]:
    released = model.released
    return {
        "name": model.config.name,
        "base_path": str(model.config.base_path),
        "problem": model.problem,
        "labels": dict(model.labels),
        "release": None
        if released is None
        else {
            "stable": released.stable,
            "canary": released.canary,
            "weight": released.weight,
            "mode": released.mode,
        },
        "versions": [_version(model.versions[number]) for number in sorted(model.versions, reverse=True)],
    }


def _version(version: Version) -> dict[str, Any]:
    code, message = version.status
    loaded = version.saved_model
    return {
        "version": version.number,
        "state": version.state.name,
        "error": {"code": code.name, "message": message} if code else None,
        "description": version.description,
        "signatures": {
            name: {
                "method": signature.method,
                "inputs": {k: {"dtype": s.dtype, "shape": s.shape} for k, s in signature.inputs.items()},
                "outputs": {k: {"dtype": s.dtype, "shape": s.shape} for k, s in signature.outputs.items()},
            }
            for name, signature in (loaded.signatures.items() if loaded else ())
        },
    }
