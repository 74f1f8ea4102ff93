import numpy as np

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
