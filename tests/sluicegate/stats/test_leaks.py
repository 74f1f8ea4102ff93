"""A column that alone predicts the label: found where it gives it away, and not where it is merely good or has many values."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from schemas.leaks import Alone
from sluicegate.stats.leaks import Suspicion, lower_end, suspicion
from sluicegate.tables.columns.leaks import alone
from sluicegate.tables.inspecting import Source, SplitRule
from tests.components.data_gate.frames import examined

RNG = np.random.default_rng(5)
LEVEL = 0.001


def one(feature: object, label: object, task: str = "binary", **source: object) -> Alone:
    frame = pd.DataFrame({"x": feature, "y": label})
    if task == "regression":
        frame["y"] = frame["y"].astype(float)
    [found] = [f for f in alone(examined(frame, task=task), Source("t.csv", "y", **source), 1.0) if f.column == "x"]
    return found


def classes(rows: int = 2000, share: float = 0.4) -> np.ndarray:
    return np.where(RNG.random(rows) < share, "yes", "no")


def test_a_number_has_scikit_learns_area() -> None:
    y = classes()
    x = RNG.normal((y == "yes") * 1.0)
    assert one(x, y).value == pytest.approx(roc_auc_score(y, x), abs=1e-6)
    assert one(-x, y).value == pytest.approx(roc_auc_score(y, x), abs=1e-6)


def test_an_outcome_that_was_recorded_afterwards_is_a_leak() -> None:
    y = classes()
    found = one((y == "yes") * 4.1 + RNG.normal(size=len(y)), y)
    assert found.value == pytest.approx(0.998, abs=0.0015)
    assert suspicion(found, LEVEL) is Suspicion.LEAK


def test_the_counter_of_an_export_that_was_sorted_by_the_label_is_a_leak() -> None:
    y = np.sort(classes(1200))
    assert suspicion(one(np.arange(1200), y), LEVEL) is Suspicion.LEAK
    three = np.sort(RNG.choice(["a", "b", "c"], 1500))
    assert suspicion(one(np.arange(1500), three, "multiclass"), LEVEL) is Suspicion.LEAK


def test_a_value_that_is_there_for_one_class_alone_is_a_leak() -> None:
    y = classes()
    days = np.where(y == "yes", RNG.integers(1, 400, len(y)).astype(float), np.nan)
    assert suspicion(one(days, y), LEVEL) is Suspicion.LEAK


def test_the_label_in_other_words_is_a_leak_in_a_few_rows() -> None:
    y = classes(300)
    other = np.where(y == "yes", "churned", "stayed")
    assert one(other, y).flawless == 2 * min((y == "yes").sum(), (y == "no").sum())
    assert suspicion(one(other, y), LEVEL) is Suspicion.LEAK
    other[7] = "stayed" if y[7] == "yes" else "churned"
    assert one(other, y).flawless == 0


def test_a_copy_of_a_number_to_predict_is_a_leak_and_a_good_guess_is_none() -> None:
    y = np.exp(RNG.normal(size=3000) * 2)
    assert suspicion(one(y * 1.19, y, "regression"), LEVEL) is Suspicion.LEAK
    assert suspicion(one(y * np.exp(RNG.normal(size=3000) * 0.5), y, "regression"), LEVEL) is Suspicion.NONE


def test_a_regression_is_given_away_by_its_label_in_another_scale_alone() -> None:
    """A quantity that truly follows from one column, up to noise, is told (R2 0.9997) and not refused."""
    x = RNG.normal(size=1200)
    follows = one(x, 1.7e9 + 3600 * x + RNG.normal(size=1200) * 60, "regression")
    assert follows.value > 0.995
    assert suspicion(follows, LEVEL) is Suspicion.SUSPICIOUS
    y = np.exp(RNG.normal(size=1200)).round(2)
    for leak in (np.log(y), -y, y.round(1), np.argsort(np.argsort(y, kind="stable")), [f"kind {value}" for value in y]):
        assert suspicion(one(leak, y, "regression"), LEVEL) is Suspicion.LEAK
    few = RNG.integers(1, 8, 1200).astype(float)
    assert suspicion(one(few * 2, few, "regression"), LEVEL) is Suspicion.LEAK
    group = RNG.integers(0, 3, 1200)
    assert suspicion(one(group, group * 100 + RNG.normal(size=1200), "regression"), LEVEL) is not Suspicion.LEAK


@pytest.mark.parametrize("rows", [300, 3000])
def test_a_category_of_many_values_gains_nothing_from_having_seen_the_rows(rows: int) -> None:
    y = classes(rows)
    names = [f"name {i}" for i in range(rows)]
    assert one(names, y).value < 0.6
    assert one([f"street {i // 2}" for i in range(rows)], RNG.permutation(y)).value < 0.6


def test_rows_of_one_key_are_not_predicted_from_each_other() -> None:
    """Ten rows of each customer, all of one class: the customer's number says nothing about another customer."""
    customer = np.repeat(RNG.permutation(200), 10)
    y = np.repeat(classes(200), 10)
    frame = pd.DataFrame({"customer": customer.astype(str), "x": customer, "y": y})
    rule = SplitRule(key=("customer",))
    found = alone(examined(frame), Source("t.csv", "y", split=rule), 0.1)
    assert all(suspicion(f, LEVEL) is Suspicion.NONE for f in found)


def test_a_strong_honest_feature_is_no_leak() -> None:
    hits = 0
    for _ in range(200):
        y = classes(600)
        right = np.where(RNG.random(600) < 0.03, "no", y)
        hits += suspicion(one(right, y), LEVEL) is Suspicion.LEAK
    assert hits == 0


def test_few_rows_are_told_and_not_refused() -> None:
    y = np.repeat(["no", "yes"], 50)
    found = one(np.arange(100), y)
    assert found.value == 1
    assert suspicion(found, LEVEL) is Suspicion.SUSPICIOUS
    assert lower_end(found, LEVEL) < 0.97


def test_one_class_has_nothing_to_give_away() -> None:
    assert not alone(examined(pd.DataFrame({"x": range(50), "y": ["a"] * 50})), Source("t.csv", "y"), 1.0)
