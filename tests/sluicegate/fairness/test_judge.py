"""The fairness verdict from three sides, on both sides of every limit."""

from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import fairness_evidence
from schemas.sensitive import SensitiveColumn
from schemas.verdict import Measurement, Status, Verdict
from sluicegate.fairness import groups
from sluicegate.fairness.audit import audit, without_rows
from sluicegate.fairness.estimates import Floors
from sluicegate.fairness.policy import Limit, Policy
from sluicegate.fairness.questions import MeasuredGap, questions
from sluicegate.fairness.resampling import Resampled
from sluicegate.fairness.rows import Rows, groupings, one_class
from sluicegate.stats.interval import Interval
from sluicegate.stats.judge import Question, answer
from tests.sluicegate.fairness import adult

DRAWS = 1000


def made(cells: dict[str, tuple[int, int, int, int]], **more: Any) -> Rows:
    """A table from counts per group: true negatives, false positives, false negatives, true positives."""
    labels, decisions, codes = [], [], []
    for place, numbers in enumerate(cells.values()):
        for (label, decision), number in zip(((0, 0), (0, 1), (1, 0), (1, 1)), numbers, strict=True):
            labels += [label] * number
            decisions += [decision] * number
            codes += [place] * number
    decided = np.array(decisions)
    score = 0.25 + 0.5 * decided
    group = groups.of_texts("g", np.array(codes, int), list(cells))
    return Rows("binary", ("no", "yes"), np.array(labels), decided, np.stack([1 - score, score], 1), (group,), **more)


def ask(rows: Rows, *limits: Limit, **more: Any) -> Verdict:
    named = tuple(replace(limit, setting=f"fairness.limits.{i}") for i, limit in enumerate(limits))
    verdict, evidence = audit(rows, Policy(sensitive=(SensitiveColumn("g"),), limits=named, draws=DRAWS, **more))
    assert fairness_evidence.from_json(fairness_evidence.to_json(evidence)) == evidence
    return verdict


def only(verdict: Verdict) -> Measurement:
    assert len(verdict.measurements) == 1
    return verdict.measurements[0]


def parity(limit: float) -> Limit:
    return Limit("demographic_parity_difference", ("g",), at_most=limit)


#: Selection rates 0.5 and 0.3; true positive rates 0.8 and 0.6.
APART = {"a": (3200, 800, 200, 800), "b": (3900, 300, 320, 480)}


