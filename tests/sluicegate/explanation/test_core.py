"""The whole explanation: every task, tables at the edges, and the same answer twice."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import explanation_evidence
from schemas.explanation_evidence import ExplanationEvidence
from schemas.predictions import Answers
from schemas.verdict import Status
from sluicegate.explanation.core import SensitiveCodes, Wanted, explain, group_numbers, not_configured
from sluicegate.explanation.counterfactuals import Rules
from sluicegate.explanation.single import rules_of
from sluicegate.explanation.table import of_columns
from sluicegate.explanation.work import plan
from tests.sluicegate.explanation.worlds import asked, people, sigmoid, two

BY_SEX = SensitiveCodes({"sex": ()}, ("sex",))
SMALL = Wanted(rows=300, repeats=3, references=10, shown=2)


def binary(raw: dict[str, np.ndarray]) -> np.ndarray:
    return two(sigmoid(2.0 * (raw["job"] == "smith") - 1 + raw["school"] + 0.3 * raw["hours"]))


def explained(score: Any, label: np.ndarray, answers: Answers, raw: Any = None, **more: Any) -> ExplanationEvidence:
    more = {"wanted": SMALL, "sensitive": BY_SEX, **more}
    evidence = explain(asked(people() if raw is None else raw, score, label, answers, **more))[0]
    assert explanation_evidence.from_json(explanation_evidence.to_json(evidence)) == evidence
    assert not [check for check in evidence.checks if check.status == "FAILED"]
    return evidence


def test_a_binary_task() -> None:
    raw = people()
    label = (np.random.default_rng(0).random(1500) < binary(raw)[:, 1]).astype(int)
    evidence = explained(
        binary, label, Answers("binary", ("no", "yes"), 0.5), wanted=replace(SMALL, immutable=("job",))
    )
    by_name = {one.name: one for one in evidence.importances}
    assert by_name["school"].quality.value is not None
    assert (by_name["school"].quality.low or 0) > 0
    assert (by_name["noise0"].quality.value, by_name["noise0"].attribution) == (0, pytest.approx(0, abs=1e-12))
    assert (by_name["job + sex" if "job + sex" in by_name else "sex + job"].gap.low or 0) > 0  # type: ignore[union-attr]
    assert evidence.disparity is not None
    assert (evidence.disparity.high, evidence.disparity.low) == ("Male", "Female")
    assert evidence.disparity.carried[0].columns == ("sex", "job")
    assert evidence.disparity.full == pytest.approx(evidence.disparity.over_all_rows, abs=1e-12)
    assert {rule for one in evidence.local for rule in one.rules} == {"most typical", "most uncertain", "most wrong"}
    assert {group for one in evidence.local for group in one.groups} == {"Male", "Female"}
    assert evidence.flips[0].flipped is not None
    assert evidence.flips[0].flipped.value == 0
    assert [one.group for one in evidence.recourse] == ["Female", "Male"] or len(evidence.recourse) == 2
    changed = {change.column for one in evidence.local if one.counterfactual for change in one.counterfactual.changes}
    assert changed
    assert not changed & {"sex", "job"}
    sums = [one.score - one.reference - sum(c.contribution for c in one.contributions) for one in evidence.local]
    np.testing.assert_allclose(sums, 0, atol=1e-12)
    assert {one.column for one in evidence.dependences[:2]} == {"school", "job"}
    [school] = [one for one in evidence.dependences if one.column == "school"]
    assert school.points[-1].mean > school.points[0].mean + 0.2


def test_a_multiclass_task_explains_each_row_by_its_own_class_and_the_whole_by_the_one_that_is_named() -> None:
    def score(raw: dict[str, np.ndarray]) -> np.ndarray:
        logits = np.stack([raw["school"], raw["hours"], 2.0 * (raw["job"] == "smith")], axis=1)
        return np.asarray(np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True))

    answers = Answers("multiclass", ("red", "green", "blue"))
    sensitive = SensitiveCodes({"sex": ()}, ("sex",), positive="red")
    evidence = explained(score, score(people()).argmax(axis=1), answers, sensitive=sensitive)
    assert (evidence.explained_class, evidence.quality) == ("red", "log_loss")
    assert min((one.quality.low or 0) for one in evidence.importances if one.name in ("school", "hours", "job")) > 0
    assert evidence.disparity is not None
    assert evidence.disparity.measure == "rate of red"
    assert {one.explained for one in evidence.local} >= {"red", "green", "blue"} - {"green"}
    for one in evidence.local:
        assert one.explained == one.decision
        assert one.counterfactual is None or one.counterfactual.decision != one.decision
    assert not evidence.recourse


def test_a_regression_has_a_gap_of_means_and_no_counterfactuals() -> None:
    def score(raw: dict[str, np.ndarray]) -> np.ndarray:
        return np.asarray(1000 + 50 * raw["school"] + 100.0 * (raw["job"] == "smith"))[:, None]

    label = score(people())[:, 0] + np.random.default_rng(0).normal(size=1500)
    label[:5] = np.nan
    evidence = explained(score, label, Answers("regression"))
    assert (evidence.quality, evidence.explained_class) == ("r2", "")
    assert evidence.disparity is not None
    assert 70 < evidence.disparity.full < 110
    [job] = [one for one in evidence.disparity.carried if "job" in one.columns]
    assert (job.contribution.value or 0) == pytest.approx(evidence.disparity.full, rel=0.15)
    assert all(one.counterfactual is None and one.no_counterfactual for one in evidence.local)
    assert evidence.flips[0].flipped is None


def test_a_row_number_is_the_splits_and_its_values_are_those_of_that_row() -> None:
    raw = people()
    evidence = explained(binary, (binary(raw)[:, 1] > 0.5).astype(int), Answers("binary", ("no", "yes"), 0.5))
    for one in evidence.local:
        values = {c.column: c.value for c in one.contributions}
        assert values["job"] == raw["job"][one.row]
        assert values["school"] == f"{raw['school'][one.row]:.6g}"


def test_rows_of_a_large_split_keep_their_numbers_labels_and_groups() -> None:
    raw, numbers = people(), np.arange(700, 1500)
    evidence = explained(
        binary, (binary(raw)[:, 1] > 0.5).astype(int), Answers("binary", ("no", "yes"), 0.5), numbers=numbers
    )
    [same] = [one for one in evidence.checks if one.name == "matches_predictions"]
    assert same.value == 0
    for one in evidence.local:
        assert {c.column: c.value for c in one.contributions}["school"] == f"{raw['school'][one.row]:.6g}"
        assert set(one.groups) == {raw["sex"][one.row]}
    assert evidence.disparity is not None
    men = (raw["sex"][700:] == "Male").sum()
    assert (evidence.disparity.rows_high, evidence.disparity.rows_low) == (men, 800 - men)
    assert any("800 of the split's 1,500" in note for note in evidence.notes)


def test_no_advice_is_to_be_of_another_sex_but_to_grow_older_may_be() -> None:
    table = of_columns({"sex": people()["sex"], "age": np.arange(1500.0), "town": people()["job"]})
    sensitive = SensitiveCodes({"sex": (), "age": (25,)}, ("sex",))
    rules, notes = rules_of(Wanted(monotone={"age": "up"}), sensitive, table)
    assert (rules, notes) == (Rules(frozenset({0}), frozenset({1}), frozenset()), [])
    assert rules_of(Wanted(immutable=("town",)), sensitive, table)[0] == Rules(frozenset({0, 1, 2}))


def test_two_runs_say_the_same_and_another_seed_something_else() -> None:
    raw, answers = people(), Answers("binary", ("no", "yes"), 0.5)
    label = (raw["school"] > 0).astype(int)

    def once(seed: int) -> ExplanationEvidence:
        return replace(explained(binary, label, answers, seed=seed), seconds=None)

    assert once(1) == once(1)
    assert once(1).importances != once(2).importances


EDGES: dict[str, dict[str, np.ndarray]] = {
    "two columns": {},
    "a constant and an empty column": {"constant": np.ones(1500), "empty": np.full(1500, np.nan),
                                       "no text": np.array([""] * 1500, object)},
    "dates and ids": {"day": np.array([f"2024-{1 + i % 12:02}-{1 + i % 28:02}" for i in range(1500)], object),
                      "id": np.array([f"p{i}" for i in range(1500)], object)},
    "missing values": {"gaps": np.where(np.arange(1500) % 3 == 0, np.nan, np.arange(1500.0)),
                       "text gaps": np.array([["", "a", "b"][i % 3] for i in range(1500)], object)},
}  # fmt: skip


@pytest.mark.parametrize("edge", EDGES)
def test_tables_at_the_edges(edge: str) -> None:
    raw = {name: people()[name] for name in ("sex", "school")} | EDGES[edge]

    def score(x: dict[str, np.ndarray]) -> np.ndarray:
        return two(
            sigmoid(x["school"] + (x["sex"] == "Male") + np.nan_to_num(x.get("gaps", 0 * x["school"])) / 500 - 1)
        )

    label = (score(raw)[:, 1] > 0.4).astype(int)
    evidence = explained(score, label, Answers("binary", ("no", "yes"), 0.5), raw)
    assert len(evidence.importances) >= len(raw)
    assert {one.column for one in evidence.dependences} <= set(raw)


def test_a_model_that_answers_the_same_to_all() -> None:
    evidence = explained(lambda raw: np.full((len(raw["sex"]), 2), 0.5), np.arange(1500) % 2,
                         Answers("binary", ("no", "yes"), 0.5))  # fmt: skip
    assert evidence.disparity is None
    assert any("do not differ" in note for note in evidence.notes)
    assert {one.quality.value for one in evidence.importances} == {0.0}


def test_unknown_labels_leave_the_rest() -> None:
    evidence = explained(binary, np.full(1500, -1), Answers("binary", ("no", "yes"), 0.5))
    assert evidence.quality_value.value is None
    assert {one.quality.value for one in evidence.importances} == {None}
    assert any("known label" in note for note in evidence.notes)
    assert not [one for one in evidence.local if "most wrong" in one.rules]


def test_nothing_sensitive_and_a_sensitive_column_that_the_model_does_not_take() -> None:
    raw, answers = people(), Answers("binary", ("no", "yes"), 0.5)
    evidence = explained(binary, (raw["school"] > 0).astype(int), answers, sensitive=SensitiveCodes({}, ()))
    assert (evidence.disparity, evidence.flips, evidence.recourse) == (None, (), ())
    assert any("No sensitive column is declared" in note for note in evidence.notes)
    ages = group_numbers(np.where(raw["job"] == "smith", 30.0, 50.0), (40,))
    evidence = explained(binary, (raw["school"] > 0).astype(int), answers, sensitive=SensitiveCodes({"age": (40,)}, ("age",)),
                         groups={"age": ages})  # fmt: skip
    assert evidence.disparity is not None
    assert not evidence.flips[0].is_input
    assert evidence.disparity.carried[0].proxy == pytest.approx(1)


def test_a_small_group_is_filled_up_so_that_its_fidelity_can_be_told() -> None:
    raw = people()
    raw["sex"][:40] = "Other"
    evidence = explained(binary, (raw["school"] > 0).astype(int), Answers("binary", ("no", "yes"), 0.5), raw)
    assert {one.slice: one.status for one in evidence.checks if one.name == "fidelity"}["Other"] == "PASSED"


def test_two_hundred_columns_are_capped_and_it_says_so() -> None:
    rng = np.random.default_rng(0)
    raw = {"sex": people(400)["sex"], **{f"x{j}": rng.normal(size=400) for j in range(199)}}

    def score(x: dict[str, np.ndarray]) -> np.ndarray:
        return two(sigmoid(np.sum([(9 - j) / 5 * x[f"x{j}"] for j in range(9)], axis=0)))

    label = (rng.random(400) < score(raw)[:, 1]).astype(int)
    evidence = explained(score, label, Answers("binary", ("no", "yes"), 0.5), raw, wanted=Wanted())
    assert evidence.questions < 2_000_000
    assert any("wide" in note for note in evidence.notes)
    top = sorted(evidence.importances, key=lambda one: -(one.quality.value or 0))[:3]
    assert {one.name for one in top} <= {"x0", "x1", "x2", "x3"}


@settings(max_examples=200, deadline=None)
@given(st.integers(100, 20_000), st.integers(2, 400), st.integers(1, 400), st.integers(1, 200))
def test_the_plan_never_asks_for_more_than_there_is_and_stays_within_reach(
    rows: int, columns: int, groups: int, shown: int
) -> None:
    groups = min(groups, columns)
    work = plan(Wanted(), rows, columns, (groups, 0), shown)
    assert 0 < work.rows <= min(rows, 2000)
    assert 3 <= work.repeats <= 10
    assert 5 <= work.references <= 50
    assert 0 < work.gap_rows <= rows
    assert work.rows * work.repeats * columns <= max(600_000, 200 * 3 * columns)
    per_reference = 2**groups - 2 if work.exact else 2 * (groups - 1)
    assert work.gap_rows * work.donors * per_reference <= max(300_000, 200 * per_reference)


def test_more_is_asked_where_the_settings_ask_for_more() -> None:
    assert plan(Wanted(rows=20_000), 20_000, 14, (11, 3), 18).rows == 20_000
    assert plan(Wanted(repeats=100), 20_000, 14, (11, 3), 18).repeats == 100


def test_switched_off_is_not_configured_and_no_pass() -> None:
    assert (not_configured().status, not_configured().reason) == (Status.UNKNOWN, "not_configured")


def test_notes_name_declared_columns_that_cannot_be_followed() -> None:
    wanted = replace(SMALL, immutable=("nobody",), monotone={"job": "up", "hours": "up"})
    raw = people()
    evidence = explained(binary, (raw["school"] > 0).astype(int), Answers("binary", ("no", "yes"), 0.5), wanted=wanted)
    assert any("nobody" in note for note in evidence.notes)
    assert any("job is declared monotone and holds text" in note for note in evidence.notes)
    changes = [c for one in evidence.local if one.counterfactual for c in one.counterfactual.changes]
    assert all(float(c.after) > float(c.before) for c in changes if c.column == "hours")
    assert not [c for c in changes if c.column in ("job", "sex")]
