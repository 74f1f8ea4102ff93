"""Each check is green for a right explanation and red for one that was broken on purpose."""

from typing import Any

import numpy as np
import pytest
from sklearn import datasets
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from schemas.explanation_evidence import Check
from schemas.predictions import Answers
from schemas.verdict import Status
from sluicegate.explanation import checks, core, fidelity, shapley, whole
from sluicegate.explanation.core import Asked, SensitiveCodes, Wanted, explain
from sluicegate.explanation.fidelity import Changes
from sluicegate.explanation.order import ColumnRanking
from sluicegate.explanation.shapley import Contributions
from tests.sluicegate.explanation.worlds import BINARY, asked, people, sigmoid, two

WEIGHTS = {"job": 2.0, "school": 1.5, "hours": -1.0, "noise0": 0.7, "noise1": -0.4, "noise2": 0.25}


def score_with(weights: dict[str, float]) -> Any:
    def score(raw: dict[str, np.ndarray]) -> np.ndarray:
        columns = {**raw, "job": raw["job"] == "smith"}
        return two(sigmoid(np.sum([weight * columns[name] for name, weight in weights.items()], axis=0)))

    return score


def shuffled(seed: int) -> Any:
    """The same model with its weights in another order, and signs, as a network's would be."""
    rng = np.random.default_rng(seed)
    values = rng.permutation([*WEIGHTS.values(), *(-w for w in WEIGHTS.values())])[: len(WEIGHTS)]
    return score_with(dict(zip(WEIGHTS, values.tolist(), strict=True)))


def world(**more: Any) -> Asked:
    raw, score = people(), score_with(WEIGHTS)
    label = (np.random.default_rng(0).random(1500) < score(raw)[:, 1]).astype(int)
    return asked(
        raw, score, label, **{"randomised": shuffled, "sensitive": SensitiveCodes({"sex": ()}, ("sex",)), **more}
    )


def found(evidence_of: Asked) -> dict[str, list[Check]]:
    by_name: dict[str, list[Check]] = {}
    for check in explain(evidence_of)[0].checks:
        by_name.setdefault(check.name, []).append(check)
    return by_name


def status_of(name: str, evidence_of: Asked) -> set[str]:
    return {check.status for check in found(evidence_of)[name]}


ALL = {"matches_predictions", "completeness", "efficiency", "stability", "stability_of_shuffles", "agreement",
       "parameter_randomisation", "fidelity"}  # fmt: skip


def test_a_right_explanation_passes_every_check_and_the_verdict_lists_them() -> None:
    evidence, verdict = explain(world(wanted=Wanted(rows=1500, repeats=10, references=20, shown=2)))
    assert {check.name for check in evidence.checks} == ALL
    assert {check.status for check in evidence.checks} == {"PASSED"}
    assert (verdict.gate, verdict.status, len(verdict.measurements)) == (
        "explanation",
        Status.PASSED,
        len(evidence.checks),
    )
    assert {check.slice for check in evidence.checks if check.name == "fidelity"} == {"Male", "Female"}


def test_another_model_than_the_judged_one_is_noticed() -> None:
    right = world()
    wrong = core.Asked(
        right.subject, score_with({**WEIGHTS, "hours": -0.9}), right.wanted, right.sensitive, 3, right.clock
    )
    assert status_of("matches_predictions", wrong) == {"FAILED"}
    assert explain(wrong)[1].refusals[0].reason == "matches_predictions_failed"


def broken(monkeypatch: pytest.MonkeyPatch, change: Any) -> None:
    """Lets every contribution go through `change` on its way out."""
    true = shapley.play

    def play(game: Any, rng: Any) -> Contributions:
        one = true(game, rng)
        return Contributions(change(one.values), one.errors, one.at_row, one.at_reference)

    for module in (whole, core.single):
        monkeypatch.setattr(module, "play", play)


def test_contributions_that_lose_something_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    broken(monkeypatch, lambda values: values * [1, 1, 1, 0.99, 1, 1, 1])
    assert status_of("completeness", world()) == {"FAILED"}


def test_contributions_that_do_not_look_at_the_model_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    broken(monkeypatch, lambda values: np.random.default_rng(0).normal(size=values.shape))
    assert status_of("parameter_randomisation", world()) == {"FAILED"}
    assert "FAILED" in status_of("fidelity", world())


def test_contributions_given_to_other_columns_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    broken(monkeypatch, lambda values: values[:, ::-1])
    assert status_of("fidelity", world()) == {"FAILED"}
    assert status_of("agreement", world()) == {"FAILED"}


def by_seed(monkeypatch: pytest.MonkeyPatch, every: bool) -> None:
    """Contributions given to other columns: others with each seed, or others with every part of the references."""
    true, chance, orders = shapley.play, np.random.default_rng(4), {}

    def play(game: Any, rng: Any) -> Contributions:
        one = true(game, rng)
        fresh = chance.permutation(one.values.shape[1])
        # The source of chance itself is kept, so that no other one can have its place in memory.
        order = fresh if every else orders.setdefault(id(rng), (rng, fresh))[1]
        return Contributions(one.values[:, order], one.errors, one.at_row, one.at_reference)

    monkeypatch.setattr(whole, "play", play)


