"""Transformed examples on disk to arrays in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from schemas.errors import DataError, Problem

_ROWS_PER_PARSE = 8192


@dataclass(frozen=True)
class ModelRows:
    """One split.

    numbers : (n, k) float32, NaN = missing.  categories : (n, m) int64 ids.
    label : (n,) int64 class index, or float32.  weight : (n,) float32, ones where the table has no weight.
    group : (n,) bytes, keys of group_keys.py; None without a mitigation.
    """

    numbers: npt.NDArray[np.float32]
    categories: npt.NDArray[np.int64]
    label: npt.NDArray[Any]
    weight: npt.NDArray[np.float32]
    group: npt.NDArray[np.bytes_] | None = None

    def __len__(self) -> int:
        return len(self.label)

    @property
    def group_keys(self) -> npt.NDArray[np.bytes_]:
        """`group`, where there is no doing without it."""
        if self.group is None:
            raise ValueError("These rows were transformed without a mitigation and carry no group.")
        return self.group


def read(patterns: Iterable[str], feature_spec: Mapping[str, Any], split: str) -> ModelRows:
    """The rows of one split whose label is known and whose weight is above zero.

    patterns : globs of gzip TFRecords.  feature_spec : of the transformed examples.

    Raises
    ------
    DataError : no such row.
    """
    paths = sorted(path for pattern in patterns for path in tf.io.gfile.glob(pattern))
    dataset = tf.data.TFRecordDataset(paths, compression_type="GZIP").batch(_ROWS_PER_PARSE)
    # One thread keeps the rows in file order, which the seed's shuffling counts on.
    batches = [tf.io.parse_example(records, dict(feature_spec)) for records in dataset]
    columns = {name: np.concatenate([b[name].numpy() for b in batches]) for name in feature_spec} if batches else {}
    n_rows = len(columns.get("label", ()))
    label = columns["label"].reshape(-1) if n_rows else np.empty(0)
    weight = columns["weight"].reshape(-1) if "weight" in columns else np.ones(n_rows, np.float32)
    is_known = (np.isfinite(label) if label.dtype.kind == "f" else label >= 0) & (weight > 0)
    if not is_known.any():
        place = f"split '{split}' ({n_rows} rows)"
        raise DataError(
            "There is nothing to train on.",
            Problem(place, "no row with a known label", "at least one", "Check the label column."),
        )
    numbers = columns.get("numbers", np.empty((n_rows, 0), np.float32))
    categories = columns.get("categories", np.empty((n_rows, 0), np.int64))
    group = columns["group"].reshape(-1)[is_known].astype(np.bytes_) if "group" in columns else None
    return ModelRows(
        numbers[is_known], categories[is_known], label[is_known], weight[is_known].astype(np.float32), group
    )
