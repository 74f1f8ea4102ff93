"""Every point value against fairlearn's, aif360's or aequitas' on Adult, with a real model's decisions."""

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn import metrics

from sluicegate.fairness import area, calibration, groups, ranking
from sluicegate.fairness.describe import SHOWN
from sluicegate.fairness.estimates import Floors, Grouping
from sluicegate.fairness.gaps import MEASURES
from sluicegate.fairness.rates import rate
from sluicegate.fairness.rows import groupings, one_class
from tests.sluicegate.fairness import adult

EXACT = {"abs": 1e-9, "rel": 0}
GROUPINGS = [("sex",), ("race",), ("sex", "race")]


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "weighted"])
def world(request: pytest.FixtureRequest) -> tuple[pd.DataFrame, dict[tuple[str, ...], Grouping], Any]:
    table = adult.test_rows()
    rows = adult.rows(weighted=request.param)
    part = one_class(rows, ">50K", groups.intersect(rows.sensitive))
    made = {g.columns: g for g in groupings(part, GROUPINGS, Floors(1, 1), set(GROUPINGS))}
    return table, made, rows.weight


@pytest.mark.parametrize("columns", GROUPINGS, ids=" x ".join)
def test_rates_by_group_are_fairlearns(world: Any, columns: tuple[str, ...]) -> None:
    import fairlearn.metrics as fl

    table, made, weight = world
    theirs = {
        "selection_rate": fl.selection_rate, "tpr": fl.true_positive_rate, "fpr": fl.false_positive_rate,
        "fnr": fl.false_negative_rate, "accuracy": metrics.accuracy_score,
        "ppv": lambda y, d, sample_weight=None: metrics.precision_score(y, d, sample_weight=sample_weight, zero_division=np.nan),
        "npv": lambda y, d, sample_weight=None: metrics.precision_score(1 - y, 1 - d, sample_weight=sample_weight, zero_division=np.nan),
        "base_rate": lambda y, d, sample_weight=None: np.average(y, weights=sample_weight),
    }  # fmt: skip
    frame = fl.MetricFrame(
        metrics=theirs, y_true=table["label"], y_pred=table["decision"], sensitive_features=table[list(columns)],
        sample_params=None if weight is None else {name: {"sample_weight": weight} for name in theirs},
    ).by_group  # fmt: skip
    grouping = made[columns]
    assert len(grouping.values) == len(frame.dropna(how="all"))
    for name in SHOWN:
        expected = [frame.loc[v if len(v) > 1 else v[0], name] for v in grouping.values]
        assert rate(grouping.counts, name).value == pytest.approx(np.array(expected, float), nan_ok=True, **EXACT)


@pytest.mark.parametrize("columns", GROUPINGS, ids=" x ".join)
def test_gaps_are_fairlearns(world: Any, columns: tuple[str, ...]) -> None:
    import fairlearn.metrics as fl

    table, made, weight = world
    arguments = {"sensitive_features": table[list(columns)], "sample_weight": weight}

    def theirs(function: Callable[..., float], **more: Any) -> float:
        return function(table["label"], table["decision"], **arguments, **more)

    expected = {
        "demographic_parity_difference": theirs(fl.demographic_parity_difference),
        "demographic_parity_ratio": theirs(fl.demographic_parity_ratio),
        "equal_opportunity_difference": theirs(fl.equal_opportunity_difference),
        "equalized_odds_difference": theirs(fl.equalized_odds_difference),
        "equalized_odds_mean": theirs(fl.equalized_odds_difference, agg="mean"),
        "equalized_odds_sum": 2 * theirs(fl.equalized_odds_difference, agg="mean"),
        "fpr_difference": theirs(fl.make_derived_metric(metric=fl.false_positive_rate, transform="difference", sample_param_names=["sample_weight"])),
    }  # fmt: skip
    found = {name: made[columns].point(MEASURES[name], everybody=True) for name in expected}
    assert found == pytest.approx(expected, **EXACT)