class TestDifference:
    @pytest.mark.parametrize(
        ("limit", "status", "reason"),
        [(0.20, Status.PASSED, ""), (0.16, Status.UNKNOWN, "not_settled"), (0.10, Status.FAILED, "above_limit")],
    )
    def test_three_states(self, limit: float, status: Status, reason: str) -> None:
        m = only(ask(made(APART), parity(limit)))
        assert (m.status, m.reason, m.setting) == (status, reason, "fairness.limits.0.at_most")
        assert m.value == pytest.approx(0.32 - 0.156)

    def test_the_far_end_decides_a_pass_and_the_near_end_a_refusal(self) -> None:
        m = only(ask(made(APART), parity(0.5)))
        assert only(ask(made(APART), parity(m.high + 1e-6))).status is Status.PASSED
        assert only(ask(made(APART), parity(m.high - 1e-6))).status is Status.UNKNOWN
        assert only(ask(made(APART), parity(m.low + 1e-6))).status is Status.UNKNOWN
        assert only(ask(made(APART), parity(m.low - 1e-6))).status is Status.FAILED

    def test_an_open_question_says_how_many_rows_would_settle_it(self) -> None:
        few = {name: tuple(n // 20 for n in cells) for name, cells in APART.items()}
        m = only(ask(made(few), parity(0.1)))
        assert m.reason == "not_settled"
        needed = int(m.detail.split("About ")[1].split(" rows")[0].replace(",", ""))
        times = needed / m.rows

        def status_with(factor: float) -> Status:
            more = {name: tuple(round(n * factor) for n in cells) for name, cells in few.items()}
            return only(ask(made(more), parity(0.1))).status

        assert status_with(times * 1.1) is Status.FAILED
        assert status_with(times * 0.85) is Status.UNKNOWN


class TestRatio:
    @pytest.mark.parametrize(("limit", "status"), [(0.4, Status.PASSED), (0.5, Status.UNKNOWN), (0.8, Status.FAILED)])
    @pytest.mark.parametrize("measure", ["demographic_parity_ratio", "impact_ratio"])
    def test_three_states(self, measure: str, limit: float, status: Status) -> None:
        m = only(ask(made(APART), Limit(measure, ("g",), at_least=limit)))
        assert (m.status, m.setting) == (status, "fairness.limits.0.at_least")
        assert m.value == pytest.approx(0.156 / 0.32)

    def test_a_group_under_two_percent_is_no_reference(self) -> None:
        cells = {**APART, "tiny": (0, 100, 0, 60)}
        impact = only(ask(made(cells), Limit("impact_ratio", ("g",), at_least=0.1)))
        parity_ratio = only(ask(made(cells), Limit("demographic_parity_ratio", ("g",), at_least=0.1)))
        assert (impact.value, parity_ratio.value) == pytest.approx((0.156 / 0.32, 0.156))


class TestUndefined:
    NOBODY: ClassVar[dict[str, tuple[int, int, int, int]]] = {"a": (900, 0, 300, 0), "b": (700, 0, 100, 0)}

    @pytest.mark.parametrize(
        "limit",
        [
            parity(0.1),
            Limit("equal_opportunity_difference", ("g",), at_most=0.1),
            Limit("fpr_difference", ("g",), at_most=0.1),
            Limit("equalized_odds_sum", ("g",), at_most=0.1),
            Limit("impact_ratio", ("g",), at_least=0.8),
            Limit("demographic_parity_ratio", ("g",), at_least=0.8),
            Limit("predictive_parity_difference", ("g",), at_most=0.1),
            Limit("error_difference", ("g",), at_most=0.5),
            Limit("score_difference", ("g",), at_most=0.1),
            Limit("abcc", ("g",), at_most=0.1),
            Limit("error_difference", ("g",), max_rise=0.5),
        ],
        ids=lambda limit: limit.measure,
    )
    @pytest.mark.parametrize("unknown_passes", [False, True])
    def test_a_model_that_selects_nobody_does_not_pass(self, limit: Limit, unknown_passes: bool) -> None:
        before = made(APART).decision[: sum(map(sum, self.NOBODY.values()))]
        rows = made(self.NOBODY, baseline_decision=before, baseline_scores=np.stack([1 - before, before], 1) * 1.0)
        verdict = ask(rows, limit, unknown_passes=unknown_passes)
        assert (verdict.status, only(verdict).reason) == (Status.UNKNOWN, "undefined")

    @pytest.mark.parametrize("measure", ["equal_opportunity_difference", "equalized_odds_mean"])
    def test_a_model_that_finds_no_positive_does_not_pass(self, measure: str) -> None:
        """Three rows are selected, and none of them is a positive: every true positive rate is 0."""
        m = only(ask(made({"a": (900, 3, 300, 0), "b": (700, 0, 100, 0)}), Limit(measure, ("g",), at_most=0.9)))
        assert (m.status, m.reason) == (Status.UNKNOWN, "undefined")
        assert "selects none of the positives" in m.detail

    def test_a_model_without_false_positives_passes(self) -> None:
        perfect = made({"a": (900, 0, 0, 300), "b": (700, 0, 0, 100)})
        assert ask(perfect, Limit("fpr_difference", ("g",), at_most=0.1)).passed

    def test_one_group_is_no_comparison(self) -> None:
        m = only(ask(made({"a": (900, 50, 100, 200)}), parity(0.1)))
        assert (m.status, m.reason) == (Status.UNKNOWN, "too_few_rows")

    def test_small_groups_are_shown_and_not_judged(self) -> None:
        small = {"a": (3200, 800, 200, 800), "b": (0, 20, 0, 9)}
        m = only(ask(made(small), parity(0.1)))
        assert (m.status, m.reason) == (Status.UNKNOWN, "too_few_rows")
        assert "About 5,300 rows" in m.detail
        assert only(ask(made(small), parity(0.1), min_rows=29)).status is Status.FAILED

    def test_floors_count_the_rows_under_the_rate(self) -> None:
        limit = Limit("equal_opportunity_difference", ("g",), at_most=0.1)
        cells = {"a": (3200, 800, 200, 800), "b": (500, 20, 9, 0)}
        assert only(ask(made(cells), limit)).reason == "too_few_rows"
        assert only(ask(made(cells), limit, min_positives=9)).status is Status.FAILED

    def test_a_pass_names_the_groups_that_it_says_nothing_about(self) -> None:
        """Nobody of 500 rows with 9 positives is found; and a group of 29 is never selected."""
        rows = made({"a": (3200, 800, 200, 800), "b": (3200, 790, 205, 800), "c": (480, 11, 9, 0), "d": (20, 0, 9, 0)})
        limits = [
            Limit("equal_opportunity_difference", ("g",), at_most=0.2),
            Limit("fpr_difference", ("g",), at_most=0.9),
        ]
        found, evidence = audit(rows, Policy(sensitive=(SensitiveColumn("g"),), limits=tuple(limits), draws=DRAWS))
        assert found.passed
        assert [m.detail for m in found.measurements] == [
            "Not judged: g=c (9 rows under the rate), g=d (29 rows).", "Not judged: g=d (29 rows).",
        ]  # fmt: skip
        by_measure = {gap.measure: gap.left_out for gap in evidence.audits[0].groupings[0].gaps}
        assert by_measure["equalized_odds_sum"] == ("g=c (9 rows under the rate)", "g=d (29 rows)")
        assert by_measure["abcc"] == ("g=d (29 rows)",)

    def test_a_group_without_weight_is_named_too(self) -> None:
        rows = made({**APART, "c": (300, 80, 20, 80)})
        weightless = replace(rows, weight=np.where(rows.sensitive[0].codes == 2, 0.0, 1.0))
        assert only(ask(weightless, parity(0.5))).detail.startswith("Not judged: g=c (")

    def test_rows_without_a_label_count_for_selection_alone(self) -> None:
        rows = made(APART)
        half = np.where(np.arange(len(rows.label)) % 2 == 0, -1, rows.label)
        verdict = ask(
            replace(rows, label=half), parity(0.5), Limit("equal_opportunity_difference", ("g",), at_most=0.9)
        )
        assert [m.value for m in verdict.measurements] == pytest.approx([0.32 - 0.156, 0.2])


class TestReleased:
    def rise(self, candidate: dict, baseline: dict, max_rise: float) -> Measurement:
        before = made(baseline)
        rows = made(candidate, baseline_decision=before.decision, baseline_scores=before.scores, baseline_version=7)
        return only(ask(rows, Limit("equal_opportunity_difference", ("g",), max_rise=max_rise)))

    def test_the_same_model_is_no_worse(self) -> None:
        m = self.rise(APART, APART, 0.0)
        assert (m.status, m.value, m.low, m.high) == (Status.PASSED, 0.0, 0.0, 0.0)

    def test_a_better_model_passes_and_a_worse_one_is_refused(self) -> None:
        equal = {"a": (3200, 800, 200, 800), "b": (3900, 300, 160, 640)}
        better, worse = self.rise(equal, APART, 0.05), self.rise(APART, equal, 0.05)
        assert (better.status, worse.status) == (Status.PASSED, Status.FAILED)
        assert (worse.value, worse.baseline, worse.setting) == (pytest.approx(0.2), 0.0, "fairness.limits.0.max_rise")
        assert better.value == pytest.approx(-0.2)

    def test_pairing_tells_what_two_samples_could_not(self) -> None:
        """The gap's own interval is four times as wide as the change's, because nearly all rows got the same answer twice."""
        slightly = {"a": (3200, 800, 200, 800), "b": (3900, 300, 330, 470)}
        m = self.rise(slightly, APART, 0.05)
        own = only(ask(made(slightly), Limit("equal_opportunity_difference", ("g",), at_most=0.5)))
        assert (m.high - m.low) * 4 < own.high - own.low

    def test_the_first_model_is_a_bootstrap(self) -> None:
        verdict = ask(made(APART), Limit("equal_opportunity_difference", ("g",), max_rise=0.0))
        assert (verdict.status, verdict.bootstrap, only(verdict).reason) == (Status.PASSED, True, "bootstrap")

    def test_a_released_model_without_answers_is_no_bootstrap(self) -> None:
        silent = made(APART, has_release=True, baseline_note="it does not load")
        verdict = ask(silent, Limit("equal_opportunity_difference", ("g",), max_rise=0.0))
        assert (verdict.status, verdict.bootstrap, only(verdict).reason) == (Status.UNKNOWN, False, "baseline_missing")
        assert only(verdict).detail.endswith("to be compared with: it does not load.")


class TestSettings:
    def test_nothing_declared(self) -> None:
        verdict, _ = without_rows(Policy())
        assert (verdict.status, verdict.reason) == (Status.UNKNOWN, "not_configured")
        assert audit(made(APART), Policy())[0].reason == "not_configured"

    def test_off(self) -> None:
        verdict, _ = without_rows(Policy(enabled=False))
        assert (verdict.status, verdict.reason) == (Status.PASSED, "off")

    @pytest.mark.parametrize("profile", ["custom", "ll144-table"])
    def test_no_limit_is_no_pass(self, profile: str) -> None:
        verdict = ask(made(APART), profile=profile)
        assert (verdict.status, verdict.reason) == (Status.UNKNOWN, "no_limits")

    def test_report_only_refuses_nothing_and_says_what_it_saw(self) -> None:
        verdict = ask(made(APART), parity(0.1), report_only=True)
        assert (verdict.status, verdict.reason, only(verdict).status) == (Status.PASSED, "report_only", Status.FAILED)
        assert not only(verdict).gates

    def test_watching_does_not_block_where_no_rows_were_scored(self) -> None:
        columns = (SensitiveColumn("g"),)
        assert without_rows(Policy(sensitive=columns))[0].reason == "no_rows"
        watched, _ = without_rows(Policy(sensitive=columns, report_only=True))
        assert (watched.status, watched.reason) == (Status.PASSED, "report_only")
        assert "No rows were scored" in watched.detail
        assert without_rows(Policy(report_only=True))[0].reason == "not_configured"

    def test_report_only_of_one_limit(self) -> None:
        watched = replace(parity(0.1), report_only=True)
        assert ask(made(APART), watched).reason == "report_only"
        verdict = ask(made(APART), watched, parity(0.5))
        assert (verdict.status, [m.gates for m in verdict.measurements]) == (Status.PASSED, [False, True])

    def test_unknown_passes(self) -> None:
        assert ask(made(APART), parity(0.16)).status is Status.UNKNOWN
        verdict = ask(made(APART), parity(0.16), unknown_passes=True)
        assert (verdict.status, verdict.reason) == (Status.PASSED, "unknown_passes")
        assert ask(made(APART), parity(0.10), parity(0.16), unknown_passes=True).status is Status.FAILED

    def test_unknown_passes_covers_only_what_more_rows_would_settle(self) -> None:
        few = Limit("equal_opportunity_difference", ("g",), at_most=0.1)
        assert ask(made({"a": (3200, 800, 200, 800), "b": (500, 20, 9, 0)}), few, unknown_passes=True).passed
        silent = made(APART, has_release=True)
        rise = Limit("equal_opportunity_difference", ("g",), max_rise=0.1)
        verdict = ask(silent, rise, parity(0.16), unknown_passes=True)
        assert (verdict.status, {m.reason for m in verdict.refusals}) == (
            Status.UNKNOWN,
            {"baseline_missing", "not_settled"},
        )

    def test_more_limits_make_each_refusal_harder(self) -> None:
        alone = only(ask(made(APART), parity(0.14)))
        many = ask(made(APART), *[parity(0.14)] * 8)
        assert many.measurements[0].low < alone.low
        assert many.measurements[0].high == alone.high
        watched = ask(made(APART), parity(0.16), *[replace(parity(0.16), report_only=True)] * 8)
        assert watched.measurements[0].low == alone.low
        # One of Holm's steps: seven that are refused leave the last one its full level.
        stepped = ask(made(APART), *[parity(0.01)] * 7, parity(0.16))
        assert stepped.measurements[-1].low == alone.low

    def test_profiles_add_limits_for_each_column(self) -> None:
        verdict = ask(made(APART), profile="ugesp-4-5")
        m = only(verdict)
        assert (m.name, m.limit, m.status, m.setting) == (
            "impact_ratio",
            0.8,
            Status.FAILED,
            "fairness.profile ugesp-4-5",
        )
        assert len(ask(made(APART), profile="difference-0.1").measurements) == 2


class TestTasks:
    def multiclass(self, **more: Any) -> tuple[Verdict, fairness_evidence.FairnessEvidence]:
        rng = np.random.default_rng(0)
        n = 6000
        group = groups.of_texts("g", rng.integers(0, 2, n), ["a", "b"])
        label = rng.integers(0, 3, n)
        decision = np.where(rng.random(n) < np.where(group.codes == 1, 0.9, 0.6), label, rng.integers(0, 3, n))
        scores = np.eye(3)[decision] * 0.7 + 0.1
        rows = Rows("multiclass", ("x", "y", "z"), label, decision, scores, (group,))
        limit = Limit("equal_opportunity_difference", ("g",), at_most=0.1, setting="fairness.limits.0")
        return audit(rows, Policy(sensitive=(SensitiveColumn("g"),), limits=(limit,), draws=DRAWS, **more))

    def test_multiclass_needs_a_positive_class(self) -> None:
        verdict, evidence = self.multiclass()
        assert (verdict.status, only(verdict).reason) == (Status.UNKNOWN, "positive_not_declared")
        assert [one.positive for one in evidence.audits] == ["x", "y", "z"]
        verdict, evidence = self.multiclass(positive="y")
        assert (verdict.status, [one.positive for one in evidence.audits]) == (Status.FAILED, ["y"])

    @pytest.mark.parametrize(
        ("measure", "limit", "status"),
        [
            ("error_difference", 0.5, Status.FAILED), ("error_difference", 1.2, Status.PASSED),
            ("score_difference", 0.5, Status.PASSED), ("abcc", 1.2, Status.PASSED), ("abcc", 0.2, Status.UNKNOWN),
            ("equal_opportunity_difference", 0.5, Status.UNKNOWN),
        ],
    )  # fmt: skip
    def test_regression(self, measure: str, limit: float, status: Status) -> None:
        """The same mean value in both groups, errors of 1 and 2."""
        rng = np.random.default_rng(0)
        code = rng.integers(0, 2, 8000)
        label = rng.normal(50, 5, 8000)
        value = label + rng.choice([-1, 1], 8000) * (1.0 + code)
        group = groups.of_texts("g", code, ["a", "b"])
        rows = Rows("regression", (), label, None, value[:, None], (group,))
        m = only(ask(rows, Limit(measure, ("g",), at_most=limit)))
        assert m.status is status
        if measure == "error_difference":
            assert m.value == pytest.approx(1.0)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("value", [np.inf, -np.inf])
@pytest.mark.parametrize("measure", ["error_difference", "score_difference"])
def test_one_infinite_prediction_is_no_pass(measure: str, value: float) -> None:
    rng = np.random.default_rng(0)
    label = rng.normal(size=2000)
    scores = (label + rng.normal(size=2000))[:, None]
    scores[7] = value
    rows = Rows("regression", (), label, None, scores, (groups.of_texts("g", np.arange(2000) % 2, ["a", "b"]),))
    m = only(ask(rows, Limit(measure, ("g",), at_most=0.1)))
    assert (m.status, m.reason, m.value, m.low, m.high) == (Status.UNKNOWN, "undefined", None, None, None)


@pytest.mark.parametrize("ends", [(np.nan, 0.0), (0.0, -np.inf), (-np.inf, 0.0), (0.2, 0.1)])
def test_what_is_no_interval_is_no_pass(ends: tuple[float, float]) -> None:
    found = Interval(*map(np.array, ends))
    question = Question("k", "m", "g", 0.3, "at most", "s", 9, True, 0.1, lambda levels, factor: found)
    assert answer([question], 0.025)["k"].measurement.reason == "undefined"


def test_the_digest_is_of_the_test_rows_and_not_of_what_they_are_grouped_by() -> None:
    rows = adult.rows()
    age = groups.of_numbers("age", adult.test_rows()["age"].to_numpy(float), (30,))
    turned = replace(rows, classes=rows.classes[::-1], label=1 - rows.label)
    for same in (replace(rows, sensitive=rows.sensitive[:1]), replace(rows, sensitive=(age,)), turned):
        assert same.digest() == rows.digest()
    for other in (
        replace(rows, label=rows.label[::-1]),
        replace(rows, label=rows.label[:-1]),
        replace(rows, label=1 - rows.label),
    ):
        assert other.digest() != rows.digest()


def test_a_category_called_missing_is_none_that_is_missing() -> None:
    group = groups.of_texts("g", np.arange(400) % 4 - 1, ["missing", '"missing"', "b"])
    assert set(group.names) == {"g=missing", 'g="missing"', 'g=""missing""', "g=b"}
    assert len(groups.coarsen(group, ("g",))[0].values) == 4
    label = np.arange(400) % 7 % 2
    rows = Rows("binary", ("n", "y"), label, label, np.stack([1 - label, label], 1) * 1.0, (group,))
    _, evidence = audit(rows, Policy(sensitive=(SensitiveColumn("g"),), draws=DRAWS))
    assert evidence.table.unknown == {"g": 100}


def test_the_table_has_every_pair_of_columns_and_one_rule_for_small_categories() -> None:
    """1.5 % of the rows with half of the weight: no reference, in the table as in the gate."""
    rng, n = np.random.default_rng(0), 4000
    columns = [groups.of_texts(name, rng.integers(0, 2, n), ["a", "b"]) for name in ("sex", "race")]
    code = np.where(np.arange(n) < 60, 0, rng.integers(1, 3, n))
    age = groups.of_texts("age", code, ["old", "mid", "young"])
    decided = (rng.random(n) < np.where(code == 0, 0.9, 0.3)).astype(int)
    rows = Rows("binary", ("n", "y"), rng.integers(0, 2, n), decided, np.stack([1 - decided, decided], 1) * 1.0,
                (*columns, age), np.where(code == 0, 60.0, 1.0))  # fmt: skip
    sensitive = tuple(map(SensitiveColumn, ("sex", "race", "age")))
    limit = Limit("impact_ratio", ("age",), at_least=0.5, setting="fairness.limits.0")
    verdict, evidence = audit(rows, Policy(sensitive=sensitive, limits=(limit,), draws=DRAWS))
    assert list(dict.fromkeys(row.columns for row in evidence.table.rows)) == [
        ("sex",), ("race",), ("age",), ("sex", "race"), ("sex", "age"), ("race", "age"),
    ]  # fmt: skip
    by_age = {row.values: row for row in evidence.table.rows if row.columns == ("age",)}
    assert by_age["old",].left_out == "under 2 % of the rows"
    assert only(verdict).value == pytest.approx(min(r.impact_ratio for r in by_age.values() if r.impact_ratio))


@pytest.mark.parametrize("weighted", [False, True])
def test_the_real_unmitigated_model_is_refused_under_the_strict_profile(weighted: bool) -> None:
    policy = Policy(sensitive=tuple(map(SensitiveColumn, ("sex", "race"))), profile="ugesp-4-5", draws=DRAWS)
    verdict, _ = audit(adult.rows(weighted), policy)
    assert verdict.status is Status.FAILED
    assert {m.slice: m.status for m in verdict.measurements} == {"sex": Status.FAILED, "race": Status.FAILED}


def test_areas_between_scores_are_judged() -> None:
    limit = Limit("abcc", ("sex",), at_most=0.1, setting="fairness.limits.0")
    verdict, _ = audit(adult.rows(), Policy(sensitive=(SensitiveColumn("sex"),), limits=(limit,), draws=DRAWS))
    m = only(verdict)
    assert m.status is Status.FAILED
    assert 0.1 < m.low < m.value < m.high < 0.25


def test_the_same_seed_gives_the_same_report() -> None:
    policy = Policy(sensitive=(SensitiveColumn("sex"),), profile="difference-0.1", draws=DRAWS)
    rows = adult.rows(baseline=True)
    assert audit(rows, policy)[1] == audit(rows, policy)[1]
    assert audit(rows, policy)[1] != audit(rows, replace(policy, seed=1))[1]


cells = st.tuples(*[st.integers(0, 400)] * 4)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from("abcde"), cells, min_size=1), st.floats(0, 1), st.sampled_from(
    ["demographic_parity_difference", "equalized_odds_difference", "equalized_odds_sum", "predictive_parity_difference",
     "impact_ratio", "demographic_parity_ratio"]))  # fmt: skip
def test_the_interval_always_agrees_with_the_status(table: dict, limit: float, measure: str) -> None:
    rows = made(table)
    is_ratio = measure.endswith("ratio")
    bound = {"at_least": limit} if is_ratio else {"at_most": limit}
    if not len(rows.label):
        return
    (g,) = groupings(one_class(rows, "yes", rows.sensitive[0]), [("g",)], Floors())
    asked = list(questions(Policy(sensitive=(SensitiveColumn("g"),)), (Limit(measure, ("g",), **bound),),
                           MeasuredGap({("g",): g}, Resampled({}, {}), True, False)))  # fmt: skip
    m = answer(asked, 0.025)[asked[0].key].measurement
    if m.low is None:
        assert m.status is Status.UNKNOWN
        return
    assert m.low - 1e-9 <= m.value <= m.high + 1e-9
    inside, outside = (m.low >= limit, m.high < limit) if is_ratio else (m.high <= limit, m.low > limit)
    expected = Status.PASSED if inside else Status.FAILED if outside else Status.UNKNOWN
    assert m.status is expected or min(abs(m.low - limit), abs(m.high - limit)) < 1e-8
