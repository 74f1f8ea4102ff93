"""A raw column as Transform hands it over, read as one number or one text per row."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

_NUMBER = r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*"


def first_values(column: Any) -> tf.Tensor:
    """(n,) of the column's dtype; missing is '' for text, else NaN. Integers become float64 and hold 53 bits.

    column : SparseTensor (n, any) or dense (n,) or (n, 1); of several values in a row the first counts.
    """
    dtype = column.dtype if column.dtype == tf.string else tf.float64
    if not isinstance(column, tf.SparseTensor):
        return tf.cast(tf.reshape(column, [-1]), dtype)
    rows = column.dense_shape[0]
    first = tf.sparse.slice(column, [0, 0], [rows, 1])
    # One column wide also where no row of the batch has a value, and the slice is therefore none wide.
    first = tf.SparseTensor(first.indices, tf.cast(first.values, dtype), tf.stack([rows, 1]))
    return tf.reshape(tf.sparse.to_dense(first, default_value="" if dtype == tf.string else float("nan")), [-1])


def as_number(column: tf.Tensor) -> tf.Tensor:
    """float64 (n,); text that is no number, and infinity, count as missing."""
    if column.dtype == tf.string:
        is_number = tf.strings.regex_full_match(column, _NUMBER)
        value = tf.strings.to_number(tf.strings.strip(tf.where(is_number, column, "0")), tf.float64)
        column = tf.where(is_number, value, tf.constant(float("nan"), tf.float64))
    return tf.where(tf.math.is_finite(column), column, tf.constant(float("nan"), tf.float64))


def as_text(column: tf.Tensor) -> tf.Tensor:
    """The same as text, (n,); missing is ''."""
    if column.dtype == tf.string:
        return column
    # Whole numbers read "3", not "3.0", so that an integer code means the same whichever dtype a file gave it.
    whole = tf.strings.as_string(tf.cast(tf.where(tf.math.is_finite(column), column, 0), tf.int64))
    text = tf.where(column == tf.round(column), whole, tf.strings.as_string(column, shortest=True))
    return tf.where(tf.math.is_finite(column), text, "")
