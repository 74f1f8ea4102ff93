"""A number's vector: a line at first, bends at its knots, a value of its own for missing. A category's: less of it where rows are few."""

import numpy as np
import pytest
import tensorflow as tf

from models.encoding import ROWS_FOR_HALF, NumberVectors, OneHot, Vector

KNOTS = (np.float32([-1, 0, 2]), np.float32([5]))
NUMBERS = np.float32([[-1, 5], [0, 5], [2, 5], [np.nan, 5]])


def made(units: int = 3) -> NumberVectors:
    layer = NumberVectors(KNOTS, NUMBERS, units)
    layer(tf.constant(NUMBERS))
    return layer


def test_before_training_a_column_is_a_line_in_its_value() -> None:
    layer = made()
    found = layer(tf.constant(np.float32([[-1, 5], [0, 5], [1, 5], [2, 5]]))).numpy()
    assert found.shape == (4, 6)
    assert np.diff(found[:, :3], axis=0) == pytest.approx(np.tile(layer.slope.numpy()[0], (3, 1)), abs=1e-6)


def test_bends_are_shares_of_the_bins_that_are_passed() -> None:
    layer = made(1)
    layer.slope.assign(np.zeros((2, 1)))
    layer.start.assign(np.zeros((2, 1)))
    layer.bends.assign(np.float32([[[10], [100]], [[7], [7]]]))
    values = np.float32([[-9, 5], [-1, 5], [-0.5, 5], [0, 5], [1, 9], [2, -9], [9, 5]])
    found = layer(tf.constant(values)).numpy()
    assert found[:, 0].tolist() == [0, 0, 5, 10, 60, 110, 110]
    # A column with one knot has no bins, whatever room the widest column takes.
    assert found[:, 1].tolist() == [0] * 7


def test_missing_reads_as_the_median_plus_what_training_learned_of_it() -> None:
    layer = made()
    layer.missing.assign(np.ones((2, 3)))
    median, gone = (layer(tf.constant(np.float32([[v, 5]]))).numpy() for v in (0.0, np.nan))
    assert gone[0, :3] == pytest.approx(median[0, :3] + 1)
    never = layer(tf.constant(np.float32([[0, np.nan]]))).numpy()
    assert never == pytest.approx(median)


def test_columns_that_are_all_constant_have_no_bins_to_fail_on() -> None:
    layer = NumberVectors((np.float32([5]),), np.float32([[5.0]]), 2)
    assert layer(tf.constant(np.float32([[1.0], [np.nan]]))).shape == (2, 2)


def counted(*rows: int) -> np.ndarray:
    """One column in which id i has rows[i] rows."""
    return np.repeat(np.arange(len(rows)), rows)[:, None]


def test_one_hot_counts_less_where_a_value_has_few_rows_and_not_at_all_where_none() -> None:
    layer = OneHot({0: 3}, counted(0, ROWS_FOR_HALF, 3 * ROWS_FOR_HALF))
    found = layer(tf.constant([[0], [1], [2]], tf.int64)).numpy()
    assert found == pytest.approx(np.diag([0, 0.5, 0.75]))


def test_a_vector_counts_less_where_a_value_has_few_rows_and_not_at_all_where_none() -> None:
    layer = Vector(0, 3, counted(0, ROWS_FOR_HALF, 3 * ROWS_FOR_HALF), 2)
    ids = tf.constant([[0], [1], [2]], tf.int64)
    layer(ids)
    layer.table.assign(np.ones((3, 2)))
    assert layer(ids).numpy() == pytest.approx(np.float32([[0, 0], [0.5, 0.5], [0.75, 0.75]]))
