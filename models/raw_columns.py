"""Raw columns as Transform hands them over, read as one number or one text per row: sluicegate/tables/cells.py, in the graph.

Here is what training and every signature of the model share. Where Python refuses a cell, a graph cannot: what cannot be
read counts as missing, never as another value. All texts are read together, because an operation costs more than a cell.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from models.features import Feature
from schemas.reading import INT, Reading
from sluicegate.tables.cells import BLANKS, BOOLEANS

_NUMBER = r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*"
_AT_THE_ENDS = f"^[{BLANKS}]+|[{BLANKS}]+$"
_INT64_END = 2.0**63


def read(inputs: Mapping[str, Any], features: Sequence[Feature]) -> dict[str, tf.Tensor]:
    """Column name to (n,): its texts as they are read, '' = missing, or its numbers as float64, NaN = missing.

    inputs : column name to SparseTensor (n, any) or dense (n,) or (n, 1); of several values in a row the first counts.
    """
    columns = {f.name: first_values(inputs[f.name]) for f in features}
    texts = [f for f in features if columns[f.name].dtype == tf.string]
    if texts:
        stacked = tf.stack([columns[f.name] for f in texts], axis=1)
        found = tf.unstack(read_texts(stacked, [f.reading for f in texts]), len(texts), axis=1)
        columns |= {f.name: column for f, column in zip(texts, found, strict=True)}
    return columns


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


def read_texts(texts: tf.Tensor, readings: Sequence[Reading]) -> tf.Tensor:
    """(n, columns) as cells.read reads a text: blanks taken off, '' for a word that means no value, booleans in lower case.

    Dates stay as they are written; dates.parse reads them.
    """
    texts = tf.strings.regex_replace(texts, _AT_THE_ENDS, "")
    for words in dict.fromkeys(one.missing for one in readings if one.missing):
        is_missing = tf.strings.regex_full_match(texts, "|".join(re.escape(word) for word in words))
        texts = tf.where(_of_all_rows(is_missing, [one.missing == words for one in readings]), "", texts)
    if any(one.boolean for one in readings):
        lower = tf.strings.lower(texts)
        is_boolean = tf.strings.regex_full_match(lower, "|".join(BOOLEANS))
        texts = tf.where(_of_all_rows(is_boolean, [one.boolean for one in readings]), lower, texts)
    return texts


def _of_all_rows(cells: tf.Tensor, columns: Sequence[bool]) -> tf.Tensor:
    """The cells that are true, in these columns alone."""
    return cells if all(columns) else cells & tf.constant(columns)[None, :]


def as_stored(values: tf.Tensor, reading: Reading) -> tf.Tensor:
    """Numbers of a client, float64, as training kept the column's; NaN where it could not have kept them.

    A fraction, an infinity or 2^63 in a column of whole numbers is missing and not the nearest number that fits.
    """
    if reading.type != INT:
        return values
    is_whole = (tf.floor(values) == values) & (values >= -_INT64_END) & (values < _INT64_END)
    return tf.where(is_whole, values, tf.constant(float("nan"), tf.float64))


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
