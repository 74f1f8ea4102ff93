"""The data gate's error rates by simulation, as `python -m benchmarks.gates` prints them for more sizes.

More than 1,300 runs on sufficient statistics. The limit is 0, the hardest there is: whatever noise makes lies beyond it.
"""

from __future__ import annotations

import pytest

from benchmarks.gate_families import FAMILIES
from benchmarks.gates_data import SHIFTS, at_the_limit, finds, honest, leaks_found, named
from components.data_gate import core

#: Of all families the one whose rate comes nearest to the level: continuous, so that Smirnov's bound is all but exact.
AMOUNTS = [family for family in FAMILIES if family.name == "lognormal amounts"]
#: Of 1,000 runs at 1 % so many or fewer refuse in 99 of 100 cases; at 3 % in 2 of 100.
MOST = 18


def test_honest_data_are_refused_in_one_run_of_a_hundred_at_most() -> None:
    assert honest(AMOUNTS, 300, 5, 0.0, 1000).hits <= MOST


def test_no_family_is_refused_more_often() -> None:
    found = [honest([family], 300, 3, 0.0, 40, seed) for seed, family in enumerate(FAMILIES)]
    assert sum(one.hits for one in found) <= 9, {one.what: one.hits for one in found}


def test_columns_that_moved_exactly_to_their_limit_are_not_refused() -> None:
    assert at_the_limit(2000, 6, 100).hits <= 3


def test_no_refusals_at_the_limits_that_init_proposes() -> None:
    assert honest(FAMILIES, 300, 40, 0.1, 20).hits == 0


def test_a_level_that_the_questions_do_not_share_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the first test guards against, broken by hand: each of five columns at the whole level."""
    monkeypatch.setattr("components.data_gate.comparing.ALPHA", 5 * core.ALPHA)
    assert honest(AMOUNTS, 300, 5, 0.0, 500).hits > MOST / 2


def test_real_drift_stays_found() -> None:
    for one in named(0.1):
        assert one.hits >= 0.9 * one.runs, one


@pytest.mark.parametrize(("what", "shift"), SHIFTS, ids=[what for what, _ in SHIFTS])
def test_nothing_is_found_where_nothing_moved(what: str, shift: object) -> None:
    assert finds(shift, 1000, 5, 0.0, 10) == 0


def test_a_leak_is_found_and_a_feature_of_097_is_none() -> None:
    assert leaks_found(3000, 10, 0.998, 0.3, 20).hits >= 18
    assert leaks_found(1000, 10, 0.97, 0.3, 100).hits == 0
    assert leaks_found(1000, 10, 0.97, 0.3, 100, is_mixture=True).hits == 0
