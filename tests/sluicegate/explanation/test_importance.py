"""Permutation importance against scikit-learn's, and its intervals against repeated samples."""

import numpy as np
import pytest
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LinearRegression

from sluicegate.explanation.importance import losses, shuffled
from sluicegate.explanation.measures import auc, quality
from tests.sluicegate.explanation.worlds import asker, numbers, sigmoid, two

REPEATS = 60


def test_it_agrees_with_scikit_learn_within_the_noise_of_the_shuffles() -> None:
    raw = numbers(400, 4, seed=2)
    columns = np.stack(list(raw.values()), axis=1)
    label = columns @ [2, 1, 0.3, 0] + np.random.default_rng(0).normal(size=400)
    fitted = LinearRegression().fit(columns, label)
    ask, table = asker(lambda x: fitted.predict(np.stack(list(x.values()), axis=1))[:, None], raw)
    measure = quality("regression", label, np.ones(400))
    found = losses(
        ask, table.codes, [[j] for j in range(4)], [(measure, 1.0)], (np.ones(400), REPEATS, np.random.default_rng(5))
    )
    oracle = permutation_importance(fitted, columns, label, scoring="r2", n_repeats=REPEATS, random_state=0)
    for [loss], mean, sd in zip(found, oracle.importances_mean, oracle.importances_std, strict=True):
        noise = np.hypot(loss.repeat_sd or 0, sd) / np.sqrt(REPEATS)
        assert abs((loss.whole.value or 0) - mean) < 4 * noise + 1e-12
        assert loss.repeat_sd == pytest.approx(sd, rel=0.5, abs=1e-9)


def test_the_interval_covers_what_many_rows_would_show() -> None:
    def model(x: dict[str, np.ndarray]) -> np.ndarray:
        return two(sigmoid(1.5 * x["x0"] + x["x1"]))

    def loss_of_first(rows: int, seed: int, repeats: int) -> tuple[float, float, float]:
        raw = numbers(rows, 2, seed)
        positive = np.random.default_rng(seed + 10_000).random(rows) < model(raw)[:, 1]
        ask, table = asker(model, raw)  # type: ignore[arg-type]
        weight = np.ones(rows)
        setup = (weight, repeats, np.random.default_rng(seed))
        [[loss]] = losses(ask, table.codes, [[0]], [(lambda s: auc(s[:, 1], positive, weight), 1.0)], setup)
        assert loss.whole.value is not None
        assert loss.whole.low is not None
        assert loss.whole.high is not None
        return loss.whole.value, loss.whole.low, loss.whole.high

    truth = loss_of_first(100_000, 0, 3)[0]
    inside = [low <= truth <= high for _, low, high in (loss_of_first(400, seed, 5) for seed in range(1, 501))]
    assert 0.93 <= np.mean(inside) <= 0.985


def test_columns_of_a_group_change_rows_together() -> None:
    raw = {"a": np.arange(50.0), "b": np.arange(50.0) * 2, "c": np.arange(50.0)}
    _, table = asker(lambda x: x["a"][:, None], raw)
    many = table.raw(shuffled(table.codes, [0, 1], 3, np.random.default_rng(0))[0])
    np.testing.assert_array_equal(many["b"], 2 * many["a"])
    np.testing.assert_array_equal(many["c"], np.tile(raw["c"], 3))
    assert sorted(many["a"][:50].tolist()) == raw["a"].tolist()
    assert (many["a"] != many["c"]).mean() > 0.9


def test_a_column_that_the_model_ignores_loses_exactly_nothing() -> None:
    raw = numbers(200, 2)
    ask, table = asker(lambda x: two(sigmoid(x["x0"])), raw)
    label = raw["x0"] > 0
    weight = np.ones(200)
    setup = (weight, 5, np.random.default_rng(0))
    found = losses(ask, table.codes, [[0], [1]], [(lambda s: auc(s[:, 1], label, weight), 1.0)], setup)
    assert found[0][0].whole.value == pytest.approx(0.5, abs=0.05)
    assert (found[1][0].whole.value, found[1][0].whole.low, found[1][0].whole.high) == (0, 0, 0)


def test_log_loss_that_rises_is_a_loss_above_0() -> None:
    raw = numbers(300, 2)
    label = (raw["x0"] > 0).astype(int)
    ask, table = asker(lambda x: two(sigmoid(3 * x["x0"])), raw)
    setup = (np.ones(300), 3, np.random.default_rng(0))
    [[loss]] = losses(ask, table.codes, [[0]], [(quality("multiclass", label, np.ones(300)), -1.0)], setup)
    assert (loss.whole.low or 0) > 0