def test_two_groups_are_aif360s(world: Any) -> None:
    """Its differences are unprivileged minus privileged; ours have no sign."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from aif360.sklearn import metrics as aif

    table, made, weight = world
    y, d = (pd.Series(table[c].to_numpy(), index=pd.Index(table["sex"], name="sex")) for c in ("label", "decision"))
    common: dict[str, Any] = {"prot_attr": "sex", "priv_group": "Male", "sample_weight": weight}
    sex = made["sex",]
    expected = {
        "demographic_parity_difference": -aif.statistical_parity_difference(y, d, **common),
        "demographic_parity_ratio": aif.disparate_impact_ratio(y, d, **common),
        "impact_ratio": aif.disparate_impact_ratio(y, d, **common),
        "equal_opportunity_difference": abs(aif.equal_opportunity_difference(y, d, **common)),
        # On Adult both gaps have the same sign, so AIF360's signed mean is the mean of the gaps.
        "equalized_odds_mean": abs(aif.average_odds_difference(y, d, **common)),
    }
    assert {name: sex.point(MEASURES[name]) for name in expected} == pytest.approx(expected, **EXACT)


def test_predictive_parity_and_rates_are_aequitas(world: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from aequitas.group import Group

        table, made, weight = world
        if weight is not None:
            pytest.skip("aequitas has no weights")
        frame = table[["sex", "race"]].assign(score=table["decision"], label_value=table["label"])
        theirs, _ = Group().get_crosstabs(frame)
    for column in ("sex", "race"):
        of = theirs[theirs["attribute_name"] == column].set_index("attribute_value")
        grouping = made[column,]
        for ours, name in (
            ("selection_rate", "pprev"),
            ("ppv", "precision"),
            ("npv", "npv"),
            ("fnr", "fnr"),
            ("base_rate", "prev"),
        ):
            expected = of[name].loc[[v[0] for v in grouping.values]].to_numpy(float)
            assert rate(grouping.counts, ours).value == pytest.approx(expected, **EXACT)
        precision = of["precision"].astype(float)
        found = grouping.point(MEASURES["predictive_parity_difference"], everybody=True)
        assert found == pytest.approx(precision.max() - precision.min(), **EXACT)


def _by_race(table: pd.DataFrame) -> Iterator[tuple[int, np.ndarray]]:
    for place, race in enumerate(sorted(table["race"].unique())):
        yield place, (table["race"] == race).to_numpy()


def test_ranking_by_group(world: Any) -> None:
    table, _, weight = world
    w = np.ones(len(table)) if weight is None else weight
    codes = pd.factorize(table["race"], sort=True)[0]
    y, score = table["label"].to_numpy(), table["score"].to_numpy().round(2)  # rounded: ties must count a half
    found = ranking.rank(codes, 5, y == 1, score, weight)
    for place, own in _by_race(table):

        def auc(kept: np.ndarray) -> float:
            return float(metrics.roc_auc_score(y[kept], score[kept], sample_weight=w[kept]))

        assert found.auc[place] == pytest.approx(auc(own), **EXACT)
        assert found.bnsp[place] == pytest.approx(auc((own & (y == 1)) | (~own & (y == 0))), **EXACT)
        assert found.bpsn[place] == pytest.approx(auc((own & (y == 0)) | (~own & (y == 1))), **EXACT)
        if weight is None:
            assert found.ks[place] == pytest.approx(stats.ks_2samp(score[own], score[~own]).statistic, **EXACT)


def test_areas_are_wasserstein_distances(world: Any) -> None:
    table, made, weight = world
    score, w = table["score"].to_numpy(), np.ones(len(table)) if weight is None else weight
    found = made["race",].areas.between
    for i, one in _by_race(table):
        for j, other in _by_race(table):
            expected = stats.wasserstein_distance(score[one], score[other], w[one], w[other])
            assert found[i, j] == pytest.approx(expected, **EXACT)
    assert made["race",].point(MEASURES["abcc"]) == pytest.approx(found.max(), **EXACT)


def test_calibration_slope_is_an_unpenalised_logistic_regression() -> None:
    from sklearn.linear_model import LogisticRegression

    table = adult.test_rows()
    y, score = table["label"].to_numpy(), np.clip(table["score"].to_numpy(), 1e-6, 1 - 1e-6)
    found = calibration.calibrate(y == 1, score, np.random.default_rng(0))
    fitted = LogisticRegression(penalty=None, tol=1e-10).fit(np.log(score / (1 - score))[:, None], y)
    assert (found.slope, found.intercept) == pytest.approx((fitted.coef_[0, 0], fitted.intercept_[0]), abs=1e-4)
    assert found.gap == pytest.approx((score - y).mean(), **EXACT)
    drawn = np.random.default_rng(1).random(len(score)) < score
    perfect = calibration.calibrate(drawn, score, np.random.default_rng(0))
    assert perfect.ece == pytest.approx(perfect.ece_null, abs=0.004)
    assert perfect.gap_error == pytest.approx(np.sqrt((score * (1 - score)).sum()) / len(score), rel=0.05)


@pytest.mark.parametrize("auc", [0.02, 0.5, 0.83, 0.999, 1.0])
def test_auc_limits_are_where_the_error_is_the_distance(auc: float) -> None:
    low, high = ranking.auc_limits(auc, 40, 60, 0.95) or (auc, auc)
    for end in {low, high} - {0.0, 1.0}:
        q1, q2 = end / (2 - end), 2 * end * end / (1 + end)
        variance = (end * (1 - end) + 39 * (q1 - end * end) + 59 * (q2 - end * end)) / (40 * 60)
        assert abs(end - auc) == pytest.approx(1.959964 * variance**0.5, rel=1e-6)
    assert low < auc <= high
    assert low < 1 - 1e-4


def test_area_of_a_shift_is_the_shift() -> None:
    one = np.random.default_rng(0).normal(size=500)
    assert area.between(one, one + 0.25) == pytest.approx(0.25, abs=1e-12)
