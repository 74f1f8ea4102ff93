"""Orders of columns: honest ones are hardly ever said to contradict each other, and true mis-orders are found."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from sluicegate.explanation.order import ColumnRanking, compare, is_open, jackknife

Noise = Callable[[np.random.Generator, tuple[int, int]], np.ndarray]
RUNS = 1000
#: Share of honest runs that may be said to contradict themselves.
MOST = 0.01
NOISES: dict[str, Noise] = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "heavy tails": lambda rng, shape: rng.standard_t(3, size=shape),
    "skewed": lambda rng, shape: rng.lognormal(size=shape) - np.exp(0.5),
    "hanging together": lambda rng, shape: rng.normal(size=shape) + 5 * rng.normal(size=(shape[0], 1)),
}
WORLDS = {
    "all alike": np.ones(30),
    "near ties": np.linspace(1, 1.5, 30),
    "a few that count": np.concatenate([[5, 4, 3, 2, 1.0], np.zeros(25)]),
    "few columns": np.array([3, 2, 1.5, 1.2, 1.0, 0.0]),
}


def draws(rng: np.random.Generator, world: np.ndarray, noise: Noise, repeats: int, scale: float = 0.3) -> ColumnRanking:
    return ColumnRanking.of_draws(world + scale * noise(rng, (repeats, len(world))))


@pytest.mark.parametrize("repeats", [5, 20])
@pytest.mark.parametrize("noise", NOISES.values(), ids=NOISES)
@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)
def test_two_honest_orders_contradict_each_other_in_less_than_a_hundredth_of_runs(
    world: np.ndarray, noise: Noise, repeats: int
) -> None:
    rng = np.random.default_rng(0)
    runs = RUNS // 5
    wrong = sum(
        compare(draws(rng, world, noise, repeats), draws(rng, world, noise, repeats)).contradict > 0
        for _ in range(runs)
    )
    assert wrong <= MOST * runs


def test_the_rate_of_false_alarms_over_a_thousand_runs_of_equals() -> None:
    """The hardest case: every order is chance alone."""
    rng = np.random.default_rng(1)
    world, noise = np.ones(8), NOISES["normal"]
    pairs = [(draws(rng, world, noise, 10), draws(rng, world, noise, 10)) for _ in range(RUNS)]
    assert sum(compare(*pair).contradict > 0 for pair in pairs) <= MOST * RUNS


@pytest.mark.parametrize("columns", [(0, 1), (1, 3), (0, 5)])
def test_two_columns_that_truly_change_places_are_found_in_nine_of_ten_runs(columns: tuple[int, int]) -> None:
    rng = np.random.default_rng(2)
    world = np.array([3, 2, 1.5, 1.0, 0.5, 0.0])
    swapped = world.copy()
    swapped[list(columns)] = world[list(columns[::-1])]
    found = sum(
        compare(draws(rng, world, NOISES["normal"], 10), draws(rng, swapped, NOISES["normal"], 10)).contradict > 0
        for _ in range(200)
    )
    assert found >= 180


def test_more_repeats_find_a_mis_order_that_few_cannot() -> None:
    rng = np.random.default_rng(3)
    world = np.linspace(1.5, 1.0, 6)
    shares = [
        np.mean([
            compare(draws(rng, world, NOISES["normal"], n), draws(rng, world[::-1], NOISES["normal"], n)).contradict > 0
            for _ in range(100)
        ])
        for n in (5, 10, 40)
    ]  # fmt: skip
    assert shares[0] < shares[1] <= shares[2]
    assert shares[2] >= 0.9


def test_agreement_by_luck_settles_nothing() -> None:
    rng = np.random.default_rng(4)
    four = [draws(rng, np.arange(4.0), NOISES["normal"], 50, 1e-6) for _ in range(2)]
    five = [draws(rng, np.arange(5.0), NOISES["normal"], 50, 1e-6) for _ in range(2)]
    assert (compare(*four).is_settled, compare(*five).is_settled) == (False, True)
    assert (is_open(*four), is_open(*five)) == (False, False)
    assert is_open(draws(rng, np.ones(9), NOISES["normal"], 5), draws(rng, np.ones(9), NOISES["normal"], 5))


def test_nan_equal_and_too_few_draws_tell_nothing_apart() -> None:
    nothing = ColumnRanking.of_draws(np.full((9, 6), np.nan))
    assert (compare(nothing, nothing).pairs, is_open(nothing, nothing)) == (0, False)
    same = ColumnRanking.of_draws(np.tile(np.ones(6), (9, 1)))
    assert compare(same, same).pairs == 0
    two = ColumnRanking.of_draws(np.random.default_rng(0).normal(size=(2, 6)))
    assert compare(two, two).pairs == 0


def test_the_jackknife_has_the_error_of_a_mean_of_absolute_values() -> None:
    rng = np.random.default_rng(5)
    means, errors = [], []
    for _ in range(400):
        parts = rng.normal(1.0, 1.0, size=(10, 1, 3)) + rng.normal(size=(10, 40, 3))
        found = ColumnRanking.of_draws(jackknife(parts))
        means.append(np.abs(parts.mean(axis=0)).mean(axis=0))
        errors.append(np.sqrt(np.diag(found.covariance)))
    assert np.mean(errors, axis=0) == pytest.approx(np.std(means, axis=0), rel=0.15)
