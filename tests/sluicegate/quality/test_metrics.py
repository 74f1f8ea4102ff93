"""Every metric against scikit-learn on the same scored rows, and what each row adds against the derivative."""

from typing import Any

import numpy as np
import pytest
from sklearn import metrics as sk

from sluicegate.quality.estimates import kish, spread
from sluicegate.quality.groups import groups, metric_rows, unlabelled
from sluicegate.quality.metrics import EPSILON, METRICS, ScoredSample, measure, worsening
from sluicegate.quality.names import METRICS_OF
from tests.components.quality_gate import world

EXACT = 1e-9


def test_every_metric_that_is_named_is_measured() -> None:
    assert {task: tuple(found) for task, found in METRICS.items()} == METRICS_OF


def rows_for(task: str, ties: bool, weighted: bool, seed: int = 0, rows: int = 700) -> Any:
    rng = np.random.default_rng(seed)
    # Zero and uneven weights both occur in real tables.
    weight = rng.gamma(0.5, 1, rows) * (rng.random(rows) > 0.2) if weighted else None
    if task == "binary":
        label = (rng.random(rows) < 0.2).astype(np.int64)
        score = world.score_of(rng, label)
        return world.rows_of(
            label, np.float32(np.round(score * 9) / 9) if ties else score, threshold=0.3, weight=weight
        )
    if task == "multiclass":
        label = rng.integers(0, 4, rows)
        logits = rng.normal(size=(rows, 4)) + 1.2 * np.eye(4)[label]
        table = np.exp(np.round(logits) if ties else logits)
        return world.rows_of(label, np.float32(table / table.sum(1, keepdims=True)), task=task, weight=weight)
    label = 1.7e9 + np.round(rng.normal(size=rows) * 900) if ties else rng.normal(size=rows) * 3
    return world.rows_of(label, label + rng.normal(size=rows), task=task, weight=weight)


def expected(task: str, s: ScoredSample) -> dict[str, float]:
    label, how, score = s.label, {"sample_weight": s.weight}, s.score
    if task == "regression":
        return {
            "r2": sk.r2_score(label, score, **how),
            "rmse": sk.root_mean_squared_error(label, score, **how),
            "mae": sk.mean_absolute_error(label, score, **how),
            "mse": sk.mean_squared_error(label, score, **how),
        }
    if task == "multiclass":
        table = s.scores.astype(np.float64)
        areas = [sk.roc_auc_score(label == k, table[:, k], **how) for k in range(table.shape[1])]
        losses = -np.log(np.clip(table[np.arange(len(label)), label], EPSILON, 1 - EPSILON))
        return {
            "accuracy": sk.accuracy_score(label, table.argmax(1), **how),
            # scikit-learn divides each row by its sum, which float32 scores miss by 1e-8; so it is given the losses.
            "log_loss": float(np.average(losses, weights=s.weight)),
            "macro_auc": float(np.mean(areas)),
        }
    said = score >= 0.3
    return {
        "auc": sk.roc_auc_score(label, score, **how),
        "auc_pr": sk.average_precision_score(label, score, **how),
        "accuracy": sk.accuracy_score(label, said, **how),
        "log_loss": sk.log_loss(label, np.clip(score, EPSILON, 1 - EPSILON), **how),
        "brier": sk.brier_score_loss(label, score, **how),
        "precision": sk.precision_score(label, said, **how),
        "recall": sk.recall_score(label, said, **how),
        "f1": sk.f1_score(label, said, **how),
        "calibration_ratio": float(np.average(score, weights=s.weight) / np.average(label, weights=s.weight)),
    }


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_every_metric_is_scikit_learns(task: str, ties: bool, weighted: bool) -> None:
    s = world.sample(rows_for(task, ties, weighted))
    wanted = expected(task, s)
    assert set(wanted) == set(METRICS[task])
    for metric, value in wanted.items():
        assert measure(metric, task, s).value == pytest.approx(value, abs=EXACT, rel=EXACT), metric


def test_a_rare_class_is_no_histogram() -> None:
    """10,000 bins gave 0.784 for 0.806 at a base rate of 0.026 %."""
    rng = np.random.default_rng(1)
    label = (np.arange(200_000) < 52).astype(np.int64)
    score = np.float32(world.sigmoid(rng.normal(size=len(label)) + 1.2 * label - 9))
    s = world.sample(world.rows_of(label, score))
    assert measure("auc", "binary", s).value == pytest.approx(sk.roc_auc_score(label, score), abs=EXACT)
    assert measure("auc_pr", "binary", s).value == pytest.approx(sk.average_precision_score(label, score), abs=EXACT)


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_the_influence_is_the_derivative_in_a_rows_weight(task: str) -> None:
    s = world.sample(rows_for(task, True, True, rows=300))
    for metric in METRICS[task]:
        found = measure(metric, task, s)
        for place in range(0, 300, 41):
            more = s.weight.copy()
            step = 1e-4 * more.sum() / 300
            more[place] += step
            moved = measure(metric, task, ScoredSample(s.label, s.scores, s.decision, more))
            slope = (moved.value - found.value) / step * s.weight[place]
            # The areas carry the correction for few rows of a class, a factor of up to n / (n - 1).
            assert found.influence[place] == pytest.approx(slope, rel=0.05, abs=1e-6 * abs(found.value)), metric


