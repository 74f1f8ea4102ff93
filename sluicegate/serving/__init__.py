"""The model server that speaks TensorFlow Serving's gRPC and REST, its router and its request log.

For a Python program: `sluicegate.load("output/census/serving/census").predict(rows)` (docs/predict.md). Importing this
imports nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from sluicegate.serving.predictor import Predictor


def load(path: str | Path, *, missing: Sequence[str] = ()) -> Predictor:
    """The model in a version's folder, or a folder's stable (else newest) version; see `serving.predictor.load`."""
    from sluicegate.serving.predictor import load as load_model

    return load_model(path, missing=missing)
