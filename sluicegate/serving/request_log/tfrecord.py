"""The TFRecord format: PredictionLog, as TFX, TFMA and warm-up read it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from sluicegate.serving.exchange import Exchange, Tensors
from sluicegate.serving.request_log.formats import LoggedBatch
from sluicegate.serving.request_log.privacy import as_bytes

#: Length, its check, and the check of the data.
_FRAME = 8 + 4 + 4


class TFRecordFormat:
    """sampling_rate : written into each record."""

    ending = "tfrecord"

    def __init__(self, sampling_rate: float = 1.0) -> None:
        # Seconds, which must not be spent while requests wait.
        import tensorflow  # noqa: F401
        from tensorflow_serving.apis import prediction_log_pb2  # noqa: F401

        self._sampling_rate = sampling_rate

    def stream_of(self, exchange: Exchange) -> str:
        return exchange.model

    def encode(self, exchanges: Sequence[Exchange]) -> LoggedBatch:
        return LoggedBatch(b"", [prediction_log(e, self._sampling_rate).SerializeToString() for e in exchanges])

    def open(self, path: Path, layout: bytes) -> RecordFile:
        return RecordFile(path)

    def finish(self, in_progress: Path, complete: Path, torn: bool) -> bool:
        """Renames what holds something. Raises OSError."""
        if torn:
            os.truncate(in_progress, _whole_bytes(in_progress))
        if not in_progress.stat().st_size:
            return False
        with in_progress.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(in_progress, complete)
        return True


class RecordFile:
    """A TFRecord file that grows. Each append is flushed."""

    def __init__(self, path: Path) -> None:
        import tensorflow as tf

        self._path, self.size = path, 0
        self._writer = _as_os_error(lambda: tf.io.TFRecordWriter(str(path)))

    def append(self, pieces: Sequence[bytes]) -> None:
        """Raises OSError; then the file's end is torn and `close` cuts it."""
        _as_os_error(lambda: self._append(pieces))
        self.size += sum(len(piece) + _FRAME for piece in pieces)

    def _append(self, pieces: Sequence[bytes]) -> None:
        for piece in pieces:
            self._writer.write(piece)
        self._writer.flush()

    def close(self) -> None:
        try:
            _as_os_error(self._writer.close)
        finally:
            if self._path.stat().st_size > self.size:
                os.truncate(self._path, self.size)


def _as_os_error(action: Callable[[], Any]) -> Any:
    """TensorFlow reports a full disk by errors of its own."""
    import tensorflow as tf

    try:
        return action()
    except tf.errors.OpError as error:
        raise OSError(f"TensorFlow: {type(error).__name__}") from None


def _whole_bytes(path: Path) -> int:
    """Length of the records before the first that is torn."""
    import tensorflow as tf

    whole = 0
    try:
        for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
            whole += len(record) + _FRAME
    except tf.errors.DataLossError:
        pass
    return whole


def prediction_log(exchange: Exchange, sampling_rate: float) -> Any:
    """tensorflow.serving.PredictionLog of an exchange."""
    from tensorflow_serving.apis import prediction_log_pb2

    record = prediction_log_pb2.PredictionLog()
    spec = record.log_metadata.model_spec
    spec.name, spec.signature_name = _utf8(exchange.model), _utf8(exchange.signature)
    spec.version.value = exchange.version
    record.log_metadata.sampling_config.sampling_rate = sampling_rate
    record.log_metadata.timestamp_secs = int(exchange.received)
    record.log_metadata.request_origin = origin_of(exchange)
    predict = record.predict_log
    predict.request.model_spec.CopyFrom(spec)
    predict.response.model_spec.CopyFrom(spec)
    _fill(predict.request.inputs, exchange.part.inputs)
    _fill(predict.response.outputs, exchange.part.outputs)
    return record


def origin_of(exchange: Exchange) -> str:
    """What the proto has no fields for, as a JSON object."""
    return json.dumps(
        {
            "request_id": _utf8(exchange.request_id),
            "api": exchange.api,
            "arm": exchange.arm,
            "weight": exchange.weight,
            "latency_ms": exchange.latency * 1000.0,
            "received": exchange.received,
        }
    )


def _utf8(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def _fill(protos: Any, tensors: Tensors) -> None:
    for name, array in tensors.items():
        proto = protos[name]
        for size in array.shape:
            proto.tensor_shape.dim.add().size = size
        if array.dtype.kind in "OSU":
            proto.dtype = _tensorflow_type(np.dtype(object))
            proto.string_val.extend([as_bytes(value) for value in array.ravel().tolist()])
        else:
            proto.dtype = _tensorflow_type(array.dtype)
            proto.tensor_content = array.tobytes()


@cache
def _tensorflow_type(kind: np.dtype[Any]) -> int:
    import tensorflow as tf

    return int(tf.as_dtype(kind).as_datatype_enum)
