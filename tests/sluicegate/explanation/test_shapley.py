"""Contributions against values that are known, and against shap on the same question."""

import numpy as np
import pytest

from sluicegate.explanation.asking import ModelEvaluator
from sluicegate.explanation.shapley import Contributions, Game, coalition_weights, play
from tests.sluicegate.explanation.worlds import asker, linear, numbers, sigmoid

WEIGHTS = {"x0": 2.0, "x1": -1.0, "x2": 0.5, "x3": 0.0}


def first(scores: np.ndarray, rows: np.ndarray) -> np.ndarray:
    return scores[:, 0]


def explained(
    ask: ModelEvaluator, rows: np.ndarray, references: np.ndarray, exact: bool, seed: int = 0
) -> Contributions:
    each = np.broadcast_to(references, (len(rows), *references.shape))
    players = [[j] for j in range(rows.shape[1])]
    return play(Game(ask, first, players, rows, each, exact), np.random.default_rng(seed))


@pytest.mark.parametrize("exact", [True, False])
def test_a_linear_model_contributes_its_weight_times_the_distance_from_the_mean_reference(exact: bool) -> None:
    raw = numbers(60, 4)
    ask, table = asker(linear(WEIGHTS), raw)
    found = explained(ask, table.codes[:20], table.codes[20:], exact)
    columns = np.stack(list(raw.values()), axis=1)
    wanted = np.array(list(WEIGHTS.values())) * (columns[:20] - columns[20:].mean(axis=0))
    np.testing.assert_allclose(found.values, wanted, atol=1e-12)
    assert found.completeness_errors.max() < 1e-12


def crossed(raw: dict[str, np.ndarray]) -> np.ndarray:
    """An interaction of two, one of three, and a bend."""
    a, b, c, d = (raw[f"x{j}"] for j in range(4))
    return sigmoid(a * b + 2 * a * b * c - np.abs(d))[:, None]


def test_exact_values_are_those_of_shap() -> None:
    import shap

    raw = numbers(40, 4, seed=4)
    ask, table = asker(crossed, raw)  # type: ignore[arg-type]
    found = explained(ask, table.codes[:10], table.codes[10:], exact=True)
    columns = np.stack(list(raw.values()), axis=1)

    def model(x: np.ndarray) -> np.ndarray:
        return crossed({f"x{j}": x[:, j] for j in range(4)})[:, 0]

    oracle = shap.ExactExplainer(model, shap.maskers.Independent(columns[10:], max_samples=30))(columns[:10])
    np.testing.assert_allclose(found.values, oracle.values, atol=1e-9)
    np.testing.assert_allclose(found.at_reference, oracle.base_values, atol=1e-9)


def test_sampled_values_lie_within_their_own_errors_of_shap_exact() -> None:
    import shap

    raw = numbers(540, 4, seed=5)
    ask, table = asker(crossed, raw)  # type: ignore[arg-type]
    references = table.codes[40:]
    found = explained(ask, table.codes[:40], references, exact=False)
    columns = np.stack(list(raw.values()), axis=1)

    def model(x: np.ndarray) -> np.ndarray:
        return crossed({f"x{j}": x[:, j] for j in range(4)})[:, 0]

    oracle = shap.ExactExplainer(model, shap.maskers.Independent(columns[40:], max_samples=500))(columns[:40])
    apart = (found.values - oracle.values) / found.errors
    # The references are the same on both sides, so the error, which covers their choice, is wider than needed.
    assert np.sqrt((apart**2).mean()) < 1.05
    assert np.abs(found.values - oracle.values).max() < 0.03
    assert found.completeness_errors.max() < 1e-12


def test_errors_cover_another_draw_of_references() -> None:
    raw = numbers(6020, 4, seed=6)
    ask, table = asker(crossed, raw)  # type: ignore[arg-type]
    rows = table.codes[:20]
    truth = explained(ask, rows, table.codes[20:], exact=True).values
    inside = []
    for draw in range(30):
        references = table.codes[20 + 200 * draw : 20 + 200 * (draw + 1)]
        found = explained(ask, rows, references, exact=False, seed=draw)
        inside.append(np.abs(found.values - truth) < 1.96 * found.errors)
    assert 0.92 < np.mean(inside) < 0.98


def test_an_order_and_its_reverse_are_exact_where_no_more_than_two_columns_interact() -> None:
    raw = numbers(8, 5, seed=7)
    ask, table = asker(lambda x: (x["x0"] * x["x1"] + x["x2"] * x["x3"] - x["x4"])[:, None], raw)
    rows, references = table.codes[:3], table.codes[3:]
    exact, sampled = (explained(ask, rows, references, how) for how in (True, False))
    np.testing.assert_allclose(sampled.values, exact.values, atol=1e-12)


def test_groups_of_columns_are_one_player() -> None:
    raw = numbers(50, 4)
    ask, table = asker(crossed, raw)  # type: ignore[arg-type]
    rows, references = table.codes[:5], np.broadcast_to(table.codes[5:], (5, 45, 4))
    game = Game(ask, first, [[0, 1, 2], [3]], rows, references, exact=True)
    found = play(game, np.random.default_rng(0))
    both = ask(rows)[:, 0]
    without_last = ask(np.concatenate([np.where([True, True, True, False], r, references[0]) for r in rows]))
    without_first = ask(np.concatenate([np.where([False, False, False, True], r, references[0]) for r in rows]))
    last, rest = (one[:, 0].reshape(5, 45).mean(axis=1) for one in (without_last, without_first))
    wanted = ((both - last) + (rest - found.at_reference)) / 2
    np.testing.assert_allclose(found.values[:, 1], wanted, atol=1e-12)


@pytest.mark.parametrize("players", [1, 2, 5, 8])
def test_coalition_weights_make_shares_that_sum_to_the_whole(players: int) -> None:
    inside = (np.arange(2**players)[:, None] >> np.arange(players)) & 1 > 0
    weights = coalition_weights(inside)
    np.testing.assert_allclose(weights.sum(axis=1), np.eye(2**players)[-1] - np.eye(2**players)[0], atol=1e-12)


def test_many_rows_are_answered_as_few_are() -> None:
    raw = numbers(3000, 4)
    ask, table = asker(linear(WEIGHTS), raw)
    found = explained(ask, table.codes, table.codes[:10], exact=False)
    assert found.completeness_errors.max() < 1e-12
    alone = explained(ask, table.codes[-1:], table.codes[:10], exact=False)
    np.testing.assert_allclose(found.values[-1], alone.values[0], atol=1e-12)
