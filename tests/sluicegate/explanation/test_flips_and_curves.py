import numpy as np
import pytest

from sluicegate.explanation.chosen import decide
from sluicegate.explanation.dependence import dependence, points
from sluicegate.explanation.flips import Answered, flip_test
from sluicegate.explanation.subject import value_groups
from sluicegate.explanation.table import of_columns
from tests.sluicegate.explanation.worlds import BINARY, asker, people, sigmoid, two


def explained(scores: np.ndarray, rows: np.ndarray) -> np.ndarray:
    return np.asarray(scores[:, -1])


def decider(scores: np.ndarray) -> np.ndarray:
    return decide(BINARY, scores)


def test_a_model_that_looks_at_sex_flips_those_near_the_threshold_and_says_which_way() -> None:
    raw = people(800)
    ask, table = asker(lambda x: two(sigmoid(x["school"] + 1.0 * (x["sex"] == "Male"))), raw)
    found = flip_test(ask, table, 0, value_groups(table, 0, ()), Answered(explained, (decider, 1)))
    male = raw["sex"] == "Male"
    lost = (raw["school"][male] < 0) & (raw["school"][male] >= -1)
    won = (raw["school"][~male] < 0) & (raw["school"][~male] >= -1)
    pairs = {(pair.before, pair.after): pair for pair in found.pairs}
    assert set(pairs) == {("Male", "Female"), ("Female", "Male")}
    assert pairs["Male", "Female"].from_positive == pytest.approx(lost.mean())
    assert pairs["Male", "Female"].to_positive == 0
    assert pairs["Female", "Male"].to_positive == pytest.approx(won.mean())
    assert (pairs["Female", "Male"].change.low or 0) > 0
    assert found.flipped is not None
    assert found.flipped.value == pytest.approx((lost.sum() + won.sum()) / 800)
    assert found.rows == 800


def test_a_model_that_takes_sex_from_the_job_flips_nobody() -> None:
    ask, table = asker(lambda x: two(sigmoid(x["school"] + 1.0 * (x["job"] == "smith"))), people(300))
    found = flip_test(ask, table, 0, value_groups(table, 0, ()), Answered(explained, (decider, 1)))
    assert found.flipped is not None
    assert (found.flipped.value, found.largest_change.value) == (0, 0)


def test_a_regressions_flip_is_the_change_of_its_value_between_bins() -> None:
    raw = {"age": np.array([20.0, 20, 30, 50, 50, np.nan])}
    ask, table = asker(lambda x: np.nan_to_num(x["age"])[:, None], raw)
    found = flip_test(ask, table, 0, value_groups(table, 0, (25, 45)), Answered(explained, None))
    pairs = {(pair.before, pair.after): pair for pair in found.pairs}
    assert pairs["<25", ">=45"].change.value == 30
    assert (found.flipped, pairs["<25", ">=45"].flipped, found.rows) == (None, None, 6)


def test_partial_dependence_is_the_mean_of_the_rows_curves_and_scikit_learns() -> None:
    from sklearn.ensemble import GradientBoostingRegressor
    from sklearn.inspection import partial_dependence

    rng = np.random.default_rng(0)
    raw = {"a": rng.integers(0, 8, 200).astype(float), "b": rng.normal(size=200)}
    columns = np.stack(list(raw.values()), axis=1)
    fitted = GradientBoostingRegressor(n_estimators=20, random_state=0).fit(columns, raw["a"] * raw["b"])
    ask, table = asker(lambda x: fitted.predict(np.stack(list(x.values()), axis=1))[:, None], raw)
    found = dependence(ask, explained, table, np.arange(200), 0)
    oracle = partial_dependence(fitted, columns, [0], kind="both", method="brute")
    np.testing.assert_allclose([p.mean for p in found.points], oracle["average"][0], atol=1e-12)
    np.testing.assert_allclose(found.ice, oracle["individual"][0][list(found.ice_rows)], atol=1e-6)
    assert [point.at for point in found.points] == list(range(8))
    assert sum(point.share for point in found.points) == pytest.approx(1)


def test_points_reach_the_ends_hold_a_missing_value_and_are_no_more_than_20() -> None:
    table = of_columns(
        {
            "mostly 0": np.concatenate([np.zeros(900), np.arange(1.0, 100), [np.nan]]),
            "names": np.array([f"n{i % 40}" for i in range(1000)], object),
        }
    )
    texts = [table.columns[0].text(code) for code in points(table, 0).tolist()]
    assert (texts[0], texts[-2:]) == ("0", ["99", "(missing)"])
    assert 10 <= len(texts) <= 20
    assert len(points(table, 1)) == 20