def test_importances_that_change_with_the_seed_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    by_seed(monkeypatch, every=False)
    assert status_of("stability", world()) == {"FAILED"}


def test_importances_that_never_come_out_the_same_order_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    by_seed(monkeypatch, every=True)
    [check] = found(world())["stability"]
    assert check.status == "UNKNOWN"
    assert "of random orders would agree with these, too" in check.detail


def test_shares_of_the_gap_that_do_not_sum_up_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    true = shapley.play

    def play(game: Any, rng: Any) -> Contributions:
        one = true(game, rng)
        return Contributions(one.values * 0.9, one.errors, one.at_row, one.at_reference)

    monkeypatch.setattr(whole.disparity, "play", play)
    assert status_of("efficiency", world()) == {"FAILED"}


def test_fidelity_is_red_for_the_one_group_whose_explanations_are_wrong() -> None:
    right = world()
    ask = core.ModelEvaluator(right.score, right.subject.table)
    rows, references = right.subject.table.codes[:60], right.subject.table.codes[60:80]
    values = whole.attributions(ask, rows, references, 1, np.random.default_rng(0)).values
    by_group = {
        name: fidelity.changes(ask, whole.score_of(1), rows, (shown, references, np.random.default_rng(1)))
        for name, shown in (("A", values), ("B", -1 / (np.abs(values) + 1e-3)))
    }
    assert [(one.slice, one.status) for one in checks.faithful(by_group, 6)] == [("A", "PASSED"), ("B", "FAILED")]


def known(*values: float, error: float = 1e-3) -> ColumnRanking:
    """Importances with errors that do not hang together."""
    return ColumnRanking(np.array(values, float), np.eye(len(values)) * error**2, 50)


def moved(strongest: Any, random: Any, claimed: float = 1.0) -> Changes:
    return Changes(np.asarray(strongest, float), np.asarray(random, float), np.full(len(strongest), claimed))


NOISE = np.random.default_rng(0).normal(size=99)


@pytest.mark.parametrize("check", [
    checks.stable("stability", known(4, 3, 2, 1), known(4, 3, 2, 1)),
    checks.stable("stability", known(6, 5, 4, 3, 2, 1, error=9), known(1, 2, 3, 4, 5, 6, error=9)),
    checks.agree(known(9, 0, 0, 0, 0, 0), known(9, 0, 0, 0, -1e-9, 0), "binary"),
    checks.depends_on_weights(np.ones((9, 9)), []),
    *checks.faithful({"small": moved(np.ones(29), np.zeros(29))}, 9),
    *checks.faithful({"one column": moved(np.ones(99), np.zeros(99))}, 1),
    *checks.faithful({"constant": moved(np.zeros(99), np.zeros(99))}, 9),
    *checks.faithful({"not known well": moved(NOISE * 9, np.zeros(99))}, 9),
    checks.complete(np.zeros(0), 1.0),
])  # fmt: skip
def test_what_cannot_be_tested_is_unknown_says_why_and_does_not_decide(check: Check) -> None:
    assert check.status == "UNKNOWN"
    assert check.detail.startswith("Not tested: ")
    passed = Check("x", "all", "overall", "PASSED", 0.0, 1.0, "at most", "")
    assert checks.verdict([check, passed], {}).status is Status.PASSED
    assert checks.verdict([check], {}).status is Status.UNKNOWN


def test_columns_that_carry_nothing_do_not_blur_the_order() -> None:
    rng = np.random.default_rng(0)
    one, other = (known(*range(6, 0, -1), *(rng.normal(size=194) * 1e-3)) for _ in range(2))
    assert checks.stable("stability", one, other).status == "PASSED"
    assert checks.agree(one, other, "binary").value == 1.0


def test_nan_never_passes() -> None:
    assert checks.complete(np.array([0.0, np.nan]), 1.0).status == "FAILED"
    assert checks.same_model(np.array([[np.nan]]), np.array([[0.1]])).status == "FAILED"


def test_the_order_among_columns_that_carry_nothing_is_no_contradiction() -> None:
    one, other = known(9, 7, 5, 3, 2, 0.001, 0.002), known(9, 7, 5, 3, 2, 0.002, 0.001)
    assert checks.agree(one, other, "binary").value == 1.0
    assert checks.agree(one, known(2, 3, 5, 7, 9, 0, 0), "binary").status == "FAILED"


def test_one_of_three_pairs_may_stand_the_other_way_where_the_questions_differ_and_none_where_they_do_not() -> None:
    one = known(9, 8, 7, 6, 5, 4)
    other = known(8, 9, 6, 7, 4, 5)
    assert checks.agree(one, other, "binary").status == "PASSED"
    assert checks.stable("stability", one, other).status == "FAILED"
    assert "3 stand in opposite orders" in checks.stable("stability", one, other).detail


