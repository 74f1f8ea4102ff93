"""Intervals against other people's numbers, scipy, and simulation."""

import math

import numpy as np
import pytest
from scipy import stats

from sluicegate.quality.estimates import Spread
from sluicegate.quality.groups import groups, metric_rows
from sluicegate.quality.intervals import measured, of_spread, two_samples
from sluicegate.quality.metrics import METRICS, measure
from tests.components.quality_gate import world


def test_a_share_has_exact_limits() -> None:
    label = np.repeat([0, 1], [60, 40])
    rows = world.rows_of(label, np.float32(np.where(np.arange(100) < 90, label, 1 - label) * 0.8 + 0.1))
    found = world.whole(rows).metrics["accuracy"]
    low, high = found.ends(0.025, 0.025)
    exact = stats.binomtest(90, 100).proportion_ci(0.95, "exact")
    assert (low, high) == (pytest.approx(exact.low, abs=1e-4), pytest.approx(exact.high, abs=1e-4))


@pytest.mark.parametrize("metric", METRICS["binary"])
def test_ends_are_in_order_and_narrow_with_rows_and_level(metric: str) -> None:
    found = world.whole(world.binary(np.random.default_rng(0), 300)).metrics[metric]
    wide, plain, more = found.ends(0.001, 0.001), found.ends(0.025, 0.025), found.ends(0.025, 0.025, 10.0)
    assert wide[0] < plain[0] < more[0] < found.value < more[1] < plain[1] < wide[1]
    assert wide[0] >= 0


@pytest.mark.parametrize("metric", ["auc", "auc_pr", "accuracy", "f1"])
def test_perfect_is_not_certain(metric: str) -> None:
    label = np.repeat([0, 1], [80, 12])
    found = world.whole(world.rows_of(label, np.float32(label * 0.8 + 0.1))).metrics[metric]
    low, high = found.ends(0.025, 0.025)
    assert (found.value, high) == (1.0, 1.0)
    assert low == pytest.approx(0.025 ** (1 / (92 if metric == "accuracy" else 12)), abs=2e-3)


@pytest.mark.parametrize("metric", ["auc", "auc_pr", "accuracy", "f1"])
def test_five_rows_of_each_key_are_as_little_certain_as_one(metric: str) -> None:
    label = np.repeat([0, 1], [80, 12])
    five, key = np.repeat(label, 5), np.repeat(np.arange(92), 5)
    alone = world.whole(world.rows_of(label, np.float32(label * 0.8 + 0.1))).metrics[metric]
    found = world.whole(world.rows_of(five, np.float32(five * 0.8 + 0.1), key=key)).metrics[metric]
    assert found.ends(0.025, 0.025) == pytest.approx(alone.ends(0.025, 0.025), abs=1e-6)


def test_one_positive_says_nothing_about_an_area() -> None:
    rng = np.random.default_rng(0)
    label = (np.arange(50) == 0).astype(np.int64)
    found = world.whole(world.rows_of(label, np.float32(rng.random(50)))).metrics["auc"]
    assert found.is_defined
    assert found.shown() == (None, None)


def test_no_error_leaves_no_doubt_about_a_difference() -> None:
    assert of_spread(0.2, Spread(0.0, 99.0, 100), 0.025) == (0.2, 0.2)
    assert all(map(math.isnan, of_spread(math.nan, Spread(0.1, 99.0, 100), 0.025)))


def test_two_samples_is_welchs() -> None:
    rng = np.random.default_rng(0)
    one, other = rng.normal(0, 1, 30), rng.normal(0.3, 3, 12)
    parts = [Spread(x.std(ddof=1) / math.sqrt(len(x)), len(x) - 1.0, len(x)) for x in (one, other)]
    low, high = of_spread(one.mean() - other.mean(), two_samples(*parts), 0.025)
    welch = stats.ttest_ind(one, other, equal_var=False).confidence_interval(0.95)
    assert (low, high) == (pytest.approx(welch.low), pytest.approx(welch.high))


@pytest.mark.parametrize("kind", ["plain", "ties", "weights", "groups"])
@pytest.mark.parametrize(("rows", "rate"), [(300, 0.3), (1000, 0.05)])
def test_95_percent_intervals_hold_the_truth(rows: int, rate: float, kind: str) -> None:
    """250 runs: of 95 %, 230 and more hold it but in one test of 100 (binomial)."""
    held = dict.fromkeys(("auc", "accuracy", "log_loss", "brier", "recall", "auc_pr"), 0)
    truth = _truth(rate, kind)
    for seed in range(250):
        s = world.sample(_drawn(np.random.default_rng([seed, rows]), rows, rate, kind))
        for metric in held:
            low, high = measured(metric, measure(metric, "binary", s), s).ends(0.025, 0.025)
            held[metric] += low <= truth[metric] <= high
    assert {metric: count for metric, count in held.items() if count < 229} == {}


def _drawn(rng: np.random.Generator, rows: int, rate: float, kind: str):
    if kind == "groups":
        key = np.repeat(np.arange(rows // 2), 2)
        label = (rng.random(rows // 2) < rate).astype(np.int64)
        score = world.score_of(rng, label, rate=rate)
        return world.rows_of(label[key], score[key], threshold=0.2, key=key)
    label = (rng.random(rows) < rate).astype(np.int64)
    score = world.score_of(rng, label, rate=rate)
    score = np.float32(np.round(score * 20) / 20) if kind == "ties" else score
    return world.rows_of(label, score, threshold=0.2, weight=rng.uniform(0.2, 2, rows) if kind == "weights" else None)


def _truth(rate: float, kind: str) -> dict[str, float]:
    s = world.sample(
        _drawn(np.random.default_rng(99), 400_000, rate, "plain" if kind in ("groups", "weights") else kind)
    )
    return {metric: measure(metric, "binary", s).value for metric in METRICS["binary"]}


def test_the_difference_to_the_released_model_is_paired_and_of_all_rows_only() -> None:
    rng = np.random.default_rng(5)
    label = (rng.random(2000) < 0.3).astype(np.int64)
    scores, before = world.score_of(rng, label, 1.5), world.score_of(rng, label, 1.3)
    cells = ["a" if n % 2 else "b" for n in range(2000)]
    found = metric_rows(groups(world.rows_of(label, scores, released=before, slices={"g": cells}), [["g"]]))
    accuracy = next(m for m in found if (m.name, m.slice) == ("accuracy", "overall"))
    paired = ((scores >= 0.5) == label).astype(float) - ((before >= 0.5) == label)
    error = paired.std(ddof=1) / np.sqrt(len(paired))
    assert (accuracy.change_low, accuracy.change_high) == pytest.approx(
        (paired.mean() - 1.96 * error, paired.mean() + 1.96 * error), abs=0.05 * error
    )
    assert all(m.change_low is not None for m in found if m.slice == "overall")
    assert all(m.change_low is None for m in found if m.slice != "overall")
    alone = metric_rows(groups(world.rows_of(label, scores)))
    assert all(m.change_low is None for m in alone)
