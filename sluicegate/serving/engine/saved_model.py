"""A loaded SavedModel. In a Session, as TensorFlow Serving does it: a call costs half of a tf.function's."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy.typing as npt
import tensorflow as tf
from tensorflow.core.protobuf import config_pb2

from sluicegate.serving.engine.session import PLAIN, SessionSettings
from sluicegate.serving.signature import Signature, TensorSpec
from sluicegate.serving.status import Code, ServingError

Tensors = Mapping[str, npt.NDArray[Any]]
#: Signature of a SavedModel for its own initialisation, which no client may call.
_INTERNAL = "__saved_model_init_op"


class SavedModel:
    """signatures : by name.  definitions : the same as a SignatureDefMap, for GetModelMetadata."""

    def __init__(self, path: Path, settings: SessionSettings = PLAIN) -> None:
        self._graph = tf.Graph()
        self._session = tf.compat.v1.Session(graph=self._graph, config=_session_config(settings))
        try:
            with self._graph.as_default(), _quiet(), as_serving_error():
                meta_graph = tf.compat.v1.saved_model.loader.load(self._session, list(settings.tags), str(path))
        except BaseException:
            self._session.close()
            raise
        self.definitions = _definitions(meta_graph)
        self.signatures = {name: read_signature(name, d) for name, d in self.definitions.signature_def.items()}
        self._calls: dict[tuple[str, tuple[str, ...]], Any] = {}
        self._making = threading.Lock()

    def run(self, signature: Signature, inputs: Tensors, outputs: Sequence[str]) -> dict[str, npt.NDArray[Any]]:
        """The named outputs for inputs that `signature` names, all of them. Any thread may call.

        Raises ServingError with TensorFlow's own code and message.
        """
        call = self._call(signature, tuple(outputs))
        with as_serving_error():
            values = call(*[inputs[name] for name in signature.inputs])
        return dict(zip(outputs, values, strict=True))

    def close(self) -> None:
        """Frees the model's memory; no call may be under way."""
        self._calls.clear()
        self._session.close()

    def _call(self, signature: Signature, outputs: tuple[str, ...]) -> Any:
        known = self._calls.get((signature.name, outputs))
        if known is not None:
            return known
        options = config_pb2.CallableOptions(
            feed=[spec.tensor for spec in signature.inputs.values()],
            fetch=[signature.outputs[name].tensor for name in outputs],
            run_options=config_pb2.RunOptions(inter_op_thread_pool=-1),
        )
        with self._making, self._graph.as_default(), as_serving_error():
            made = self._session._make_callable_from_options(options)
        return self._calls.setdefault((signature.name, outputs), made)


def _definitions(meta_graph: Any) -> Any:
    from tensorflow_serving.apis import get_model_metadata_pb2

    definitions = get_model_metadata_pb2.SignatureDefMap()
    for name, proto in meta_graph.signature_def.items():
        if name != _INTERNAL:
            definitions.signature_def[name].CopyFrom(proto)
    return definitions


def read_signature(name: str, proto: Any) -> Signature:
    """A SignatureDef in plain terms."""
    return Signature(name, proto.method_name, _specs(proto.inputs), _specs(proto.outputs))


def _specs(infos: Mapping[str, Any]) -> dict[str, TensorSpec]:
    return {alias: _spec(infos[alias]) for alias in sorted(infos)}


def _spec(info: Any) -> TensorSpec:
    dtype = tf.dtypes.DType(info.dtype)
    shape = None if info.tensor_shape.unknown_rank else tuple(dim.size for dim in info.tensor_shape.dim)
    return TensorSpec(info.name, f"DT_{_ENUM_WORDS.get(dtype.name, dtype.name.upper())}", shape)


_ENUM_WORDS = {"float16": "HALF", "float32": "FLOAT", "float64": "DOUBLE"}


def _session_config(settings: SessionSettings) -> Any:
    config = config_pb2.ConfigProto.FromString(settings.config)
    if settings.intra_op:
        config.intra_op_parallelism_threads = settings.intra_op
    if settings.inter_op:
        config.inter_op_parallelism_threads = settings.inter_op
    if config.intra_op_parallelism_threads or config.inter_op_parallelism_threads:
        config.use_per_session_threads = True
    if settings.gpu_memory_fraction:
        config.gpu_options.per_process_gpu_memory_fraction = settings.gpu_memory_fraction
    return config


@contextmanager
def as_serving_error() -> Iterator[None]:
    """TensorFlow's errors, and NumPy's about what was fed, as ServingError."""
    try:
        yield
    except tf.errors.OpError as error:
        raise ServingError(Code(error.error_code), error.message) from None
    except (ValueError, TypeError, OSError) as error:
        raise ServingError(Code.INVALID_ARGUMENT, str(error)) from None


@contextmanager
def _quiet() -> Iterator[None]:
    """TensorFlow calls its own Session loader deprecated, on every load."""
    logger = logging.getLogger("tensorflow")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def rows_of(inputs: Tensors) -> int | None:
    """Rows of a batch; None where the inputs do not agree on it or have none."""
    rows = -1
    for value in inputs.values():
        if not value.ndim or rows not in (-1, len(value)):
            return None
        rows = len(value)
    return rows if rows >= 0 else None
