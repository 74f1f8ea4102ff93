"""Columns out of serialized tf.Examples, a batch at a time: label, weight, ids and sensitive columns as arrow arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import tensorflow as tf

from components.score.core import Sensitive
from schemas.roles import Roles
from schemas.scored_rows import CLUSTER, GROUP, ID, LABEL, SLICE, WEIGHT
from sluicegate.tables.cells import are_numbers, as_float64
from sluicegate.tables.hashes import combined, value_hashes

#: How an Example holds a value, and the dtype it is parsed as.
DTYPES = {"bytes_list": "string", "int64_list": "int64", "float_list": "float32"}
_NAMES_FROM = 1000


@dataclass(frozen=True)
class Columns:
    """Which columns are taken, and what they are.

    dtypes : "string", "int64" or "float32" of each wanted column that has a value somewhere in the split.
    cluster : the columns whose equal values make rows of one key.  slices : those of evaluation.slices.
    """

    roles: Roles
    sensitive: tuple[Sensitive, ...]
    dtypes: Mapping[str, str]
    cluster: tuple[str, ...] = ()
    slices: tuple[str, ...] = ()

    def parse(self, examples: Any) -> dict[str, Any]:
        """A RaggedTensor per column of `dtypes`.  examples : (n,) string tensor."""
        spec = {n: tf.io.RaggedFeature(tf.as_dtype(d), row_splits_dtype=tf.int64) for n, d in self.dtypes.items()}
        return dict(tf.io.parse_example(examples, spec)) if spec else {}

    @property
    def id_kinds(self) -> dict[str, str]:
        """As `schemas.scored_rows.arrow_schema` wants them."""
        words = {"string": "text", "int64": "int", "float32": "float"}
        return {name: words[self.dtypes.get(name, "string")] for name in self.roles.ids}

    @property
    def group_kinds(self) -> dict[str, str]:
        return {one.column: "float" if self._is_number(one) else "text" for one in self.sensitive}

    def arrays(self, parsed: Mapping[str, Any], rows: int) -> tuple[dict[str, Any], dict[str, tuple[str, int]]]:
        """Arrow arrays by their name in the file, and the words in columns that have bins.

        parsed : what `parse` made of `rows` examples.
        """
        cells = {name: _first_values(parsed[name]) for name in self.dtypes}
        found = {ID + name: _as_is(cells.get(name), rows) for name in self.roles.ids}
        found[LABEL] = _label(cells.get(self.roles.label), self.roles, rows)
        found[WEIGHT] = _weight(cells.get(self.roles.weight or ""), rows)
        if self.cluster:
            found[CLUSTER] = _clusters([_as_is(cells.get(name), rows) for name in self.cluster], rows)
        words: dict[str, tuple[str, int]] = {}
        for one in self.sensitive:
            array, is_number = _as_is(cells.get(one.column), rows), self._is_number(one)
            if is_number and pa.types.is_string(array.type):
                array, odd = _numbers_in(array)
                words |= {one.column: odd} if odd else {}
            found[GROUP + one.column] = array.cast(pa.float64() if is_number else pa.string(), safe=False)
        found |= {SLICE + name: _as_is(cells.get(name), rows).cast(pa.string()) for name in self.slices}
        return found, words

    def _is_number(self, one: Sensitive) -> bool:
        """Integer codes that the user calls categories are none."""
        is_category = self.roles.kinds.get(one.column) == "category"
        return one.has_bins or (self.dtypes.get(one.column, "string") != "string" and not is_category)


def wanted(roles: Roles, sensitive: Sequence[Sensitive], others: Sequence[str] = ()) -> tuple[str, ...]:
    """Names of the columns to take, each once.  others : of the split's key and of the slices."""
    weight = (roles.weight,) if roles.weight else ()
    return tuple(dict.fromkeys([roles.label, *weight, *roles.ids, *(one.column for one in sensitive), *others]))


def dtypes_in(batches: Iterable[Any], names: Sequence[str]) -> tuple[dict[str, str], set[str]]:
    """The dtype of each column that has a value, and the names of all columns in the first rows.

    batches : string tensors of serialized tf.Examples; read only until every column has shown a value.
    """
    found: dict[str, str] = {}
    seen: set[str] = set()
    for batch in batches:
        if not seen:
            found, seen = _looked_at(batch[:_NAMES_FROM].numpy(), names)
        found |= {name: dtype for name in names if name not in found and (dtype := _dtype_in(batch, name))}
        if len(found) == len(names):
            break
    return found, seen


def _looked_at(records: Iterable[bytes], names: Sequence[str]) -> tuple[dict[str, str], set[str]]:
    """As `dtypes_in`, one row at a time."""
    found: dict[str, str] = {}
    seen: set[str] = set()
    for record in records:
        features = tf.train.Example.FromString(record).features.feature
        seen |= set(features)
        for name in names:
            kind = features[name].WhichOneof("kind") if name in features else None
            if kind and getattr(features[name], kind).value:
                found.setdefault(name, DTYPES[kind])
    return found, seen


