"""TensorProto and Input to arrays and back."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from tensorflow.core.framework import tensor_pb2, types_pb2

from serving.signature import NUMPY_TYPES
from serving.status import invalid

Array = npt.NDArray[Any]
_TYPES: dict[int, np.dtype[Any]] = {types_pb2.DataType.Value(name): kind for name, kind in NUMPY_TYPES.items()}
_NUMBERS = {kind: number for number, kind in _TYPES.items()}
#: The field in which values of a type travel.
_FIELDS = {
    "DT_FLOAT": "float_val", "DT_DOUBLE": "double_val", "DT_INT64": "int64_val", "DT_UINT64": "uint64_val",
    "DT_UINT32": "uint32_val", "DT_BOOL": "bool_val", "DT_STRING": "string_val",
}  # fmt: skip
_FIELD_OF = {types_pb2.DataType.Value(name): _FIELDS.get(name, "int_val") for name in NUMPY_TYPES}
_MOST_VALUES = 2**27


def to_array(proto: Any) -> Array:
    """The tensor's values; strings as bytes objects.

    Raises ServingError for what is no tensor: a wrong number of values, an unknown shape. Types that NumPy lacks are
    read by TensorFlow.
    """
    kind = _TYPES.get(proto.dtype)
    if kind is None:
        return _by_tensorflow(proto)
    shape = [dim.size for dim in proto.tensor_shape.dim]
    # Of most requests: a vector with all its values.
    size = shape[0] if len(shape) == 1 else _size(proto, shape)
    if not 0 <= size <= _MOST_VALUES:
        raise invalid("tensor parsing error: invalid shape")
    if proto.tensor_content:
        return _from_content(proto.tensor_content, kind, shape, size)
    values = getattr(proto, _FIELD_OF[proto.dtype])
    given = len(values)
    if given > size:
        raise invalid(f"tensor parsing error: {given} values for a shape of {size}")
    array: Array = np.empty(size, kind)
    try:
        array[:given] = values[:]
    except OverflowError as error:
        # Small integers travel in a field of 32 bits.
        raise invalid(f"tensor parsing error: {error}") from None
    if given < size:
        # As TensorFlow reads it: the last value stands for all that are left out, none at all for zeros.
        array[given:] = values[-1] if given else (b"" if kind.hasobject else 0)
    return array if len(shape) == 1 else array.reshape(shape)


def _size(proto: Any, shape: list[int]) -> int:
    """Number of values; -1 for a shape that no tensor has."""
    if proto.tensor_shape.unknown_rank or min(shape, default=0) < 0:
        return -1
    return math.prod(shape)


def _from_content(content: bytes, kind: np.dtype[Any], shape: list[int], size: int) -> Array:
    if kind.hasobject or len(content) != size * kind.itemsize:
        raise invalid("tensor parsing error: tensor_content does not fit the shape")
    return np.frombuffer(content, kind).reshape(shape)


def _by_tensorflow(proto: Any) -> Array:
    import tensorflow as tf

    try:
        return np.asarray(tf.make_ndarray(proto))
    except (TypeError, ValueError, KeyError, OverflowError) as error:
        raise invalid(f"tensor parsing error: {error}") from None


def to_proto(array: Array) -> Any:
    """As TensorFlow Serving answers: values in their typed field, which clients read, not in tensor_content."""
    number = _NUMBERS.get(array.dtype)
    if number is None:
        import tensorflow as tf

        return tf.make_tensor_proto(array)
    proto = tensor_pb2.TensorProto(dtype=number)
    for length in array.shape:
        proto.tensor_shape.dim.add(size=length)
    getattr(proto, _FIELD_OF[number]).extend(_values(array))
    return proto


def _values(array: Array) -> list[Any]:
    values = array.ravel().tolist()
    return [v if isinstance(v, bytes) else str(v).encode() for v in values] if array.dtype.hasobject else values


def examples_of(given: Any) -> list[bytes]:
    """Serialized tf.Examples of an `Input`, each with the context's features where it has one."""
    kind = given.WhichOneof("kind")
    if kind == "example_list":
        return [example.SerializeToString() for example in given.example_list.examples]
    if kind != "example_list_with_context":
        return []
    merged = []
    for example in given.example_list_with_context.examples:
        one = type(example)()
        one.CopyFrom(given.example_list_with_context.context)
        # Of a feature in both, the example's own counts.
        for name, feature in example.features.feature.items():
            one.features.feature[name].CopyFrom(feature)
        merged.append(one.SerializeToString())
    return merged
