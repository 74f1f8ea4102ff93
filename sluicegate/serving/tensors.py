"""TensorProto and Input to arrays and back."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from tensorflow.core.framework import tensor_pb2, types_pb2

from sluicegate.serving.aside import breathe
from sluicegate.serving.signature import NUMPY_TYPES, QUANTIZED
from sluicegate.serving.status import invalid

Array = npt.NDArray[Any]


class _Wire(NamedTuple):
    """How values of a type travel.

    field : of TensorProto.
    kind : of the numbers in the field, where they are not the values: the bits of a half, the parts of a complex number.
    """

    field: str
    kind: np.dtype[Any] | None = None


_BITS = _Wire("half_val", np.dtype(np.uint16))
_WIRES = {
    "DT_FLOAT": _Wire("float_val"),
    "DT_DOUBLE": _Wire("double_val"),
    "DT_INT64": _Wire("int64_val"),
    "DT_UINT64": _Wire("uint64_val"),
    "DT_UINT32": _Wire("uint32_val"),
    "DT_BOOL": _Wire("bool_val"),
    "DT_STRING": _Wire("string_val"),
    "DT_HALF": _BITS,
    "DT_BFLOAT16": _BITS,
    "DT_COMPLEX64": _Wire("scomplex_val", np.dtype(np.float32)),
    "DT_COMPLEX128": _Wire("dcomplex_val", np.dtype(np.float64)),
    **{name: _Wire("int_val", kind[0]) for name, kind in QUANTIZED.items()},
}
_INTEGER = _Wire("int_val")
_NUMBERS = {kind: types_pb2.DataType.Value(name) for name, kind in NUMPY_TYPES.items()}
_TYPES = {types_pb2.DataType.Value(name): kind for name, kind in {**NUMPY_TYPES, **QUANTIZED}.items()}
_WIRE_OF = {number: _WIRES.get(types_pb2.DataType.Name(number), _INTEGER) for number in _TYPES}
_MOST_VALUES = 2**27
#: Values that are copied together: of a few thousand, the event loop need not wait long (see `serving.aside`).
_TOGETHER = 2**14
#: Of a varint of 32 bits.
_LAST_SHIFT = 28


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
    # Each look at it copies it.
    if content := proto.tensor_content:
        return _from_content(content, kind, size).reshape(shape)
    wire = _WIRE_OF[proto.dtype]
    values = getattr(proto, wire.field)
    if wire.kind is not None:
        values = _read(values, wire.kind, kind)
    given = len(values)
    if given > size:
        raise invalid(f"tensor parsing error: {given} values for a shape of {size}")
    array: Array = np.empty(size, kind)
    try:
        for first in range(0, given, _TOGETHER):
            last = min(first + _TOGETHER, given)
            array[first:last] = values[first:last]
            breathe()
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


def _read(values: Any, travels_as: np.dtype[Any], kind: np.dtype[Any]) -> Array:
    try:
        parts = [_array(values[first : first + _TOGETHER], travels_as) for first in range(0, len(values), _TOGETHER)]
        return (parts[0] if len(parts) == 1 else np.concatenate([*parts, np.empty(0, travels_as)])).view(kind)
    except (OverflowError, ValueError) as error:
        raise invalid(f"tensor parsing error: {error}") from None


def _array(values: Any, kind: np.dtype[Any]) -> Array:
    breathe()
    return np.array(values, kind)


def _from_content(content: bytes, kind: np.dtype[Any], size: int) -> Array:
    if kind.hasobject:
        return _strings_in(content, size)
    if len(content) != size * kind.itemsize:
        raise invalid("tensor parsing error: tensor_content does not fit the shape")
    return np.frombuffer(content, kind)


def _strings_in(content: bytes, size: int) -> Array:
    """As TensorFlow's C++ writes them there: the lengths as varints, then the bytes of all."""
    lengths: list[int] = []
    at = length = shift = 0
    while len(lengths) < size and at < len(content) and shift <= _LAST_SHIFT:
        byte = content[at]
        length, shift, at = length | (byte & 0x7F) << shift, shift + 7, at + 1
        if byte < 0x80:
            lengths.append(length)
            length, shift = 0, 0
    if len(lengths) != size or at + sum(lengths) != len(content):
        raise invalid("tensor parsing error: tensor_content does not fit the shape")
    array = np.empty(size, object)
    for number, length in enumerate(lengths):
        array[number], at = content[at : at + length], at + length
    return array


def _by_tensorflow(proto: Any) -> Array:
    import tensorflow as tf

    try:
        return np.asarray(tf.make_ndarray(proto))
    except (TypeError, ValueError, KeyError, OverflowError) as error:
        raise invalid(f"tensor parsing error: {error}") from None


def to_proto(array: Array, declared: str = "", as_content: bool = False) -> Any:
    """As TensorFlow Serving answers: values in their typed field, which clients read, not in tensor_content.

    declared : the type in the signature, of which TensorFlow gives quantized numbers as plain ones.
    as_content : numbers into tensor_content all the same, which is smaller and quicker. Strings stay in their field: Python
        clients find them nowhere else.
    """
    number = types_pb2.DataType.Value(declared) if declared in QUANTIZED else _NUMBERS.get(array.dtype)
    if number is None:
        return _of_rare_type(array, as_content)
    proto = tensor_pb2.TensorProto(dtype=number)
    for length in array.shape:
        proto.tensor_shape.dim.add(size=length)
    if as_content and not array.dtype.hasobject:
        proto.tensor_content = array.tobytes()
        return proto
    wire = _WIRE_OF[number]
    field, flat = getattr(proto, wire.field), array.ravel()
    for first in range(0, len(flat), _TOGETHER):
        field.extend(_values(flat[first : first + _TOGETHER], wire.kind))
        breathe()
    return proto


def _of_rare_type(array: Array, as_content: bool) -> Any:
    """Of a type that NumPy has no word for, such as four bits or float8."""
    import tensorflow as tf

    proto = tf.make_tensor_proto(array)
    if array.dtype.name.startswith("float8") and not as_content:
        proto.float8_val, proto.tensor_content = array.tobytes(), b""
    return proto


def _values(array: Array, travels_as: np.dtype[Any] | None) -> list[Any]:
    values = (array if travels_as is None else array.view(travels_as)).tolist()
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
