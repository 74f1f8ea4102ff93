"""Many tf.Examples as columns by one call of TensorFlow's own parser, several times as fast as reading each.

That parser passes over what it was not asked for. So a row's bytes are counted: where the values that were found do not
account for all of them, the row holds something else, and the slow way (`columns.feature_columns`) has to look.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from sluicegate.serving.request_log import examples

Array = npt.NDArray[Any]
#: Features of the Examples looked at to find out what there is; further ones are found when bytes are left over.
_LOOKS = 3
#: Where a varint takes a byte more.
_BOUNDS = 1 << np.arange(7, 63, 7, dtype=np.int64)
_TYPES = {"bytes_list": "string", "float_list": "float32", "int64_list": "int64"}


@dataclass(frozen=True)
class Found:
    """A feature of all rows.  values : of one row after the other.  counts : values per row, int64 (rows,)."""

    kind: str
    values: Array
    counts: Array


def is_ready() -> bool:
    """Whether TensorFlow is there. If not, it is from now on being fetched, beside whatever is done meanwhile.

    It takes seconds and 400 MB: nothing for the writer of a server that sees no tf.Example.
    """
    fetching = _fetching()
    return not fetching.is_alive()


@cache
def _fetching() -> threading.Thread:
    thread = threading.Thread(target=importlib.import_module, args=("tensorflow",), name="import", daemon=True)
    thread.start()
    return thread


def parse(raw: Sequence[bytes]) -> dict[str, Found] | None:
    """Feature to its values; None where this way would lose something, or where some text is no Example."""
    kinds: dict[str, str] = {}
    row = 0
    for _ in range(_LOOKS):
        example = examples.parse(raw[row])
        if example is None or not _add(kinds, example):
            return None
        found = _parsed(raw, kinds)
        if found is None:
            return None
        left_over = _sizes(found, len(raw)) != np.fromiter(map(len, raw), np.int64, len(raw))
        if not left_over.any():
            return found
        row = int(left_over.argmax())
    return None


def _add(kinds: dict[str, str], example: Any) -> bool:
    """False where a feature has two kinds, or none."""
    for name, feature in example.features.feature.items():
        kind = feature.WhichOneof("kind")
        if kind is None or kinds.setdefault(name, kind) != kind:
            return False
    return True


def _parsed(raw: Sequence[bytes], kinds: Mapping[str, str]) -> dict[str, Found] | None:
    import tensorflow as tf

    known = sorted(kinds.items())
    try:
        values, splits = _parser(tuple(known))(tf.constant(raw, tf.string))
    except tf.errors.InvalidArgumentError:
        return None
    columns = zip(known, values, splits, strict=True)
    return {name: Found(kind, v.numpy(), np.diff(s.numpy())) for (name, kind), v, s in columns}


@lru_cache(maxsize=64)
def _parser(kinds: tuple[tuple[str, str], ...]) -> Any:
    """A graph for these features: building the call anew costs more than parsing some hundred rows."""
    import tensorflow as tf

    def parse_rows(serialized: Any) -> Any:
        ragged = tf.raw_ops.ParseExampleV2(
            serialized=serialized,
            names=[],
            sparse_keys=[],
            dense_keys=[],
            ragged_keys=[name for name, _ in kinds],
            dense_defaults=[],
            num_sparse=0,
            sparse_types=[],
            ragged_value_types=[_TYPES[kind] for _, kind in kinds],
            ragged_split_types=["int64"] * len(kinds),
            dense_shapes=[],
        )
        return ragged.ragged_values, ragged.ragged_row_splits

    return tf.function(parse_rows).get_concrete_function(tf.TensorSpec([None], tf.string))


def _sizes(found: Mapping[str, Found], rows: int) -> Array:
    """Bytes of an Example that holds these values and nothing else, per row."""
    total = np.zeros(rows, np.int64)
    for name, one in found.items():
        key = len(name.encode("utf-8"))
        entry = _field(np.full(rows, key)) + _field(_field(_list_sizes(one)))
        total += np.where(one.counts > 0, _field(entry), 0)
    return _field(total)


def _list_sizes(one: Found) -> Array:
    """Bytes of the list of values, per row; numbers are packed, as every writer of tf.Example does."""
    if one.kind == "float_list":
        return _field(4 * one.counts)
    if one.kind == "int64_list":
        return _field(_sums(_varints(one.values), one.counts))
    lengths = np.fromiter(map(len, one.values), np.int64, len(one.values))
    return _sums(_field(lengths), one.counts)


def _sums(sizes: Array, counts: Array) -> Array:
    ends = np.cumsum(counts)
    running = np.concatenate([[0], np.cumsum(sizes)])
    return running[ends] - running[ends - counts]


def _field(length: Array) -> Array:
    """Bytes of a field of so many bytes: tag, length, content."""
    return 1 + _varints(length) + length


def _varints(values: Array) -> Array:
    """Bytes of each number as a protobuf varint; a negative one takes ten."""
    return np.where(values < 0, 10, 1 + np.searchsorted(_BOUNDS, values, side="right"))
