"""Intervals against other people's numbers, scipy, and simulation."""

import math

import numpy as np
import pytest
from scipy import stats

from components.quality_gate.intervals import auc_standard_error, hanley_mcneil, olkin_finn, wilson


@pytest.mark.parametrize(("hits", "rows"), [(0, 10), (1, 10), (5, 10), (10, 10), (81, 263), (15, 148), (9999, 10000)])
def test_wilson_agrees_with_scipy(hits: int, rows: int) -> None:
    expected = stats.binomtest(hits, rows).proportion_ci(0.95, method="wilson")
    assert wilson(hits / rows, rows) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_wilson_of_newcombe_1998_table_i() -> None:
    assert wilson(81 / 263, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)


@pytest.mark.parametrize(("share", "rows"), [(0.5, 0), (0.5, math.nan), (math.nan, 10), (-0.1, 10), (1.1, 10)])
def test_wilson_without_rows_or_share_has_none(share: float, rows: float) -> None:
    assert wilson(share, rows) is None


def test_standard_error_is_that_of_exponential_scores() -> None:
    # Hanley & McNeil's Q1 and Q2 are exact for exponential scores, where the area is ratio / (1 + ratio).
    rng, ratio, positives, negatives = np.random.default_rng(2), 4.0, 51, 58
    areas = [
        (rng.exponential(ratio, (positives, 1)) > rng.exponential(1.0, (1, negatives))).mean() for _ in range(20_000)
    ]
    assert np.mean(areas) == pytest.approx(0.8, abs=0.002)
    assert np.std(areas) == pytest.approx(auc_standard_error(0.8, positives, negatives), rel=0.02)


def test_auc_interval_solves_its_equation() -> None:
    low, high = hanley_mcneil(0.8, 100, 300)
    for end in (low, high):
        assert abs(end - 0.8) == pytest.approx(1.959964 * auc_standard_error(end, 100, 300), rel=1e-6)
    assert low < 0.8 < high


@pytest.mark.parametrize("auc", [0.0, 0.5, 1.0])
def test_auc_interval_stays_inside_and_never_closes(auc: float) -> None:
    low, high = hanley_mcneil(auc, 5, 5)
    assert 0 <= low < high <= 1
    assert low <= auc <= high


def test_a_perfect_auc_of_three_against_three_does_not_exclude_chance() -> None:
    assert hanley_mcneil(1.0, 2, 2)[0] < 0.5
    assert hanley_mcneil(1.0, 100, 100)[0] > 0.9


def test_auc_interval_needs_both_classes() -> None:
    assert hanley_mcneil(0.7, 0, 10) is None
    assert hanley_mcneil(0.7, 10, 0) is None
    assert hanley_mcneil(math.nan, 10, 10) is None


def test_auc_interval_covers_the_true_auc_in_95_of_100_draws() -> None:
    rng = np.random.default_rng(3)
    positives, negatives, shift = 80, 160, 1.2
    truth = stats.norm.cdf(shift / math.sqrt(2))
    covered = 0
    for _ in range(400):
        ranks = stats.rankdata(np.r_[rng.normal(shift, 1, positives), rng.normal(0, 1, negatives)])
        auc = (ranks[:positives].sum() - positives * (positives + 1) / 2) / (positives * negatives)
        low, high = hanley_mcneil(auc, positives, negatives)
        covered += low <= truth <= high
    assert 0.92 <= covered / 400 <= 0.98


def test_r2_interval_covers_the_true_r2_in_95_of_100_draws() -> None:
    rng = np.random.default_rng(4)
    rows, truth, covered = 300, 0.5, 0
    for _ in range(400):
        prediction = rng.normal(size=rows)
        label = prediction + rng.normal(size=rows)
        low, high = olkin_finn(1 - ((label - prediction) ** 2).mean() / label.var(), rows)
        covered += low <= truth <= high
    assert 0.92 <= covered / 400 <= 0.98


def test_r2_interval_by_hand() -> None:
    # r2 = 0.25, n = 103: variance 4 * .25 * .75^2 * 101^2 / ((103^2 - 1) * 106) = 0.0051029
    low, high = olkin_finn(0.25, 103)
    assert (low, high) == pytest.approx((0.25 - 1.96 * 0.071435, 0.25 + 1.96 * 0.071435), abs=1e-4)


@pytest.mark.parametrize(("r2", "rows"), [(-0.1, 100), (1.1, 100), (0.5, 3), (math.nan, 100)])
def test_r2_interval_has_none_outside_its_theory(r2: float, rows: float) -> None:
    assert olkin_finn(r2, rows) is None