def _dtype_in(batch: Any, name: str) -> str:
    """A parser of the wrong dtype refuses, one of a column without values does not: it finds nothing."""
    for dtype in DTYPES.values():
        try:
            column = tf.io.parse_example(batch, {name: tf.io.RaggedFeature(tf.as_dtype(dtype))})[name]
        except tf.errors.InvalidArgumentError:
            continue
        if tf.size(column.values):
            return dtype
    return ""


@dataclass(frozen=True)
class _Cells:
    """The first value of each row that has one.  present : (rows,) bool.  values : (present rows,)."""

    present: npt.NDArray[np.bool_]
    values: npt.NDArray[Any]

    def spread(self, values: Any) -> Any:
        """An arrow array of all rows, null where there is no value."""
        places = np.cumsum(self.present) - 1
        return values.take(pa.array(places, mask=~self.present))


def _first_values(column: Any) -> _Cells:
    splits, values = column.row_splits.numpy(), column.values.numpy()
    present = splits[1:] > splits[:-1]
    return _Cells(present, values[splits[:-1][present]])


def _as_is(cells: _Cells | None, rows: int) -> Any:
    """string, int64 or float64; empty text and NaN are missing."""
    if cells is None:
        return pa.nulls(rows, pa.string())
    if cells.values.dtype == object:
        return cells.spread(_decoded(cells.values))
    if cells.values.dtype.kind == "f":
        return cells.spread(pa.array(_decimals(cells.values), from_pandas=True))
    return cells.spread(pa.array(cells.values))


def _clusters(columns: Sequence[Any], rows: int) -> Any:
    """int64, the same for rows with the same values; null where a row has none of them."""
    parts = []
    for column in columns:
        encoded = column.dictionary_encode()
        codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        parts.append((codes, value_hashes(encoded.dictionary)))
    keyless = np.all([codes < 0 for codes, _ in parts], axis=0)
    return pa.array(combined(parts, rows).view(np.int64), mask=keyless)


def _decoded(values: npt.NDArray[Any]) -> Any:
    """Bytes as text; each distinct one is decoded once. What is no UTF-8 is shown with replacement characters."""
    coded = pa.array(values, pa.binary()).dictionary_encode()
    texts = [value.decode("utf-8", "replace") or None for value in coded.dictionary.to_pylist()]
    return pa.array(texts, pa.string()).take(coded.indices)


def _decimals(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """The decimals that were written: 0.7 as float32 is 0.69999999, and would fall below a bin that begins at 0.7."""
    distinct, places = np.unique(values, return_inverse=True)
    return distinct.astype(str).astype(np.float64)[places]


def _numbers_in(texts: Any) -> tuple[Any, tuple[str, int] | None]:
    """The texts as float64, and the first that is no number with how many there are."""
    coded = texts.dictionary_encode()
    trimmed = pc.utf8_trim_whitespace(coded.dictionary)
    is_number = are_numbers(trimmed)
    numbers = pc.if_else(is_number, as_float64(pc.if_else(is_number, trimmed, "0")), None)
    odd = pc.invert(is_number).take(coded.indices)
    count = pc.sum(odd).as_py() or 0
    return numbers.take(coded.indices), (texts.filter(odd)[0].as_py(), count) if count else None


def _label(cells: _Cells | None, roles: Roles, rows: int) -> Any:
    """Null where the label is missing, or none of the classes: what models/preprocessing.py calls -1 or NaN."""
    if not roles.classes:
        return pa.nulls(rows, pa.float64()) if cells is None else _number_label(cells)
    if cells is None:
        return pa.nulls(rows, pa.string())
    distinct, places = np.unique(cells.values, return_inverse=True)
    texts = [text if text in roles.classes else None for text in _as_texts(distinct)]
    return cells.spread(pa.array(texts, pa.string()).take(pa.array(places)))


def _number_label(cells: _Cells) -> Any:
    if cells.values.dtype == object:
        numbers, _ = _numbers_in(_decoded(cells.values))
        values = numbers.to_numpy(zero_copy_only=False)
    else:
        values = cells.values.astype(np.float64)
    return cells.spread(pa.array(np.where(np.isfinite(values), values, np.nan), from_pandas=True))


def _as_texts(distinct: npt.NDArray[Any]) -> list[str]:
    """Whole numbers read "3" and not "3.0", as in the Transform graph."""
    if distinct.dtype == object:
        return [value.decode("utf-8", "replace") for value in distinct]
    numbers = distinct.astype(np.float64)
    shortest = tf.strings.as_string(numbers, shortest=True).numpy()
    whole = np.isfinite(numbers) & (numbers == np.round(numbers))
    return [str(int(n)) if w else s.decode() for n, w, s in zip(numbers, whole, shortest, strict=True)]


def _weight(cells: _Cells | None, rows: int) -> Any:
    """float64; 1 where the cell is missing, as in training."""
    if cells is None:
        return pa.array(np.ones(rows))
    values = np.ones(rows)
    values[cells.present] = np.nan_to_num(cells.values.astype(np.float64), nan=1.0, posinf=np.inf, neginf=-np.inf)
    return pa.array(values)
