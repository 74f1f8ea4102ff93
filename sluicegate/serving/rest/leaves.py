"""JSON values that become a tensor's elements: which are taken for which type, and the arrays of them."""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np

from sluicegate.serving.aside import breathe
from sluicegate.serving.rest.quoting import quoted, type_name
from sluicegate.serving.signature import NUMPY_TYPES
from sluicegate.serving.status import Code, ServingError, invalid

Array = np.ndarray[Any, Any]

#: NumPy has no arrays of more dimensions.
LARGEST_RANK = 64

_INTEGERS: Mapping[str, range] = {
    # The narrow ones take 32 bits and keep the low ones, as TensorFlow does when it reads a tensor's int_val.
    "DT_INT8": range(-(2**31), 2**31),
    "DT_INT16": range(-(2**31), 2**31),
    "DT_UINT8": range(-(2**31), 2**31),
    "DT_INT32": range(-(2**31), 2**31),
    "DT_INT64": range(-(2**63), 2**63),
    "DT_UINT32": range(2**32),
    "DT_UINT64": range(2**64),
    # TensorFlow Serving takes none of these, so there is no reading of a number too large to keep to.
    "DT_UINT16": range(2**16),
}
_FLOATS = ("DT_FLOAT", "DT_DOUBLE", "DT_HALF", "DT_BFLOAT16")
_NUMBERS = frozenset({int, float})
_WHOLE_NUMBERS = frozenset({int})
_TRUTHS = frozenset({bool})
_STRINGS = frozenset({str})
_TEXTS = frozenset({str, dict})

_BASE64 = re.compile(r"([A-Za-z0-9+/]*)([=.]{0,2})")
_BASE64_DATA = re.compile(r"[A-Za-z0-9+/]*")
#: Characters that are decoded together.
_BASE64_PIECE = 2**16
_WHITESPACE = re.compile(r"[\t-\r ]+")
_BASE64_PADDING = {0: 0, 2: 2, 3: 1}


def tensorflow_type(dtype: str) -> str:
    """TensorFlow's word for a type in messages.

    >>> tensorflow_type("DT_FLOAT")
    'float'
    """
    return dtype.removeprefix("DT_").lower()


def is_convertible(dtype: str) -> bool:
    """Whether any JSON value becomes an element of this type."""
    return dtype in _ARRAYS


def unimplemented(value: Any, dtype: str) -> ServingError:
    """The refusal of a type that is not convertible."""
    text = f"Conversion of JSON Value: {quoted(value)} to type: {tensorflow_type(dtype)}"
    return ServingError(Code.UNIMPLEMENTED, text)


def is_base64(value: Any) -> bool:
    """Whether a value is {"b64": "..."}, which stands for a string of any bytes."""
    return isinstance(value, dict) and len(value) == 1 and isinstance(value.get("b64"), str)


def check(value: Any, dtype: str) -> None:
    """Whether a value that is no list can be an element of a tensor of this type.

    Raises
    ------
    ServingError
        INVALID_ARGUMENT: it cannot; UNIMPLEMENTED: nothing in JSON becomes this type.
    """
    if isinstance(value, dict):
        if dtype != "DT_STRING":
            raise _type_error(value, dtype)
        decode_base64(value)
    elif not is_convertible(dtype):
        raise unimplemented(value, dtype)
    elif type(value) not in _TAKEN[dtype] or (dtype in _INTEGERS and value not in _INTEGERS[dtype]):
        raise _type_error(value, dtype)


def array(values: Sequence[Any], kinds: Collection[type], dtype: str) -> Array | None:
    """The values as a flat array, or None if `check` has something against one of them.

    values : (n,) without lists.
    kinds : the Python types among them.

    Numbers beyond a float32 become infinite; call it where NumPy does not warn of that.
    """
    build = _ARRAYS.get(dtype)
    return build(values, kinds) if build else None


def decode_base64(value: Mapping[str, Any]) -> bytes:
    """The bytes in a {"b64": "..."}: white space is passed over, padding may be absent but not wrong.

    Raises
    ------
    ServingError
        INVALID_ARGUMENT: another object, or no base64.
    """
    if not is_base64(value):
        raise invalid(f"JSON Value: {quoted(value)} not formatted correctly for base64 data")
    text: str = value["b64"]
    if len(text) <= _BASE64_PIECE:
        return _from_base64(_WHITESPACE.sub("", text))
    return _from_long_base64(text)


