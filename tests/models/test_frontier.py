"""A sweep gives the models that the Trainer would make, and fits nothing on the judged rows."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from models import decision, fitting, frontier
from models.network import NetworkAnswer
from models.plan import TrainingPlan
from models.rows import ModelRows
from models.vocabulary import Vocabulary

NO_TEXTS = Vocabulary((), np.zeros(2, np.int64))
PLAN = TrainingPlan(epochs=4, layers=(8,), members=1, max_knots=8, patience=4, seed=5)


def unequal(seed, rows=1500):
    draw = np.random.default_rng(seed)
    is_first = draw.uniform(size=rows) < 0.6
    signal = draw.normal(size=rows)
    label = (signal + 1.2 * (is_first - 0.5) + 0.6 * draw.normal(size=rows) > 0.2).astype(np.int64)
    numbers = np.stack([signal, is_first + 0.4 * draw.normal(size=rows)], 1).astype(np.float32)
    group = np.where(is_first, b"first", b"second").astype(np.bytes_)
    return ModelRows(numbers, np.zeros((rows, 0), np.int64), label, np.ones(rows, np.float32), group)


@pytest.fixture(scope="module")
def splits():
    return frontier.Splits(unequal(0), unequal(1), unequal(2))


def swept(splits, method, strengths):
    plan = replace(PLAN, mitigation=method)
    return list(frontier.sweep(splits, NO_TEXTS, NetworkAnswer.fitted("binary", 2, splits.train), plan, strengths))


@pytest.mark.parametrize("method", ["reweigh", "constrained", "thresholds"])
def test_a_point_is_the_model_that_training_makes_of_its_plan_alone(splits, method):
    points = swept(splits, method, (0.3, 1.0))
    plan = replace(PLAN, mitigation=method, mitigation_strength=1.0)
    answer = NetworkAnswer.fitted("binary", 2, splits.train)
    alone = fitting.fit(splits.train, splits.held_out, NO_TEXTS, answer, plan)
    decided = decision.fit(fitting.score(alone.model, splits.held_out, answer), splits.held_out, plan)
    scores = fitting.score(alone.model, splits.judged, answer)
    if decided.of_group:
        scores = decided.served(tf.constant(scores), tf.constant(splits.judged.group_keys)).numpy()
    assert [point.plan.mitigation_strength for point in points] == [0.3, 1.0]
    np.testing.assert_allclose(points[1].scores, scores, atol=1e-5)
    assert points[1].threshold == pytest.approx(decided.threshold, abs=1e-5)
    assert not np.allclose(points[0].scores, points[1].scores, atol=1e-3)


def test_nothing_is_fitted_on_the_judged_rows(splits):
    judged = splits.judged
    other = replace(splits, judged=replace(judged, label=1 - judged.label, weight=judged.weight * 7))
    [first], [second] = swept(splits, "thresholds", (1.0,)), swept(other, "thresholds", (1.0,))
    np.testing.assert_array_equal(first.scores, second.scores)
    assert first.threshold == second.threshold
