"""Each check is green for a right explanation and red for one that was broken on purpose."""

from typing import Any

import numpy as np
import pytest

from components.explanation_report import checks, core, fidelity, shapley, whole
from components.explanation_report.core import Asked, Sensitive, explain
from components.explanation_report.shapley import Contributions
from schemas.explanation_evidence import Check
from schemas.verdict import Status
from tests.components.explanation_report.worlds import asked, people, sigmoid, two

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
    return asked(raw, score, label, **{"randomised": shuffled, "sensitive": Sensitive({"sex": ()}, ("sex",)), **more})


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
    evidence, verdict = explain(world())
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


def test_importances_that_change_with_the_seed_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    broken(monkeypatch, lambda values: values[:, rng.permutation(values.shape[1])])
    assert status_of("stability", world()) == {"FAILED"}


def test_shares_of_the_gap_that_do_not_sum_up_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    true = shapley.play

    def play(game: Any, rng: Any) -> Contributions:
        one = true(game, rng)
        return Contributions(one.values * 0.9, one.errors, one.at_row, one.at_reference)

    monkeypatch.setattr(whole.disparity, "play", play)
    assert status_of("efficiency", world()) == {"FAILED"}


def test_fidelity_is_red_for_the_one_group_whose_explanations_are_wrong() -> None:
    right = world()
    ask = core.Asker(right.score, right.subject.table)
    rows, references = right.subject.table.codes[:60], right.subject.table.codes[60:80]
    values = whole.attributions(ask, rows, references, 1, np.random.default_rng(0)).values
    by_group = {
        name: fidelity.changes(ask, whole.score_of(1), rows, (shown, references, np.random.default_rng(1)))
        for name, shown in (("A", values), ("B", -1 / (np.abs(values) + 1e-3)))
    }
    assert [(one.slice, one.status) for one in checks.faithful(by_group, 6)] == [("A", "PASSED"), ("B", "FAILED")]


@pytest.mark.parametrize("check", [
    checks.stable("stability", np.arange(4.0), np.arange(4.0)),
    checks.agree(np.array([1, 1e-9, 0, 0, 0, 0]), np.array([1.0, 0, 0, 0, -1, 0]), "binary"),
    checks.depends_on_weights(np.ones((9, 9)), []),
    *checks.faithful({"small": (np.ones(29), np.zeros(29))}, 9),
    *checks.faithful({"one column": (np.ones(99), np.zeros(99))}, 1),
    *checks.faithful({"constant": (np.zeros(99), np.zeros(99))}, 9),
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
    one, other = (np.concatenate([np.arange(6, 0, -1.0), rng.random(194) * 1e-3]) for _ in range(2))
    assert checks.rank_agreement(one, other) == (1.0, 6)


def test_nan_never_passes() -> None:
    assert checks.complete(np.array([0.0, np.nan]), 1.0).status == "FAILED"
    assert checks.same_model(np.array([[np.nan]]), np.array([[0.1]])).status == "FAILED"


def test_the_order_among_columns_that_carry_nothing_is_no_contradiction():
    strong = [9.0, 7.0, 5.0, 3.0, 2.0]
    one, other = np.array([*strong, 0.01, 0.02]), np.array([*strong, 0.02, 0.01])
    assert checks.agree(one, other, "binary").value == 1.0
    assert checks.agree(one, np.array([2.0, 3.0, 5.0, 7.0, 9.0, 0, 0]), "binary").status == "FAILED"


def test_several_classes_have_no_order_in_common():
    assert checks.agree(np.arange(1.0, 8), np.arange(1.0, 8), "multiclass").status == "UNKNOWN"