def _from_base64(text: str) -> bytes:
    """Text without white space."""
    match = _BASE64.fullmatch(text)
    if match is not None:
        data, padding = match.groups()
        missing = _BASE64_PADDING.get(len(data) % 4)
        if missing is not None and len(padding) in (0, missing):
            return binascii.a2b_base64(data + "=" * missing)
    raise invalid("Unable to base64 decode")


def _from_long_base64(text: str) -> bytes:
    """The same piece by piece: the last one alone may be padded."""
    found: list[bytes] = []
    rest = ""
    for first in range(0, len(text), _BASE64_PIECE):
        rest += _WHITESPACE.sub("", text[first : first + _BASE64_PIECE])
        # What may be padding stays for the last piece.
        whole = max(len(rest) - 4, 0) // 4 * 4
        data, rest = rest[:whole], rest[whole:]
        if not _BASE64_DATA.fullmatch(data):
            raise invalid("Unable to base64 decode")
        found.append(binascii.a2b_base64(data))
        breathe()
    return b"".join([*found, _from_base64(rest)])


def _floats(dtype: np.dtype[Any]) -> Callable[[Sequence[Any], Collection[type]], Array | None]:
    def build(values: Sequence[Any], kinds: Collection[type]) -> Array | None:
        return np.array(values, dtype) if _NUMBERS.issuperset(kinds) else None

    def build_by_float64(values: Sequence[Any], kinds: Collection[type]) -> Array | None:
        return np.array(values, np.float64).astype(dtype) if _NUMBERS.issuperset(kinds) else None

    # bfloat16 is none of NumPy's own, and takes no large int.
    return build_by_float64 if dtype.kind == "V" else build


def _integers(read_as: type, dtype: type) -> Callable[[Sequence[Any], Collection[type]], Array | None]:
    def build(values: Sequence[Any], kinds: Collection[type]) -> Array | None:
        if not _WHOLE_NUMBERS.issuperset(kinds):
            return None
        try:
            wide: Array = np.array(values, read_as)
        except OverflowError:
            return None
        return wide if read_as is dtype else wide.astype(dtype)

    return build


def _booleans(values: Sequence[Any], kinds: Collection[type]) -> Array | None:
    return np.array(values, np.bool_) if _TRUTHS.issuperset(kinds) else None


def _strings(values: Sequence[Any], kinds: Collection[type]) -> Array | None:
    if _STRINGS.issuperset(kinds):
        return np.array([value.encode("utf-8", "surrogateescape") for value in values], object)
    if not _TEXTS.issuperset(kinds):
        return None
    try:
        return np.array([_bytes(value) for value in values], object)
    except ServingError:
        return None


def _bytes(value: Any) -> bytes:
    return decode_base64(value) if isinstance(value, dict) else value.encode("utf-8", "surrogateescape")


def _type_error(value: Any, dtype: str) -> ServingError:
    return invalid(
        f"JSON Value: {quoted(value)} Type: {type_name(value)} is not of expected type: {tensorflow_type(dtype)}"
    )


_ARRAYS: Mapping[str, Callable[[Sequence[Any], Collection[type]], Array | None]] = {
    **{name: _floats(NUMPY_TYPES[name]) for name in _FLOATS},
    "DT_INT8": _integers(np.int32, np.int8),
    "DT_INT16": _integers(np.int32, np.int16),
    "DT_UINT8": _integers(np.int32, np.uint8),
    "DT_INT32": _integers(np.int32, np.int32),
    "DT_INT64": _integers(np.int64, np.int64),
    "DT_UINT32": _integers(np.uint32, np.uint32),
    "DT_UINT64": _integers(np.uint64, np.uint64),
    "DT_UINT16": _integers(np.uint16, np.uint16),
    "DT_BOOL": _booleans,
    "DT_STRING": _strings,
}
_TAKEN: Mapping[str, frozenset[type]] = {
    **dict.fromkeys(_FLOATS, _NUMBERS),
    **dict.fromkeys(_INTEGERS, _WHOLE_NUMBERS),
    "DT_BOOL": _TRUTHS,
    "DT_STRING": _STRINGS,
}
