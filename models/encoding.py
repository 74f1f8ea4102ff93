"""The network's first layers: transformed columns to one flat float vector."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

NUMBER_CLIP = 5.0
#: Train rows of a category's value at which half of what is learned about it counts.
ROWS_FOR_HALF = 20


class NumberVectors(keras.layers.Layer):
    """(n, k) standardised numbers, NaN = missing, to (n, k * units): for each a learned line, and learned bends at its knots.

    A number is first read as its z-score and as the share that it passes of each bin between two knots, 0 to 1; the vector is
    linear in both, and the bends start at 0: at first a column is a line, and it bends where that pays (the piecewise-linear
    embedding of TabM, Gorishniy et al. 2024, arXiv:2410.24210, after Gorishniy et al. 2022, arXiv:2203.05556, section 3.3).
    So the layers above see 16 inputs per column, however many bins it has.

    A missing number reads as the train median plus a vector of its own; one that never went missing in training has none, so
    that a column that goes missing for the first time at serving falls back to its median and not to an untrained weight.
    """

    def __init__(
        self, knots: Sequence[npt.NDArray[np.float32]], numbers: npt.NDArray[np.float32], units: int, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.units = units
        self._least = np.array([k[0] for k in knots], np.float32)
        self._most = np.array([k[-1] for k in knots], np.float32)
        # Columns have different numbers of bins. One that is not there begins at the largest value, and nothing passes it.
        bins = max(1, max(len(k) for k in knots) - 1)
        self._low = np.tile(self._most[:, None], (1, bins))
        self._width = np.ones((len(knots), bins), np.float32)
        for column, k in enumerate(knots):
            self._low[column, : len(k) - 1], self._width[column, : len(k) - 1] = k[:-1], np.diff(k)
        is_missing = ~np.isfinite(numbers)
        self._median = np.array([_median(c) for c in numbers.T], np.float32)
        self._had_missing = is_missing.any(axis=0).astype(np.float32)

    def build(self, shape: Sequence[int | None]) -> None:
        columns, bins = self._low.shape
        draw = keras.initializers.RandomUniform(-1.0, 1.0)
        self.slope = self.add_weight(shape=(columns, self.units), initializer=draw, name="slope")
        self.start = self.add_weight(shape=(columns, self.units), initializer=draw, name="start")
        self.bends = self.add_weight(shape=(columns, bins, self.units), initializer="zeros", name="bends")
        self.missing = self.add_weight(shape=(columns, self.units), initializer="zeros", name="missing")

    def call(self, numbers: tf.Tensor) -> tf.Tensor:
        is_missing = tf.math.is_nan(numbers)
        value = tf.clip_by_value(tf.where(is_missing, self._median, numbers), self._least, self._most)
        passed = tf.clip_by_value((value[:, :, None] - self._low) / self._width, 0.0, 1.0)
        z_score = tf.clip_by_value(value, -NUMBER_CLIP, NUMBER_CLIP)
        flag = tf.cast(is_missing, tf.float32) * self._had_missing
        line = z_score[:, :, None] * self.slope + self.start + flag[:, :, None] * self.missing
        vectors = line + tf.einsum("nkb,kbu->nku", passed, tf.convert_to_tensor(self.bends))
        return tf.reshape(vectors, (-1, self._low.shape[0] * self.units))

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (shape[0], self._low.shape[0] * self.units)


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
    """(n, m) ids to (n, units), 1 at the id's place times its trust (`_trust`).

    sizes : position of each column that is read, to its number of ids.  categories : the train rows, (n_rows, m).
    """

    def __init__(self, sizes: Mapping[int, int], categories: npt.NDArray[np.int64], **kwargs: Any) -> None:
        super().__init__(trainable=False, **kwargs)
        self._sizes = tuple(sizes.items())
        counts = [np.bincount(categories[:, column], minlength=size)[:size] for column, size in self._sizes]
        self._trusted = np.concatenate([_trust(count) for count in counts])
        self.units = sum(sizes.values())

    def call(self, categories: tf.Tensor) -> tf.Tensor:
        columns = [tf.one_hot(categories[:, column], size) for column, size in self._sizes]
        return tf.concat(columns, axis=1) * self._trusted

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (shape[0], self.units)


class Vector(keras.layers.Layer):
    """(n, m) ids, of which one column is read, to a learned (n, units) times the id's trust (`_trust`)."""

    def __init__(self, column: int, size: int, categories: npt.NDArray[np.int64], units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._column, self._size, self.units = column, size, units
        self._trusted = _trust(np.bincount(categories[:, column], minlength=size)[:size])

    def build(self, _: Any) -> None:
        # Not zeros: a column alone in its table would then give every hidden unit 0, where ReLU passes no gradient.
        draw = keras.initializers.RandomUniform(-0.5, 0.5)
        self.table = self.add_weight(shape=(self._size, self.units), initializer=draw, name="table")

    def call(self, categories: tf.Tensor) -> tf.Tensor:
        ids = categories[:, self._column]
        return tf.gather(self.table.value, ids) * tf.gather(tf.constant(self._trusted), ids)[:, None]

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (shape[0], self.units)


def _median(column: npt.NDArray[np.float32]) -> float:
    present = column[np.isfinite(column)]
    return float(np.median(present)) if len(present) else 0.0


def _trust(count: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    """Of each id, by its n train rows, n / (n + ROWS_FOR_HALF): 0 for one never seen, so that no untrained weight is served.

    Adam's steps are as long for a value of five rows as for one of five thousand, and the network would learn the five by
    heart. This is the shrinkage of a group's mean towards that of all (Micci-Barreca 2001, SIGKDD Explorations 3:27).
    """
    return (count / (count + ROWS_FOR_HALF)).astype(np.float32)
