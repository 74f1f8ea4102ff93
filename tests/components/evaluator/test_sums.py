"""Sums of rows against scikit-learn and numpy on the same rows, in one piece and in many."""

import math
from functools import reduce

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from components.evaluator.sums import BinarySums, ClassSums, LabelSums, NumberSums, sums_for

RNG = np.random.default_rng(11)
ROWS = 500
WEIGHT = RNG.uniform(0.2, 3, ROWS)


def summed(empty: LabelSums, label: np.ndarray, scores: np.ndarray, weight: np.ndarray) -> dict[str, float]:
    for row in zip(label.tolist(), scores.tolist(), weight.tolist(), strict=True):
        empty.add(*row)
    return empty.values()


def test_binary_agrees_with_sklearn() -> None:
    score = RNG.uniform(size=ROWS).round(2)
    label = (RNG.uniform(size=ROWS) < score).astype(int)
    found = summed(BinarySums(0.4), label, np.stack([1 - score, score], 1), WEIGHT)
    given = {"y_true": label, "sample_weight": WEIGHT}
    said = score >= 0.4
    assert found["binary_crossentropy"] == pytest.approx(
        metrics.log_loss(label, score.clip(1e-7, 1 - 1e-7), sample_weight=WEIGHT)
    )
    assert found["mean_squared_error"] == pytest.approx(metrics.brier_score_loss(label, score, sample_weight=WEIGHT))
    assert found["binary_accuracy"] == pytest.approx(metrics.accuracy_score(y_pred=said, **given))
    assert found["precision"] == pytest.approx(metrics.precision_score(y_pred=said, **given))
    assert found["recall"] == pytest.approx(metrics.recall_score(y_pred=said, **given))
    assert found["f1_score"] == pytest.approx(metrics.f1_score(y_pred=said, **given))
    assert found["calibration"] == pytest.approx((WEIGHT @ score) / (WEIGHT @ label))
    assert found["predicted_positive_rate"] == pytest.approx(np.average(said, weights=WEIGHT))


def test_multiclass_agrees_with_sklearn() -> None:
    scores = RNG.dirichlet([1, 1, 1], ROWS)
    label = RNG.integers(0, 3, ROWS)
    found = summed(ClassSums(3), label, scores, WEIGHT)
    right = metrics.accuracy_score(label, scores.argmax(1), sample_weight=WEIGHT)
    assert found["sparse_categorical_accuracy"] == pytest.approx(right)
    loss = metrics.log_loss(label, scores, sample_weight=WEIGHT)
    assert found["sparse_categorical_crossentropy"] == pytest.approx(loss)
    assert found["majority_share"] == pytest.approx(max(np.bincount(label, WEIGHT)) / WEIGHT.sum())


def test_regression_agrees_with_sklearn_far_from_zero() -> None:
    label = 1e7 + RNG.normal(size=ROWS)
    guess = label + RNG.normal(size=ROWS)
    found = summed(NumberSums(), label, guess[:, None], WEIGHT)
    assert found["mean_squared_error"] == pytest.approx(metrics.mean_squared_error(label, guess, sample_weight=WEIGHT))
    assert found["mean_absolute_error"] == pytest.approx(
        metrics.mean_absolute_error(label, guess, sample_weight=WEIGHT)
    )
    r2 = 1 - found["mean_squared_error"] / found["label_variance"]
    assert r2 == pytest.approx(metrics.r2_score(label, guess, sample_weight=WEIGHT), abs=1e-6)


def test_kish_rows_are_the_rows_without_weights_and_fewer_with() -> None:
    label, scores = np.zeros(ROWS), np.zeros((ROWS, 1))
    assert summed(NumberSums(), label, scores, np.ones(ROWS))["kish_rows"] == pytest.approx(ROWS)
    assert summed(NumberSums(), label, scores, WEIGHT)["kish_rows"] == pytest.approx(
        WEIGHT.sum() ** 2 / (WEIGHT**2).sum()
    )


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.floats(0.01, 100)), max_size=30), st.data())
def test_any_split_into_parts_gives_the_same_sums(rows: list, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(rows)), max_size=3)))
    parts = []
    for start, end in zip([0, *cuts], [*cuts, len(rows)], strict=True):
        parts.append(NumberSums())
        for label, score, weight in rows[start:end]:
            parts[-1].add(label, [score], weight)
    whole = NumberSums()
    for label, score, weight in rows:
        whole.add(label, [score], weight)
    merged = reduce(lambda one, other: one.merge(other), parts, NumberSums())
    for name, value in whole.values().items():
        scale = 1e-3 if name == "label_variance" else 1e-9
        assert merged.values()[name] == pytest.approx(value, rel=1e-9, abs=scale, nan_ok=True)


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_without_rows_counts_are_zero_and_the_rest_is_not_defined(task: str) -> None:
    values = sums_for(task, 3, 0.5).values()
    counts = {"rows", "positive_rows", "weighted_rows", "kish_rows"}
    assert all(value == 0 if name in counts else math.isnan(value) for name, value in values.items())


@pytest.mark.parametrize(("score", "recall"), [(0.5, 1.0), (math.nextafter(0.5, 0), 0.0)])
def test_a_score_at_the_threshold_counts_as_positive(score: float, recall: float) -> None:
    sums = BinarySums(0.5)
    sums.add(1.0, [1 - score, score], 1.0)
    assert sums.values()["recall"] == recall


def test_precision_without_positive_predictions_is_not_defined() -> None:
    sums = BinarySums(0.5)
    sums.add(1.0, [0.9, 0.1], 1.0)
    values = sums.values()
    assert math.isnan(values["precision"])
    assert (values["recall"], values["f1_score"]) == (0.0, 0.0)


@pytest.mark.parametrize("score", [0.0, 1.0])
def test_a_certain_and_wrong_score_has_a_finite_loss(score: float) -> None:
    sums = BinarySums(0.5)
    sums.add(1 - score, [1 - score, score], 1.0)
    assert sums.values()["binary_crossentropy"] == pytest.approx(-math.log(1e-7), rel=1e-6)


@pytest.mark.parametrize("label", [-1.0, 2.0])
def test_a_class_the_model_does_not_know_is_an_error_and_not_the_last_class(label: float) -> None:
    with pytest.raises(ValueError, match="there are 2 classes"):
        BinarySums(0.5).add(label, [0.5, 0.5], 1.0)
