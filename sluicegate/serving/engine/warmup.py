"""Runs a version before anyone waits for it: the requests it brought along, and one row for each signature.

TensorFlow prepares a graph on its first run, which takes hundreds of times as long as the ones after it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from schemas.file_names import WARM_UP_REQUESTS
from sluicegate.serving.engine import inference
from sluicegate.serving.engine.saved_model import SavedModel
from sluicegate.serving.signature import NUMPY_TYPES, QUANTIZED, Signature, TensorSpec
from sluicegate.serving.status import Code, ServingError, invalid

#: Written by TFX's InfraValidator among others; a TFRecord file of PredictionLog.
MOST_RECORDS = 1000


def warm_up(model: SavedModel, path: Path, times: int = 1) -> None:
    """Raises ServingError when one of the model's own requests fails: such a version must not be served.

    times : how often each of them is run.
    """
    _replay(model, path / WARM_UP_REQUESTS, times)
    for signature in model.signatures.values():
        try:
            model.run(signature, blank(signature), tuple(signature.outputs))
        except ServingError:
            # A blank row says nothing against the model: it may want a shape or a value that we cannot know.
            continue


def _replay(model: SavedModel, file: Path, times: int) -> None:
    if not file.exists():
        return
    from google.protobuf.message import DecodeError
    from tensorflow_serving.apis import prediction_log_pb2

    try:
        for number, record in enumerate(tf.data.TFRecordDataset(str(file)).as_numpy_iterator()):
            if number >= MOST_RECORDS:
                raise invalid(f"Number of warmup records exceeds the maximum ({MOST_RECORDS}) at {file}")
            request = prediction_log_pb2.PredictionLog.FromString(record)
            for _ in range(times):
                inference.replay(model, request)
    except tf.errors.DataLossError as error:
        raise ServingError(
            Code.DATA_LOSS, f"{error.message}. Please verify your warmup data is in TFRecord format."
        ) from None
    except DecodeError as error:
        raise invalid(f"Failed to parse warmup record from {file}: {error}") from None


def blank(signature: Signature) -> dict[str, npt.NDArray[np.generic]]:
    """One row of empty texts and zeros."""
    return {name: _blank(spec) for name, spec in signature.inputs.items()}


def _blank(spec: TensorSpec) -> npt.NDArray[np.generic]:
    shape = tuple(max(size, 1) for size in spec.shape or ())
    kind = NUMPY_TYPES.get(spec.dtype) or QUANTIZED.get(spec.dtype) or np.dtype(np.float32)
    return np.full(shape, b"", object) if kind.hasobject else np.zeros(shape, kind)
