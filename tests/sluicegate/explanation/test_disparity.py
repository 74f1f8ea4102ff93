"""Who carries the gap: worlds in which it is known."""

import numpy as np
import pytest

from sluicegate.explanation.disparity import Decomposed, Sides, decompose, donors
from tests.sluicegate.explanation.worlds import asker, people, sigmoid, two


def selected(scores: np.ndarray, rows: np.ndarray) -> np.ndarray:
    return np.asarray(scores[:, -1] >= 0.5, float)


def decomposed(model, raw, exact: bool = True, seed: int = 0, count: int = 1) -> tuple[Decomposed, tuple[str, ...]]:  # type: ignore[no-untyped-def]
    ask, table = asker(model, raw)
    rng = np.random.default_rng(seed)
    others = donors(table.codes, len(table), count, rng)
    sides = Sides(table.codes, raw["sex"] == "Male", np.ones(len(table)), others)
    players = [[j] for j in range(len(table.columns))]
    return decompose(ask, selected, players, sides, (exact, rng)), table.names


def by_job(raw: dict[str, np.ndarray]) -> np.ndarray:
    return two(sigmoid(2.0 * (raw["job"] == "smith") - 1 + raw["school"]))


def by_both(raw: dict[str, np.ndarray]) -> np.ndarray:
    return two(sigmoid(4.0 * ((raw["job"] == "smith") & (raw["sex"] == "Male")) - 2 + raw["school"]))


@pytest.mark.parametrize("exact", [True, False])
def test_one_proxy_carries_it_all_and_what_the_model_ignores_nothing(exact: bool) -> None:
    found, names = decomposed(by_job, people(), exact)
    shares = dict(zip(names, found.shares, strict=True))
    assert found.full > 0.4
    assert (shares["job"].value or 0) > 0.85 * found.full
    assert (shares["job"].low or 0) > 0.3
    assert abs(shares["school"].value or 0) < 0.05
    assert [shares[name].value for name in ("sex", "hours", "noise0")] == pytest.approx([0, 0, 0], abs=1e-12)
    assert found.efficiency_error < 1e-12


def test_two_columns_that_only_work_together_share_it() -> None:
    raw = people()
    raw["job"] = np.where(raw["sex"] == "Male", "smith", "nurse").astype(object)
    found, names = decomposed(by_both, raw, count=5)
    shares = dict(zip(names, found.shares, strict=True))
    # Symmetric players get the same; what is left is the shuffles' noise.
    assert shares["sex"].value == pytest.approx(shares["job"].value, abs=0.05)
    assert (shares["sex"].value or 0) > 0.3 * found.full


def test_the_shares_do_not_depend_on_the_method() -> None:
    raw = people(4000)
    exact, sampled = (decomposed(by_both, raw, how, seed=3, count=4)[0] for how in (True, False))
    for one, other in zip(exact.shares, sampled.shares, strict=True):
        assert one.value == pytest.approx(other.value, abs=0.02)


def test_intervals_cover_the_shares_of_a_hundred_times_as_many_people() -> None:
    truth = [share.value or 0.0 for share in decomposed(by_both, people(60_000, seed=99))[0].shares]
    inside = []
    for seed in range(200):
        found, _ = decomposed(by_both, people(600, seed=seed), exact=False, seed=seed)
        inside.append([(s.low or 0) <= true <= (s.high or 0) for s, true in zip(found.shares[:3], truth, strict=False)])
    covered = np.mean(inside, axis=0)
    assert (covered > 0.91).all(), covered
    assert (covered < 0.995).all(), covered


def test_every_row_of_the_pool_gives_its_values_as_often_as_any_other() -> None:
    pool = np.arange(7)[:, None].astype(np.int32)
    given = donors(pool, 21, 2, np.random.default_rng(0))
    assert given.shape == (21, 2, 1)
    assert np.bincount(given.ravel()).tolist() == [6] * 7
