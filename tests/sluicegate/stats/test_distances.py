"""Distances of two samples against independent oracles, and what counts for "no difference" where samples do not tell."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from schemas.distributions import Numbers, Values
from sluicegate.stats.distances import GONE, ColumnSample, distance, noise, of_missing, of_turnover, smallest_shown
from sluicegate.stats.interval import Levels
from tests.components.data_gate.frames import kept

RNG = np.random.default_rng(11)
LEVELS = Levels(1e-4, 0.01)


def sample(values: object, worth: float = 1.0) -> ColumnSample:
    frame = pd.DataFrame({"x": values})
    return ColumnSample(kept(frame).columns["x"], len(frame), worth)


def low(found: object, levels: Levels = LEVELS) -> float:
    return float(found.interval(levels, 1.0).low)


def test_of_few_values_it_is_kolmogorov_and_smirnovs_distance() -> None:
    for _ in range(20):
        a, b = RNG.poisson(3, 400), RNG.poisson(RNG.uniform(2.5, 4), 300)
        found = distance(sample(a), sample(b))
        assert found.value == pytest.approx(stats.ks_2samp(a, b).statistic, abs=1e-12)


def test_of_many_values_it_is_below_it_by_what_lies_between_kept_points() -> None:
    for _ in range(10):
        a, b = RNG.normal(size=5000), RNG.normal(RNG.uniform(0, 0.5), 1, 3000)
        exact, found = stats.ks_2samp(a, b).statistic, distance(sample(a), sample(b)).value
        assert exact - 2 / 256 <= found <= exact


def test_a_sample_is_not_apart_from_itself() -> None:
    for values in (RNG.normal(size=5000), RNG.zipf(1.5, 2000).astype(str)):
        assert distance(sample(values), sample(values)).value == 0


def test_integer_codes_whose_bins_move_are_not_far_apart() -> None:
    """TFDV's bins of equal width put 0.33 between two parts of one such sample (issue 12)."""
    codes = RNG.choice([1, 2, 3, 10, 20, 999], 4000, p=[0.3, 0.3, 0.2, 0.1, 0.0999, 0.0001])
    found = distance(sample(codes[:2000]), sample(codes[2000:]))
    assert found.value < 0.05
    assert low(found) == 0


def test_of_categories_it_is_the_largest_difference_of_a_share() -> None:
    found = distance(sample(["a"] * 70 + ["b"] * 30), sample(["a"] * 40 + ["b"] * 50 + ["c"] * 10))
    assert (found.value, found.where) == (pytest.approx(0.3), "a")
    assert (found.before, found.now) == (0.7, 0.4)


def test_the_near_end_of_numbers_is_smirnovs() -> None:
    a, b = sample(RNG.normal(size=500)), sample(RNG.normal(2, 1, 400))
    found = distance(a, b)
    assert low(found) == pytest.approx(found.value - np.sqrt(np.log(2 / 1e-4) / 2 * (1 / 500 + 1 / 400)))


def test_the_near_end_of_shares_beyond_the_limit_is_the_exact_one() -> None:
    a, b = sample(["a"] * 90 + ["b"] * 10), sample(["a"] * 50 + ["b"] * 50)
    newcombe, exact = low(distance(a, b, limit=1.0)), low(distance(a, b, limit=0.1))
    assert 0.1 < exact <= newcombe < 0.4


def test_effective_rows_widen_the_interval() -> None:
    a, b = RNG.normal(size=500), RNG.normal(0.7, 1, 500)
    assert low(distance(sample(a, 1 / 3), sample(b, 1 / 3))) < low(distance(sample(a), sample(b)))


def test_what_is_not_kept_counts_for_no_difference() -> None:
    """A value that the old side pooled may have been as frequent as the rarest that it kept."""
    old = ColumnSample(Values(1000, ("a",), np.array([900]), largest_other=100), 1000)
    new = ColumnSample(Values(1000, ("a", "b"), np.array([900, 100])), 1000)
    assert distance(old, new).value == 0
    told = ColumnSample(Values(1000, ("a",), np.array([900]), largest_other=10), 1000)
    assert distance(told, new).value == pytest.approx(0.09)


def test_numbers_and_categories_are_not_compared() -> None:
    assert distance(sample([1.0, 2.0]), sample(["a", "b"])) is None


def test_a_side_without_values_has_no_distance() -> None:
    empty = ColumnSample(Numbers(0, np.zeros(0), np.zeros(0), np.zeros(0)), 10)
    assert np.isnan(distance(empty, sample([1.0, 2.0])).value)
    assert of_turnover(empty, sample([1.0, 2.0])) is None
    nothing = ColumnSample(Values(0, (), np.zeros(0, np.int64)), 10)
    assert np.isnan(distance(nothing, sample(["a"] * 5)).value)


def test_missing_values_are_compared_as_shares() -> None:
    half = [1.0, None] * 200
    found = of_missing(sample(half), sample([1.0] * 400), 0.1)
    assert found.value == 0.5
    assert low(found) > 0.35


@pytest.mark.parametrize("number", [True, False], ids=["a number", "a category"])
def test_a_value_that_came_or_went_is_shown_from_few_rows_on(number: bool) -> None:
    base, code = (RNG.poisson(3, 1000), -999) if number else (RNG.zipf(1.5, 1000).astype(str), "unknown")
    coded = np.where(np.arange(1000) % 20 == 0, code, base)
    for old, new in ((base, coded), (coded, base)):
        found = of_turnover(sample(old), sample(new))
        assert found.where == str(code)
        assert found.value >= 0.98
        assert low(found) > GONE
        assert distance(sample(old), sample(new)).value < 0.1


def test_a_value_that_halves_exactly_did_not_come_or_go() -> None:
    hits = 0
    for _ in range(300):
        a, b = (Values(2000, ("a", "b"), RNG.multinomial(2000, [p, 1 - p])) for p in (0.06, 0.03))
        hits += low(of_turnover(ColumnSample(a, 2000), ColumnSample(b, 2000)), Levels(0.01, 0.01)) > GONE
    assert hits <= 3


def test_a_value_between_the_kept_points_of_the_other_side_may_have_been_there() -> None:
    """Of 40,000 distinct numbers 0.4 % between two points may all have been one value; 5 % may not."""
    old = RNG.normal(size=40_000)
    found = of_turnover(sample(old), sample(np.where(np.arange(40_000) % 20 == 0, 0.123, old)))
    assert (found.where, low(found) > GONE) == ("0.123000003", True)


def test_the_smallest_distance_that_rows_can_show_is_refused_when_it_is_met() -> None:
    a = sample(np.arange(400) % 100)
    visible = smallest_shown(0.1, 1e-4, a, a)
    assert visible == pytest.approx(0.1 + noise(1e-4, 400, 400))
    b = sample((np.arange(400) % 100) + np.ceil(visible * 100) + 1)
    found = distance(a, b)
    assert found.value > visible
    assert low(found) > 0.1
