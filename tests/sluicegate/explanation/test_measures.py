"""Values and standard errors against scikit-learn and the bootstrap."""

from collections.abc import Callable

import numpy as np
import pytest
from sklearn import metrics

from sluicegate.explanation.measures import (
    InfluencedValue,
    auc,
    gap,
    log_loss,
    quality,
    r2,
    share_estimate,
    standard_error,
)

RNG = np.random.default_rng(8)
N = 800
LABEL = RNG.integers(0, 2, N)
SCORE = np.round(LABEL + RNG.normal(size=N), 1)
WEIGHT = RNG.uniform(0.2, 3, N)
CLASSES = RNG.integers(0, 3, N)
SHARES = RNG.dirichlet([1, 1, 1], N) + np.eye(3)[CLASSES]
VALUE, TRUE = RNG.normal(size=N), RNG.normal(size=N)
VALUE = TRUE + VALUE


def measured(name: str, rows: np.ndarray) -> InfluencedValue:
    weight = WEIGHT[rows]
    if name == "auc":
        return auc(SCORE[rows], LABEL[rows] == 1, weight)
    if name == "log_loss":
        return log_loss(SHARES[rows], CLASSES[rows], weight)
    if name == "gap":
        return gap(SCORE[rows], CLASSES[rows] == 0, CLASSES[rows] == 2, weight)
    return r2(VALUE[rows], TRUE[rows], weight)


ORACLES: dict[str, Callable[[], float]] = {
    "auc": lambda: metrics.roc_auc_score(LABEL, SCORE, sample_weight=WEIGHT),
    "log_loss": lambda: metrics.log_loss(CLASSES, SHARES / SHARES.sum(1, keepdims=True), sample_weight=WEIGHT),
    "r2": lambda: metrics.r2_score(TRUE, VALUE, sample_weight=WEIGHT),
    "gap": lambda: (
        np.average(SCORE[CLASSES == 0], weights=WEIGHT[CLASSES == 0])
        - np.average(SCORE[CLASSES == 2], weights=WEIGHT[CLASSES == 2])
    ),
}


@pytest.mark.parametrize("name", ORACLES)
def test_the_value_is_scikit_learns(name: str) -> None:
    assert measured(name, np.arange(N)).value == pytest.approx(ORACLES[name](), abs=1e-12)


@pytest.mark.parametrize("name", ["auc", "log_loss", "gap"])
def test_the_standard_error_is_that_of_the_bootstrap(name: str) -> None:
    rng = np.random.default_rng(1)
    draws = [measured(name, rng.integers(0, N, N)).value for _ in range(600)]
    error = standard_error(measured(name, np.arange(N)).influence, WEIGHT)
    assert error == pytest.approx(np.std(draws), rel=0.1)


def test_one_class_alone_has_no_auc_and_a_constant_label_no_r2() -> None:
    assert np.isnan(auc(SCORE, np.ones(N, bool), WEIGHT).value)
    assert np.isnan(r2(VALUE, np.ones(N), WEIGHT).value)


def test_quality_of_each_task() -> None:
    ones = np.ones(N)
    assert quality("binary", LABEL, ones)(np.stack([-SCORE, SCORE], 1)).value == metrics.roc_auc_score(LABEL, SCORE)
    assert quality("regression", TRUE, ones)(VALUE[:, None]).value == pytest.approx(metrics.r2_score(TRUE, VALUE))


def test_a_share_of_0_and_of_1_has_an_interval_that_ends_there() -> None:
    none, everyone = share_estimate(np.zeros(50, bool)), share_estimate(np.ones(50, bool))
    assert (none.low, everyone.high) == (0.0, 1.0)
    assert none.high == pytest.approx(1 - (everyone.low or 0))
    assert share_estimate(np.zeros(0, bool)).value is None
