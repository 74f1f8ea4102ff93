import numpy as np
import pytest

from models import knots


def test_few_distinct_values_are_all_knots():
    assert knots.of_column(np.float32([3, 1, np.nan, 1, 2]), 8).tolist() == [1, 2, 3]


def test_a_spiky_column_resolves_its_tail_and_keeps_both_ends():
    values = np.concatenate([np.zeros(9_000), np.arange(1, 1_001)]).astype(np.float32)
    found = knots.of_column(values, 32)
    assert (found[0], found[-1]) == (0, 1000)
    assert (found > 0).sum() >= 15
    assert len(found) <= 32
    assert (np.diff(found) > 0).all()


def test_a_column_without_values_has_one_knot():
    assert knots.of_column(np.float32([np.nan, np.nan]), 8).tolist() == [0]


def test_knots_follow_the_cube_root_of_the_rows_that_have_a_value():
    draw = np.random.default_rng(0)
    for rows, knots_of in ((100, 10), (1000, 20), (27_000, 60), (1_000_000, 128)):
        values = np.concatenate([draw.normal(size=rows), np.full(rows, np.nan)]).astype(np.float32)
        assert len(knots.of_column(values, 128)) == pytest.approx(knots_of, abs=1)
    assert len(knots.of_column(draw.normal(size=27_000).astype(np.float32), 8)) == 8


def test_values_that_many_rows_share_are_all_knots():
    """A capital gain of 7,298 dollars says much; a continuous column has no such values."""
    draw = np.random.default_rng(0)
    gains = np.where(draw.uniform(size=29_000) < 0.9, 0, draw.integers(1, 120, 29_000) * 100).astype(np.float32)
    assert len(knots.of_column(gains, 128)) == 120
    assert len(knots.of_column(gains[:1_000], 128)) <= 20
