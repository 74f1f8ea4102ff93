"""Exchanges as columns, a line for each row of a request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sluicegate.serving.exchange import Exchange, Part, Together
from sluicegate.serving.request_log import example_parser, examples
from sluicegate.serving.request_log.privacy import as_bytes

#: The columns that every file has, in front.
FIXED: tuple[tuple[str, Any], ...] = (
    ("request_id", pa.string()),
    ("row", pa.int64()),
    ("received", pa.timestamp("us", tz="UTC")),
    ("model", pa.string()),
    ("version", pa.int64()),
    ("signature", pa.string()),
    ("api", pa.string()),
    ("arm", pa.string()),
    ("weight", pa.float64()),
    ("latency_ms", pa.float64()),
)
INPUT = "input_"
OUTPUT = "output_"
_KINDS = {"int64_list": pa.int64(), "float_list": pa.float32()}

#: Rows from which one call of TensorFlow's parser is cheaper than reading each tf.Example here.
_MANY = 32

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Layout:
    """Requests of the same can be put together array by array.

    is_whole : the arrays have no first dimension in common, and so the request is one line.
    shapes : of a line.
    """

    is_whole: bool
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    dtypes: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]


def layout_of(ran: Together) -> Layout:
    arrays = [*ran.inputs.values(), *ran.outputs.values()]
    shapes = [array.shape for array in arrays]
    is_whole = len({shape[:1] for shape in shapes}) != 1 or not shapes[0]
    return Layout(
        is_whole,
        tuple(ran.inputs),
        tuple(ran.outputs),
        tuple([array.dtype.char for array in arrays]),
        tuple(shapes if is_whole else [shape[1:] for shape in shapes]),
    )


def arrow_columns(exchanges: Sequence[Exchange], layout: Layout) -> dict[str, Any]:
    """Name of a column to its Arrow array, for exchanges of one layout."""
    columns = _fixed(exchanges, _lines(exchanges, layout))
    whole, pieces = layout.is_whole, list(_pieces(exchanges))
    columns.update(
        _inputs({name: _stacked([p.of.inputs[name][p.where] for p in pieces], whole) for name in layout.inputs})
    )
    for name in layout.outputs:
        columns[OUTPUT + name] = _column(_stacked([p.of.outputs[name][p.where] for p in pieces], whole))
    return columns


def _pieces(exchanges: Sequence[Exchange]) -> Iterator[Part]:
    """Rows of neighbours in one call as one."""
    last: Part | None = None
    for exchange in exchanges:
        part = exchange.part
        if last is None:
            last = part
        elif (
            last.of is part.of
            and last.rows is not None
            and part.rows is not None
            and last.first + last.rows == part.first
        ):
            last = Part(part.of, last.first, last.rows + part.rows)
        else:
            yield last
            last = part
    if last is not None:
        yield last


def _lines(exchanges: Sequence[Exchange], layout: Layout) -> Array:
    """Number of lines of each exchange."""
    if layout.is_whole:
        return np.ones(len(exchanges), np.int64)
    return np.array([_rows(e.part) for e in exchanges])


def _rows(part: Part) -> int:
    return len(next(iter((part.of.inputs or part.of.outputs).values()))) if part.rows is None else part.rows


def _fixed(exchanges: Sequence[Exchange], lines: Array) -> dict[str, Any]:
    index = np.repeat(np.arange(len(exchanges)), lines)
    starts = np.repeat(np.cumsum(lines) - lines, lines)
    micros = np.array([round(e.received * 1e6) for e in exchanges], np.int64)
    per_request = {
        "request_id": [_utf8(e.request_id) for e in exchanges],
        "received": micros.astype("datetime64[us]"),
        "model": [_utf8(e.model) for e in exchanges],
        "version": [e.version for e in exchanges],
        "signature": [_utf8(e.signature) for e in exchanges],
        "api": [e.api for e in exchanges],
        "arm": [e.arm for e in exchanges],
        "weight": [e.weight for e in exchanges],
        "latency_ms": [e.latency * 1000.0 for e in exchanges],
    }
    row = pa.array(np.arange(len(index)) - starts, pa.int64())
    made = {name: row if name == "row" else _array(per_request[name], kind) for name, kind in FIXED}
    if (lines == 1).all():
        return made
    return {name: column if name == "row" else column.take(pa.array(index)) for name, column in made.items()}


def _array(values: Any, kind: Any) -> Any:
    # Most columns say the same of all requests, and a list is compared faster than it is converted.
    if isinstance(values, list) and values.count(values[0]) == len(values):
        return pa.repeat(pa.scalar(values[0], kind), len(values))
    return pa.array(values, kind)


def _utf8(text: str) -> str:
    # A header may carry what UTF-8 cannot; the record must be written all the same.
    return text.encode("utf-8", "backslashreplace").decode() if not text.isascii() else text


def _stacked(arrays: list[Array], whole: bool) -> Array:
    if whole:
        return np.stack(arrays)
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)


def _inputs(tensors: dict[str, Array]) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    parsed: dict[str, dict[str, Any]] = {}
    for name, array in tensors.items():
        features = _features_in(array)
        if features is None:
            columns[INPUT + name] = _column(array)
        else:
            parsed[name] = {INPUT + feature: column for feature, column in features.items()}
    for name, features in parsed.items():
        # Two columns cannot have one name; then the bytes say it all the same.
        columns.update(features if not features.keys() & columns.keys() else {INPUT + name: _column(tensors[name])})
    return columns


def _features_in(array: Array) -> dict[str, Any] | None:
    """Feature to its column, where all texts are tf.Examples or say nothing."""
    if array.dtype.kind not in "OS" or array.size != len(array):
        return None
    raw = array.ravel().tolist()
    if {value[:1] for value in raw}.isdisjoint((b"\n", "\n")):
        return None
    values = [as_bytes(value) for value in raw]
    found = example_parser.parse(values) if len(values) >= _MANY and example_parser.is_ready() else None
    if found is not None:
        return {name: _found(one) for name, one in found.items()}
    read = [examples.parse(value) for value in values]
    told = [example is not None for example in read]
    certain = all(ok or value in examples.EMPTY for ok, value in zip(told, values, strict=True))
    return feature_columns(read) if certain and any(told) else None


def _found(one: example_parser.Found) -> Any:
    values = _texts(one.values.tolist()) if one.kind == "bytes_list" else pa.array(one.values)
    return _of_rows(values, one.counts, one.counts == 0)


def feature_columns(read: Sequence[Any]) -> dict[str, Any]:
    """Feature to its column: scalars where no row has more than one value, null where a row has none."""
    found: dict[str, list[Any]] = {}
    kinds: dict[str, set[str]] = {}
    for row, example in enumerate(read):
        for name, feature in example.features.feature.items() if example is not None else ():
            kind, values = examples.values_of(feature)
            if kind:
                kinds.setdefault(name, set()).add(kind)
                found.setdefault(name, [None] * len(read))[row] = values
    return {name: _feature(found[name], kinds[name]) for name in sorted(found)}


def _feature(rows: list[Any], kinds: set[str]) -> Any:
    flat = [value for values in rows if values is not None for value in values]
    if len(kinds) > 1 and "bytes_list" in kinds:
        flat = [as_bytes(value) for value in flat]
    kind = _KINDS.get(next(iter(kinds))) if len(kinds) == 1 else None
    values = _texts(flat) if "bytes_list" in kinds else pa.array(flat, kind or pa.float64())
    counts = np.array([0 if values is None else len(values) for values in rows])
    return _of_rows(values, counts, np.array([values is None for values in rows]))


def _of_rows(values: Any, counts: Array, absent: Array) -> Any:
    """Scalars where no row has more than one value, else lists."""
    if len(values) == len(counts) and (counts == 1).all():
        return values
    if not (counts > 1).any():
        return values.take(pa.array(np.cumsum(counts) - 1, mask=counts == 0))
    return pa.ListArray.from_arrays(pa.array(_offsets(counts)), values, mask=pa.array(absent))


def _column(array: Array) -> Any:
    """One value per row as a scalar, several as lists within lists."""
    shape = array.shape[1:]
    flat = array.reshape(-1)
    values = _numbers(np.ascontiguousarray(flat)) if array.dtype.kind not in "OSU" else _texts(flat.tolist())
    if int(np.prod(shape)) == 1:
        return values
    for axis in reversed(range(len(shape))):
        parents = int(np.prod(array.shape[: axis + 1]))
        values = pa.ListArray.from_arrays(pa.array(_offsets(np.full(parents, shape[axis]))), values)
    return values


def _numbers(flat: Array) -> Any:
    """Types that Arrow lacks as wider ones that hold the same values; complex numbers as texts."""
    if flat.dtype.names:
        return pa.array(flat[flat.dtype.names[0]])
    if flat.dtype.kind == "c":
        return pa.array([str(value).strip("()") for value in flat.tolist()])
    try:
        return pa.array(flat)
    except pa.ArrowNotImplementedError:
        # bfloat16, float8 and int4 are of kind f or V.
        if flat.dtype.kind not in "fV":
            raise
        return pa.array(flat.astype(np.float32))


def _offsets(counts: Array) -> Array:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)


def _texts(values: Sequence[Any]) -> Any:
    """Text where all of it is UTF-8, else bytes."""
    try:
        array = pa.array(values, pa.binary())
    except UnicodeEncodeError:
        array = pa.array([as_bytes(value) for value in values], pa.binary())
    try:
        return array.cast(pa.string())
    except pa.ArrowInvalid:
        return array
