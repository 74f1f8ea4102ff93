"""Mitigation on arrays in memory: reweighing, the constrained loss, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import decision, fitting, frontier, mitigation, reweighing
from models.fitting import fit
from models.groups import OTHER, ModelGroups
from models.network import NetworkAnswer
from models.plan import TrainingPlan
from models.rows import ModelRows
from models.vocabulary import Vocabulary
from schemas.errors import DataError, SettingsError
from schemas.roles import Roles
from schemas.sensitive import SensitiveColumn

NONE = Vocabulary((), np.zeros(2, np.int64))
PLAN = TrainingPlan(epochs=12, layers=(16,), members=2, max_knots=16, patience=12, seed=5)
SEX = SensitiveColumn("sex")
BINARY = Roles(label="y", task="binary", classes=("no", "yes"))


def unequal(rows=4000, seed=0, positives=0.4):
    """Two numbers, of which the second gives the group away; the first group has more positives and is less noisy."""
    draw = np.random.default_rng(seed)
    is_first = draw.uniform(size=rows) < 0.6
    signal = draw.normal(size=rows)
    proxy = is_first + 0.4 * draw.normal(size=rows)
    noise = np.where(is_first, 0.4, 1.6) * draw.normal(size=rows)
    label = (signal + 1.2 * (is_first - 0.5) + noise > np.quantile(signal, 1 - positives)) * 1
    numbers = np.stack([signal, proxy], 1).astype(np.float32)
    group = np.where(is_first, b"first", b"second").astype(np.bytes_)
    return ModelRows(numbers, np.zeros((rows, 0), np.int64), label.astype(np.int64), np.ones(rows, np.float32), group)


def ratio(is_selected, rows, among=None):
    kept = np.ones(len(rows), bool) if among is None else among
    rates = [is_selected[kept & (rows.group == key)].mean() for key in np.unique(rows.group)]
    return min(rates) / max(rates)


def swept(plan, strengths, positives=0.4, seeds=(0, 1, 2)):
    splits = frontier.Splits(*(unequal(seed=seed, positives=positives) for seed in seeds))
    answer = NetworkAnswer.fitted("binary", 2, splits.train)
    return splits.judged, list(frontier.sweep(splits, NONE, answer, plan, strengths))


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_reweighing_takes_out_its_share_of_the_dependence(seed, strength):
    draw = np.random.default_rng(seed)
    rows = int(draw.integers(30, 200))
    group, label = draw.integers(0, 3, rows), draw.integers(0, 3, rows)
    # Every combination is there: where one is missing no weight can make the two independent.
    group[:9], label[:9] = np.divmod(np.arange(9), 3)
    weight = draw.uniform(0.1, 5, rows).astype(np.float32)
    empty = np.zeros((rows, 0))
    train = ModelRows(empty, empty, label, weight, np.array([b"a", b"b", b""], np.bytes_)[group])

    def joint(weights):
        table = np.zeros((3, 3))
        np.add.at(table, (group, label), weights / weights.sum())
        return table

    was, now = joint(weight), joint(reweighing.reweighed(train, reweighing.factors(train, strength)).weight)
    independent = was.sum(1)[:, None] * was.sum(0)
    assert now == pytest.approx(strength * independent + (1 - strength) * was, abs=1e-5)


def test_a_combination_that_train_lacks_keeps_its_weight():
    train = unequal(400)
    factor = reweighing.factors(replace(train, label=(train.group == b"first") * 1), 1.0)
    assert reweighing.reweighed(train, factor).weight[(train.group == b"first") & (train.label == 0)] == pytest.approx(
        1
    )


@pytest.mark.parametrize("positives", [0.4, 0.06])
def test_the_stronger_the_constraint_the_smaller_the_gap(positives):
    judged, points = swept(replace(PLAN, mitigation="constrained"), (0.0, 0.05, 1.0), positives)
    ratios = [ratio(point.is_selected, judged) for point in points]
    assert ratios[0] < 0.8
    assert ratios[0] < ratios[1] < ratios[2]
    assert ratios[2] > 0.85
    assert 0.4 < points[2].is_selected.mean() / judged.label.mean() < 1.2


def test_equal_opportunity_is_about_positive_rows():
    goals = ("parity", "equal_opportunity")
    plans = [replace(PLAN, mitigation="constrained", mitigation_goal=goal) for goal in goals]
    judged, (before,) = swept(replace(PLAN, mitigation="none"), (1.0,), 0.06)
    parity, opportunity = (swept(plan, (1.0,), 0.06)[1][0].is_selected for plan in plans)
    of_all = [ratio(chosen, judged) for chosen in (before.is_selected, parity, opportunity)]
    of_positives = [ratio(chosen, judged, judged.label == 1) for chosen in (before.is_selected, parity, opportunity)]
    assert of_positives[2] > of_positives[1] + 0.1 > of_positives[0] + 0.1
    assert of_all[1] > of_all[2] > of_all[0]


def test_reweighing_narrows_the_gap():
    judged, points = swept(replace(PLAN, mitigation="reweigh"), (0.0, 1.0))
    assert ratio(points[1].is_selected, judged) > ratio(points[0].is_selected, judged) + 0.1


def test_a_sweep_of_thresholds_trains_once(monkeypatch):
    trained = []
    fit_once = fitting.fit
    monkeypatch.setattr(fitting, "fit", lambda *args: trained.append(1) or fit_once(*args))
    judged, points = swept(replace(PLAN, epochs=4, mitigation="thresholds"), (0.0, 0.5, 1.0))
    ratios = [ratio(point.is_selected, judged) for point in points]
    assert len(trained) == 1
    assert ratios[0] < ratios[1] < ratios[2]
    assert ratios[2] > 0.85


@pytest.mark.parametrize("method", ["reweigh", "constrained"])
def test_strength_0_trains_what_no_mitigation_trains(method):
    train, held_out = unequal(600), unequal(600, 1)
    answer = NetworkAnswer.fitted("binary", 2, train)
    plain, mitigated = (
        fit(train, held_out, NONE, answer, replace(PLAN, epochs=2, mitigation=name, mitigation_strength=0.0))
        for name in ("none", method)
    )
    assert mitigated.history["val_loss"] == pytest.approx(plain.history["val_loss"], abs=1e-6)


@pytest.mark.parametrize("method", ["none", "reweigh", "constrained"])
def test_the_same_seed_trains_the_same_model(method):
    train, held_out = unequal(600), unequal(600, 1)
    answer = NetworkAnswer.fitted("binary", 2, train)
    runs = [fit(train, held_out, NONE, answer, replace(PLAN, epochs=3, mitigation=method)).history for _ in range(2)]
    assert runs[0] == runs[1]


def test_without_a_mitigation_groups_make_no_difference():
    train, held_out = unequal(600), unequal(600, 1)
    answer = NetworkAnswer.fitted("binary", 2, train)
    plain, grouped = (
        fit(*rows, NONE, answer, replace(PLAN, epochs=3))
        for rows in ((replace(train, group=None), replace(held_out, group=None)), (train, held_out))
    )
    assert plain.history == grouped.history
    assert (fitting.score(plain.model, train, answer) == fitting.score(grouped.model, train, answer)).all()


def test_a_group_of_few_rows_is_not_told_apart():
    rows = unequal(1000)
    few = replace(rows, group=np.where(np.arange(1000) < 50, b"third", rows.group))
    groups = ModelGroups.of_rows(few)
    assert groups.keys == (b"first", b"second")
    assert (groups.codes(few)[:50] == OTHER).all()


@pytest.mark.parametrize("method", ["constrained", "thresholds"])
def test_one_group_alone_is_refused(method):
    rows = unequal(600)
    alone = replace(rows, group=np.full(600, b"first"))
    answer = NetworkAnswer.fitted("binary", 2, rows)
    plan = replace(PLAN, epochs=1, mitigation=method)
    with pytest.raises(DataError, match="1 of 1 groups with enough rows"):
        decision.fit(fitting.score(fit(alone, alone, NONE, answer, plan).model, alone, answer), alone, plan)


@pytest.mark.parametrize(
    ("plan", "roles", "declared", "said"),
    [
        ({"mitigation": "reweigh"}, BINARY, (), "without a sensitive column"),
        ({"mitigation": "reweigh", "mitigation_of": ("age",)}, BINARY, (SEX,), "mitigation_of"),
        ({"mitigation": "thresholds"}, replace(BINARY, task="multiclass"), (SEX,), "allowed: none, reweigh"),
        ({"mitigation": "constrained"}, replace(BINARY, task="multiclass"), (SEX,), "allowed: none, reweigh"),
        ({"mitigation": "reweigh"}, Roles("y", "regression"), (SEX,), "for task regression"),
        ({"mitigation": "reweigh", "mitigation_goal": "equal_opportunity"}, BINARY, (SEX,), "mitigation_goal"),
        (
            {"mitigation": "thresholds", "mitigation_thresholds": "one", "threshold": 0.3},
            BINARY,
            (SEX,),
            "evaluation.threshold",
        ),
    ],
)
def test_what_a_mitigation_lacks_is_said_in_four_parts(plan, roles, declared, said):
    with pytest.raises(SettingsError, match=said) as caught:
        mitigation.columns(TrainingPlan(**plan), roles, declared)
    assert all(p.place and p.got and p.allowed and p.remedy for p in caught.value.problems)


def test_the_first_sensitive_column_is_the_default_and_none_needs_none():
    age = SensitiveColumn("age", (40.0,))
    assert mitigation.columns(TrainingPlan(mitigation="reweigh"), BINARY, (SEX, age)) == (SEX,)
    chosen = TrainingPlan(mitigation="reweigh", mitigation_of=("age", "sex"))
    assert mitigation.columns(chosen, BINARY, (SEX, age)) == (age, SEX)
    assert mitigation.columns(TrainingPlan(), Roles("y", "regression"), ()) == ()