def test_the_error_of_an_auc_is_delongs() -> None:
    rng = np.random.default_rng(3)
    s = world.sample(world.binary(rng, 400))
    below = (s.score[s.is_positive][:, None] > s.score[~s.is_positive][None, :]).astype(float)
    variance = below.mean(1).var(ddof=1) / s.is_positive.sum() + below.mean(0).var(ddof=1) / (~s.is_positive).sum()
    assert spread(measure("auc", "binary", s)).error == pytest.approx(np.sqrt(variance * 400 / 399), rel=1e-9)


def test_rows_that_are_there_twice_are_one_observation() -> None:
    rng = np.random.default_rng(4)
    rows = world.binary(rng, 500)
    twice = {name: np.repeat(column, 3) for name, column in rows.columns.items()}
    tripled = type(rows)(rows.about, twice)
    keyed = world.rows_of(np.repeat(rows.label, 3), np.repeat(rows["score_yes"], 3), key=np.repeat(np.arange(500), 3))
    for metric in METRICS["binary"]:
        one, by_key, by_row = (spread(measure(metric, "binary", s), s.cluster).error
                               for s in map(world.sample, (rows, keyed, tripled)))  # fmt: skip
        assert by_key == pytest.approx(one, rel=0.01), metric
        assert by_row == pytest.approx(one / np.sqrt(3), rel=0.01), metric


@pytest.mark.parametrize(("label", "said"), [([1, 1, 1], [1, 0, 1]), ([0, 0, 0], [0, 0, 0])])
def test_what_is_not_defined_is_no_number(label: list[int], said: list[int]) -> None:
    s = world.sample(world.rows_of(np.array(label), np.float32(said)))
    assert np.isnan(measure("auc", "binary", s).value)
    assert np.isnan(
        measure("recall" if label[0] == 0 else "macro_auc", "binary" if label[0] == 0 else "multiclass", s).value
    )
    if label[0] == 0:
        assert all(np.isnan(measure(m, "binary", s).value) for m in ("auc_pr", "precision", "f1", "calibration_ratio"))


def test_weights_of_zero_leave_nothing() -> None:
    s = world.sample(world.binary(np.random.default_rng(0), 50, weight=np.zeros(50)))
    assert all(np.isnan(measure(metric, "binary", s).value) for metric in METRICS["binary"])
    assert kish(s.weight) == 0


def test_a_calibration_ratio_is_the_worse_the_further_from_one() -> None:
    rng = np.random.default_rng(0)
    rows = world.binary(rng, 500)
    s = world.sample(rows)
    doubled = ScoredSample(s.label, s.scores * 2, s.decision, s.weight)
    halved = ScoredSample(s.label, s.scores / 2, s.decision, s.weight)
    before = measure("calibration_ratio", "binary", s)
    for worse in (doubled, halved):
        assert worsening("calibration_ratio", measure("calibration_ratio", "binary", worse), before).value > 0.3


def test_slices_are_groups_by_name_and_missing_is_one() -> None:
    rng = np.random.default_rng(0)
    sex = ["F", "M", None, "F"] * 50
    rows = world.binary(rng, 200, slices={"sex": sex, "n": ["1", "2"] * 100})
    found = groups(rows, [["sex"], ["sex", "n"]])
    assert [(one.name, len(one)) for one in found] == [
        ("overall", 200), ("sex=F", 100), ("sex=M", 50), ("sex=missing", 50),
        ("n=1, sex=F", 50), ("n=1, sex=missing", 50), ("n=2, sex=F", 50), ("n=2, sex=M", 50),
    ]  # fmt: skip
    chosen = np.array([one == "F" for one in sex])
    area = sk.roc_auc_score(rows.label[chosen], rows["score_yes"][chosen])
    assert found[1].metrics["auc"].value == pytest.approx(area, abs=EXACT)
    assert {row.slice for row in metric_rows(found)} == {one.name for one in found}


def test_rows_without_a_known_label_are_counted_and_not_measured() -> None:
    rows = world.rows_of(np.array([0, 1, -1, 1]), np.float32([0.1, 0.9, 0.9, 0.2]))
    assert (unlabelled(rows), len(world.whole(rows))) == (1, 3)
