"""A point of the frontier against plain masks and scikit-learn."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, roc_auc_score

from models import sensitive
from pipeline.frontier.judging import Judge, Scored, limit_about, parts_of
from schemas.sensitive import SensitiveColumn
from sluicegate.fairness import groups
from sluicegate.fairness.policy import Limit, Policy
from sluicegate.reports.frontier import FrontierDot

NAN = float("nan")
SHELL = FrontierDot("reweigh", 0.5, 0.4, 1.0, NAN, NAN, NAN, None, None)
POLICY = Policy(sensitive=(SensitiveColumn("sex"), SensitiveColumn("race")), draws=2000)
PARITY = Limit("demographic_parity_ratio", ("sex",), at_least=0.8, setting="fairness.limits.0")


@pytest.fixture
def world():
    draw = np.random.default_rng(0)
    is_male, label = draw.uniform(size=3000) < 0.6, draw.integers(0, 2, 3000)
    score = np.clip(0.3 * label + 0.1 * is_male + draw.uniform(0, 0.6, 3000), 0, 1)
    weight = draw.uniform(0.5, 2, 3000)
    scores = np.stack([1 - score, score], 1).astype(np.float32)
    return is_male, label, weight, Scored(scores, scores[:, 1] >= 0.5)


def judge(world, limit=PARITY, weighted=True):
    is_male, label, weight, _ = world
    part = groups.of_texts("sex", is_male.astype(int), ["Female", "Male"])
    return Judge(("no", "yes"), label, weight if weighted else None, (part,), limit, POLICY)


def rates(is_selected, is_male, weight):
    return [np.average(is_selected[is_male == male], weights=weight[is_male == male]) for male in (False, True)]


def test_every_number_agrees_with_an_independent_one(world):
    is_male, label, weight, scored = world
    point = judge(world).point(scored, SHELL)
    assert point.accuracy == pytest.approx(accuracy_score(label, scored.is_selected, sample_weight=weight), abs=1e-9)
    assert point.auc == pytest.approx(roc_auc_score(label, scored.scores[:, 1], sample_weight=weight), abs=1e-9)
    low, high = sorted(rates(scored.is_selected, is_male, weight))
    assert point.gap == pytest.approx(low / high, abs=1e-9)
    assert point.gap_low < point.gap < point.gap_high
    assert (point.bootstrap_low, point.bootstrap_high) == pytest.approx((point.gap_low, point.gap_high), abs=0.02)
    assert (point.method, point.strength, point.threshold) == ("reweigh", 0.5, 0.4)


def test_accuracy_has_wilsons_interval(world):
    point = judge(world, weighted=False).point(world[3], SHELL)
    p, n, z = point.accuracy, 3000, 1.959964
    middle, half = (p + z * z / (2 * n)), z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    expected = (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)
    assert (point.accuracy_low, point.accuracy_high) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(("at_least", "status"), [(0.3, "PASSED"), (0.75, "UNKNOWN"), (0.97, "FAILED")])
def test_a_point_passes_only_with_its_whole_interval(world, at_least, status):
    point = judge(world, replace(PARITY, at_least=at_least)).point(world[3], SHELL)
    assert point.gap_low < 0.75 < point.gap_high
    assert point.status == status


def test_a_difference_passes_below_its_limit(world):
    limit = Limit("equal_opportunity_difference", ("sex",), at_most=0.5)
    is_male, label, weight, scored = world
    point = judge(world, limit).point(scored, SHELL)
    found = rates(scored.is_selected[label == 1], is_male[label == 1], weight[label == 1])
    assert point.gap == pytest.approx(abs(found[0] - found[1]), abs=1e-9)
    assert point.status == "PASSED"


def test_a_model_that_selects_nobody_does_not_pass(world):
    nobody = replace(world[3], is_selected=np.zeros(3000, bool))
    point = judge(world, Limit("demographic_parity_difference", ("sex",), at_most=0.9)).point(nobody, SHELL)
    assert (point.gap, point.status) == (None, "UNKNOWN")
    assert "selects nobody" in point.detail


def test_without_a_limit_the_gap_is_measured_and_nothing_passes(world):
    bounded, free = (judge(world, limit).point(world[3], SHELL) for limit in (PARITY, replace(PARITY, at_least=None)))
    assert free.status == ""
    assert (free.gap, free.gap_low) == (bounded.gap, pytest.approx(bounded.gap_low))


def test_the_first_bounded_limit_about_just_these_columns_is_taken():
    rise, other, both, mine, later = (
        Limit("fpr_difference", ("sex",), max_rise=0.1),
        Limit("fpr_difference", ("race",), at_most=0.1),
        Limit("fpr_difference", ("race", "sex"), at_most=0.2),
        Limit("abcc", ("sex",), at_most=0.3, max_rise=0.1),
        Limit("fpr_difference", ("sex",), at_most=0.4),
    )
    policy = replace(POLICY, limits=(rise, other, both, mine, later))
    assert limit_about(["sex"], policy, "parity") == replace(mine, max_rise=None)
    assert limit_about(["sex", "race"], policy, "parity") == both
    assert limit_about(["sex"], replace(POLICY, profile="ugesp-4-5"), "parity").measure == "impact_ratio"
    assert limit_about(["sex"], POLICY, "parity").measure == "demographic_parity_ratio"
    assert limit_about(["sex"], POLICY, "equal_opportunity").measure == "equal_opportunity_difference"


def test_keys_become_the_groups_of_each_column():
    keys = np.array([b"Female\x1f<25", b"\x1f>=25", b"Male\x1f", b"Female\x1f>=25"])
    about = [sensitive.SensitiveColumn("sex"), sensitive.SensitiveColumn("age", (25.0,))]
    sex, age = parts_of(keys, about)
    assert [sex.names[code] for code in sex.codes] == ["sex=Female", "sex=missing", "sex=Male", "sex=Female"]
    assert [age.names[code] for code in age.codes] == ["age=<25", "age=>=25", "age=missing", "age=>=25"]
