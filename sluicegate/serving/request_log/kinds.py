"""Arrow types of columns that must take whatever comes: the least type that holds two, and arrays made to fit it.

From narrow to wide: null, then numbers (as NumPy promotes them) or texts, then text for both, then binary, then lists.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa


def join(one: Any, other: Any) -> Any:
    """The least type that holds the values of both.

    >>> join(pa.int64(), pa.float32()), join(pa.string(), pa.list_(pa.int64())), join(pa.null(), pa.bool_())
    (DataType(double), ListType(list<item: string>), DataType(bool))
    """
    if one == other or pa.types.is_null(other):
        return one
    if pa.types.is_null(one):
        return other
    if pa.types.is_list(one) or pa.types.is_list(other):
        return pa.list_(join(_item(one), _item(other)))
    if _is_number(one) and _is_number(other):
        return pa.from_numpy_dtype(np.result_type(one.to_pandas_dtype(), other.to_pandas_dtype()))
    return pa.binary() if pa.binary() in (one, other) else pa.string()


def _item(kind: Any) -> Any:
    """Of a list what is in it; else the type itself."""
    return kind.value_type if pa.types.is_list(kind) else kind


def leaf_of(kind: Any) -> Any:
    """Of a list of lists what is in the innermost."""
    return leaf_of(kind.value_type) if pa.types.is_list(kind) else kind


def _depth(kind: Any) -> int:
    return 1 + _depth(kind.value_type) if pa.types.is_list(kind) else 0


def _is_number(kind: Any) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind))


def fit(array: Any, kind: Any) -> Any:
    """The array in a type that its own was joined into."""
    if array.type == kind:
        return array
    if pa.types.is_null(array.type):
        return pa.nulls(len(array), kind)
    for _ in range(_depth(kind) - _depth(array.type)):
        array = _wrapped(array)
    if _is_number(leaf_of(array.type)) and leaf_of(kind) == pa.binary():
        array = array.cast(_with_leaf(array.type, pa.string()))
    return array.cast(kind, safe=False)


def _with_leaf(kind: Any, leaf: Any) -> Any:
    return pa.list_(_with_leaf(kind.value_type, leaf)) if pa.types.is_list(kind) else leaf


def _wrapped(array: Any) -> Any:
    """Each value as a list of one; null stays null."""
    there = array.is_valid().to_numpy(zero_copy_only=False)
    offsets = np.concatenate([[0], np.cumsum(there)]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), array.drop_null(), mask=pa.array(~there))
