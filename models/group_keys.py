"""Each row's group as a text, computed in Transform's graph, so that training and serving tell groups apart alike.

A text and not a number: a vocabulary would cost Beam an analyzer, and the text still says whose threshold is whose.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from models.raw_columns import as_number, as_text, first_values
from models.sensitive import SEPARATOR
from schemas.errors import DataError, Problem
from schemas.sensitive import SensitiveColumn


def of_columns(inputs: Mapping[str, Any], sensitive: Sequence[SensitiveColumn]) -> tf.Tensor:
    """Values or bins of the sensitive columns, joined by SEPARATOR, string (n,); '' stands for a missing value.

    inputs : raw column name to tensor, as the preprocessing function gets them.

    Raises
    ------
    DataError : the table lacks a sensitive column.
    """
    lacking = [one.column for one in sensitive if one.column not in inputs]
    if lacking:
        raise DataError(
            "Groups cannot be told apart.",
            *(
                Problem(f"column '{name}'", "not in the table", "a column of the table", "Correct its name in the settings, or take it out of columns.leave_out.")
                for name in lacking
            ),
        )  # fmt: skip
    parts = [_part(first_values(inputs[one.column]), one) for one in sensitive]
    return tf.strings.reduce_join(tf.stack(parts, axis=1), axis=1, separator=SEPARATOR)


def _part(column: tf.Tensor, one: SensitiveColumn) -> tf.Tensor:
    if not one.bins:
        return as_text(column)
    number = as_number(column)
    place = tf.searchsorted(tf.constant(one.bins, tf.float64), number, side="right")
    names = tf.constant(one.bin_names)
    # NaN finds a place, too, which means nothing.
    return tf.where(tf.math.is_nan(number), "", tf.gather(names, tf.minimum(place, len(one.bins))))
