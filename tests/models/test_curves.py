import numpy as np
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from models import curves
from models.network import NetworkAnswer
from models.rows import ModelRows


@pytest.fixture
def sample():
    draw = np.random.default_rng(0)
    score = draw.uniform(size=500).round(2)
    return score, draw.uniform(size=500) < score, draw.integers(1, 4, 500).astype(float)


def test_auc_agrees_with_scikit_learn_under_ties_and_weights(sample):
    score, is_positive, weight = sample
    assert curves.auc(score, is_positive, weight) == pytest.approx(
        roc_auc_score(is_positive, score, sample_weight=weight)
    )


def test_auc_without_one_class_is_a_half():
    assert curves.auc(np.array([0.1, 0.9]), np.array([True, True]), np.ones(2)) == 0.5


def accuracy(score, is_positive, weight, threshold):
    return np.average((score >= threshold) == is_positive, weights=weight)


def test_no_threshold_is_more_accurate_than_the_best(sample):
    score, is_positive, weight = sample
    best = curves.best_threshold(score, is_positive, weight)
    rivals = [accuracy(score, is_positive, weight, t) for t in np.linspace(0, 1, 1001)]
    assert accuracy(score, is_positive, weight, best) >= max(rivals) - 1e-12


def test_of_equal_thresholds_the_nearest_to_a_half_wins():
    separable = np.array([0.1, 0.2, 0.8, 0.9])
    assert curves.best_threshold(separable, separable > 0.5, np.ones(4)) == 0.5


def test_the_best_threshold_may_lie_far_from_a_half():
    assert 0.1 < curves.best_threshold(np.array([0.05, 0.1, 0.2, 0.3]), np.array([0, 0, 1, 1], bool), np.ones(4)) < 0.2


def test_log_loss_agrees_with_scikit_learn(sample):
    score, is_positive, weight = sample
    rows = ModelRows(np.empty((500, 0)), np.empty((500, 0)), is_positive.astype(int), weight)
    clipped = np.clip(score, 1e-7, 1 - 1e-7)
    curve = curves.of_epoch(np.stack([1 - clipped, clipped], 1), rows, NetworkAnswer("binary", 2, np.zeros(2)))
    assert curve["val_loss"] == pytest.approx(log_loss(is_positive, clipped, sample_weight=weight))


def test_regression_reports_the_labels_own_unit():
    rows = ModelRows(np.empty((2, 0)), np.empty((2, 0)), np.array([10.0, 20.0]), np.ones(2))
    curve = curves.of_epoch(np.array([[13.0], [17.0]]), rows, NetworkAnswer("regression", 1, np.zeros(1), 15.0, 5.0))
    assert curve == {"val_loss": pytest.approx(9 / 25), "val_rmse": pytest.approx(3)}
