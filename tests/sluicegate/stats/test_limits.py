"""Limits and quantiles against tables that others printed, against their own definitions, and against scipy's other ways."""

import math
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from sluicegate.stats import limits
from sluicegate.stats.keys import student


def test_students_quantile_is_that_of_the_printed_tables():
    # Pearson & Hartley 1966, Biometrika Tables for Statisticians I, table 12.
    printed = {(3, 5e-4): 12.924, (1, 5e-4): 636.619, (10, 5e-4): 4.587, (5, 0.005): 4.032, (29, 0.025): 2.045}
    found = {of: round(float(limits.student_quantile(of[1], of[0])), 3) for of in printed}
    assert found == printed


@pytest.mark.parametrize("freedom", [1, 1.2, 2, 2.99, 3, 3.3, 5.5, 9, 30, 1e4])
@pytest.mark.parametrize("level", [1e-9, 1e-5, 1e-3, 0.0125, 0.025, 0.1, 0.3])
def test_students_quantile_is_exceeded_as_often_as_it_says(level, freedom):
    assert stats.t.sf(float(limits.student_quantile(level, freedom)), freedom) == pytest.approx(level, rel=1e-9)


def test_nothing_is_known_with_less_than_one_degree_of_freedom():
    assert float(limits.student_quantile(0.025, 0.9)) == math.inf


def test_limits_of_ten_rows_are_those_of_the_printed_tables():
    # Clopper & Pearson at 95 %: Hollander & Wolfe 1973, table A.21.
    low, high = limits.share_limits(np.array([0.0, 0.1, 0.3, 0.5, 1.0]), np.full(5, 10.0), 0.025)
    assert low.round(4).tolist() == [0.0, 0.0025, 0.0667, 0.1871, 0.6915]
    assert high.round(4).tolist() == [0.3085, 0.445, 0.6525, 0.8129, 1.0]


@pytest.mark.parametrize("rows", [10, 30, 400, 16_000, 1_400_000])
@pytest.mark.parametrize("level", [0.025, 0.0003, 1e-5, 1e-9])
def test_limits_of_a_share_are_missed_as_often_as_they_say(rows, level):
    hits = np.array(sorted({0, 1, 2, 5, rows // 10, rows // 2, rows - 3, rows}), float)
    low, high = limits.share_limits(hits / rows, np.full(len(hits), float(rows)), level)
    inner = hits < rows
    assert stats.binom.cdf(hits[inner], rows, high[inner]) == pytest.approx(level, rel=1e-6)
    assert stats.binom.sf(hits[hits > 0] - 1, rows, low[hits > 0]) == pytest.approx(level, rel=1e-6)
    assert (low[0], high[-1]) == (0.0, 1.0)


def test_a_share_that_is_not_known_has_no_limits_and_fractional_rows_have():
    low, high = limits.share_limits(np.array([np.nan, 0.5]), np.array([10.0, 12.7]), 0.025)
    assert np.isnan(low[0])
    assert np.isnan(high[0])
    assert high[1] == pytest.approx(stats.beta.isf(0.025, 6.35 + 1, 6.35), rel=1e-9)


@pytest.mark.parametrize("rows", [2, 3, 4, 30, 400])
def test_limits_of_a_mean_are_students(rows):
    low, high = limits.mean_limits(np.zeros(1), np.ones(1), np.array([float(rows)]), 0.0005)
    assert high[0] == pytest.approx(stats.t.isf(0.0005, rows - 1), rel=1e-9)
    assert low[0] == -high[0]


@pytest.mark.parametrize("rows", [10, 37, 1000, 1_400_000])
def test_wilson_is_scipys(rows):
    for hits in sorted({0, 1, rows // 3, rows}):
        low, high = limits.wilson(np.array([hits / rows]), np.array([float(rows)]), 0.95)
        theirs = stats.binomtest(hits, rows).proportion_ci(method="wilson")
        assert (low[0], high[0]) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


@pytest.mark.parametrize("rows", [1, 2, 10, 30])
@pytest.mark.parametrize("level", [0.025, 5e-4, 1e-6])
def test_upper_limits_are_missed_exactly_as_often_as_they_say(rows, level):
    """By the definition of Clopper and Pearson, in fractions without rounding."""
    hits = np.arange(float(rows))
    high = limits.share_limits(hits / rows, np.full(rows, float(rows)), level)[1]
    for most, end in enumerate(map(Fraction, high)):
        chances = [math.comb(rows, k) * end**k * (1 - end) ** (rows - k) for k in range(most + 1)]
        assert float(sum(chances)) == pytest.approx(level, rel=1e-9)


@pytest.mark.parametrize(
    ("level", "freedom", "expected"),
    # mpmath's incomplete beta function, solved at 40 digits.
    [
        (1e-6, 2.5, 220.173429178237),
        (1e-3, 1.5, 52.1844300089926),
        (1e-9, 5, 98.93722464837),
        (1e-12, 9, 51.4149160232822),
    ],
)
def test_students_quantile_far_out_and_between_whole_degrees(level, freedom, expected):
    assert float(limits.student_quantile(level, freedom)) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize(("keys", "expected"), [(2, 12.7062), (3, 4.3027), (11, 2.2281), (1e7, 1.96)])
def test_few_keys_widen_by_students_quantile_through_the_normal_one(keys, expected):
    assert float(student(keys)) * limits.Z_95 == pytest.approx(expected, rel=1e-4)


def test_wilsons_ends_are_exact_at_none_and_all():
    low, high = limits.wilson(np.array([0.0, 1.0]), np.array([7.0, 7.0]), 0.95)
    assert (low[0], high[1]) == (0.0, 1.0)


def test_scipy_is_loaded_by_the_first_quantile_and_not_before():
    code = "import sys; import sluicegate.stats.limits, sluicegate.stats.leaks, sluicegate.stats.distances; print('scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
