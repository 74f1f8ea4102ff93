"""The network's first layers: transformed columns to one flat float vector."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

NUMBER_CLIP = 5.0


class PiecewiseLinear(keras.layers.Layer):
    """(n, k) standardised numbers, NaN = missing, to (n, bins + 2 k): share of each bin passed, z-score, missing flag.

    A missing number reads as the train median plus its flag; a flag never raised in training stays 0, so that a column
    that goes missing for the first time at serving falls back to its median and not to an untrained weight.
    """

    def __init__(
        self, knots: Sequence[npt.NDArray[np.float32]], numbers: npt.NDArray[np.float32], **kwargs: Any
    ) -> None:
        super().__init__(trainable=False, **kwargs)
        column = [c for c, k in enumerate(knots) for _ in k[1:]]
        self._column = np.array(column, np.int32)
        self._low = np.array([v for k in knots for v in k[:-1]], np.float32)
        self._width = np.array([v for k in knots for v in np.diff(k)], np.float32)
        self._least = np.array([k[0] for k in knots], np.float32)
        self._most = np.array([k[-1] for k in knots], np.float32)
        is_missing = ~np.isfinite(numbers)
        self._median = np.array([_median(c) for c in numbers.T], np.float32)
        self._had_missing = is_missing.any(axis=0).astype(np.float32)
        self.units = len(column) + 2 * len(knots)

    def call(self, numbers: tf.Tensor) -> tf.Tensor:
        is_missing = tf.math.is_nan(numbers)
        value = tf.clip_by_value(tf.where(is_missing, self._median, numbers), self._least, self._most)
        passed = (tf.gather(value, self._column, axis=1) - self._low) / self._width
        z_score = tf.clip_by_value(value, -NUMBER_CLIP, NUMBER_CLIP)
        flag = tf.cast(is_missing, tf.float32) * self._had_missing
        return tf.concat([tf.clip_by_value(passed, 0.0, 1.0), z_score, flag], axis=1)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (shape[0], self.units)


class OwnIds(keras.layers.Layer):
    """(n, m) transformed ids to the ids of each column's own vocabulary."""

    def __init__(self, local: npt.NDArray[np.int64], **kwargs: Any) -> None:
        super().__init__(trainable=False, **kwargs)
        self._local = local

    def call(self, categories: tf.Tensor) -> tf.Tensor:
        return tf.gather(tf.constant(self._local), categories)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return shape

    def compute_output_spec(self, categories: Any) -> keras.KerasTensor:
        return keras.KerasTensor(categories.shape, "int64")


class OneHot(keras.layers.Layer):
    """(n, m) ids to (n, units); an id without train rows reads as zeros and not as an untrained weight.

    sizes : position of each column that is read, to its number of ids.  categories : the train rows, (n_rows, m).
    """

    def __init__(self, sizes: Mapping[int, int], categories: npt.NDArray[np.int64], **kwargs: Any) -> None:
        super().__init__(trainable=False, **kwargs)
        self._sizes = tuple(sizes.items())
        counts = [np.bincount(categories[:, column], minlength=size)[:size] for column, size in self._sizes]
        self._is_known = (np.concatenate(counts) > 0).astype(np.float32)
        self.units = sum(sizes.values())

    def call(self, categories: tf.Tensor) -> tf.Tensor:
        columns = [tf.one_hot(categories[:, column], size) for column, size in self._sizes]
        return tf.concat(columns, axis=1) * self._is_known

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (shape[0], self.units)


class Vector(keras.layers.Layer):
    """(n, m) ids, of which one column is read, to a learned (n, units); an id without train rows reads as zeros."""

    def __init__(self, column: int, size: int, categories: npt.NDArray[np.int64], units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._column, self._size, self.units = column, size, units
        self._is_known = (np.bincount(categories[:, column], minlength=size)[:size] > 0).astype(np.float32)

    def build(self, _: Any) -> None:
        # Not zeros: a column alone in its table would then give every hidden unit 0, where ReLU passes no gradient.
        draw = keras.initializers.RandomUniform(-0.5, 0.5)
        self.table = self.add_weight(shape=(self._size, self.units), initializer=draw, name="table")

    def call(self, categories: tf.Tensor) -> tf.Tensor:
        ids = categories[:, self._column]
        return tf.gather(self.table.value, ids) * tf.gather(tf.constant(self._is_known), ids)[:, None]

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (shape[0], self.units)


def _median(column: npt.NDArray[np.float32]) -> float:
    present = column[np.isfinite(column)]
    return float(np.median(present)) if len(present) else 0.0