def test_several_classes_have_no_order_in_common() -> None:
    assert checks.agree(known(*range(7)), known(*range(7)), "multiclass").status == "UNKNOWN"


def test_fidelity_fails_where_the_score_moves_by_less_than_half_of_what_is_claimed() -> None:
    wide, narrow = NOISE * 2, NOISE * 0.1
    status = [
        one.status
        for one in checks.faithful(
            {
                "right": moved(narrow + 1, 0 * wide),
                "wrong": moved(narrow - narrow.mean(), 0 * wide),
                "open": moved(wide, 0 * wide),
            },
            9,
        )
    ]
    assert status == ["PASSED", "FAILED", "UNKNOWN"]


def test_shuffled_weights_that_may_lie_on_either_side_of_the_limit_are_unknown() -> None:
    rng = np.random.default_rng(1)
    true = rng.normal(size=(12, 6))
    half = 0.55 * true + 0.8 * rng.normal(size=true.shape)
    found = checks.depends_on_weights(true, [half] * 3)
    assert (found.status, "0.5 is between" in found.detail) == ("UNKNOWN", True)
    assert checks.depends_on_weights(true, [true] * 3).status == "FAILED"
    assert checks.depends_on_weights(true, [rng.normal(size=true.shape) for _ in range(3)]).status == "PASSED"


@pytest.mark.parametrize(("load", "multiclass"), [(datasets.load_breast_cancer, False), (datasets.load_digits, True)])
def test_columns_that_few_rows_cannot_order_are_no_failure(load: Any, multiclass: bool) -> None:
    """At rank correlations of 0.57 and 0.71 between halves of the shuffles these two were marked as not to be trusted."""
    table = load()
    rng = np.random.default_rng(2)
    order = rng.permutation(len(table.data))
    test, train = order[: len(order) // 10], order[len(order) // 10 :]
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(
        table.data[train], table.target[train]
    )
    names = [f"c{j}" for j in range(table.data.shape[1])]

    def score(raw: dict[str, np.ndarray]) -> np.ndarray:
        return np.asarray(model.predict_proba(np.stack([raw[name] for name in names], axis=1)))

    answers = Answers("multiclass", tuple("0123456789")) if multiclass else BINARY
    rows = {name: table.data[test, j] for j, name in enumerate(names)}
    wanted = Wanted(rows=2000, repeats=10, references=10, shown=1)
    by_name = found(asked(rows, score, table.target[test], answers, wanted=wanted))
    assert {by_name[name][0].status for name in ("stability", "stability_of_shuffles", "agreement")} <= {
        "PASSED",
        "UNKNOWN",
    }


def small(seed: int, swap: bool = False) -> Asked:
    """A logistic model on a table of 40 to 300 rows and 6 to 30 columns, of which some hang together and many count alike.

    swap : the first two columns count much and little, so that a mix-up of them can be told.
    """
    rng = np.random.default_rng(seed)
    rows, columns = int(rng.integers(40, 300)), int(rng.integers(6, 31))
    cells = rng.normal(size=(rows, columns)) + rng.choice([0.0, 1.0]) * rng.normal(size=(rows, 1))
    weight = np.sort(rng.choice([0.0, 0.3, 0.5, 1.0], columns) * rng.choice([-1, 1], columns))
    if swap:
        weight[:2] = [2.0, 0.2]

    def score(raw: dict[str, np.ndarray]) -> np.ndarray:
        return two(sigmoid(np.stack([raw[f"x{j}"] for j in range(columns)], axis=1) @ weight))

    raw = {f"x{j}": cells[:, j] for j in range(columns)}
    label = (rng.random(rows) < score(raw)[:, 1]).astype(int)
    return asked(raw, score, label, wanted=Wanted(rows=500, repeats=6, references=20, shown=0), seed=seed)


def test_honest_explanations_of_small_tables_are_not_refused() -> None:
    """300 such tables gave no refusal at all: at most 1.0 % of them, with 95 % confidence."""
    by_name = [found(small(seed)) for seed in range(12)]
    assert not [(name, one[name][0].detail) for one in by_name for name in one if one[name][0].status == "FAILED"]


def test_two_columns_that_change_places_with_the_seed_are_found_in_small_tables(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    true, places = shapley.play, {}

    def play(game: Any, rng: Any) -> Contributions:
        one = true(game, rng)
        _, is_second = places.setdefault(id(rng), (rng, len(places) % 2 == 1))
        order = [1, 0, *range(2, one.values.shape[1])] if is_second else slice(None)
        return Contributions(one.values[:, order], one.errors, one.at_row, one.at_reference)

    monkeypatch.setattr(whole, "play", play)
    statuses = [found(small(seed, swap=True))["stability"][0].status for seed in range(10)]
    assert statuses.count("FAILED") >= 9
