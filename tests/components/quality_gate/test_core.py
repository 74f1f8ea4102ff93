"""The quality gate from three sides: shown to be good, shown to be bad, cannot tell; and what each answer does."""

import math

import numpy as np
import pytest

from components.quality_gate.core import constant_of, decide, judge_rows
from components.quality_gate.policy import Costs, Gate, Limit, QualityGate
from components.quality_gate.questions import Past
from pipeline.settings.declaration import section
from schemas.document import to_text
from schemas.scored_rows import ScoredRows
from schemas.verdict import Measurement, Status, Verdict
from sluicegate.quality.groups import groups
from tests.components.quality_gate import world
from tests.components.quality_gate.world import FIRST, past


def one(limit: Limit, rows: ScoredRows, before: Past = FIRST, **more: object) -> Verdict:
    gate = Gate(task=rows.about.task, beat_constant=False, limits=(limit,), **more)
    slices = [limit.slice] if limit.slice else []
    return decide(gate, groups(rows, slices), before, rows.about.threshold)


def of(verdict: Verdict, name: str) -> Measurement:
    [found] = [m for m in verdict.measurements if m.name == name]
    return found


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


class TestBeatConstant:
    def test_good_binary(self) -> None:
        verdict = decide(Gate(task="binary"), groups(world.binary(rng())), FIRST, 0.5)
        m = of(verdict, "auc")
        assert verdict.passed
        assert (m.limit, m.direction, m.setting) == (0.5, "at least", "quality_gate.beat_constant")
        assert 0.5 < m.low < m.value < m.high

    @pytest.mark.parametrize("signal", [0.0, 0.05])
    def test_what_is_not_shown_to_beat_chance_is_refused(self, signal: float) -> None:
        verdict = decide(Gate(task="binary"), groups(world.binary(rng(2), 500, signal=signal)), FIRST, 0.5)
        assert (verdict.status, of(verdict, "auc").reason) == (Status.FAILED, "not_above_constant")

    def test_a_refusal_says_how_many_rows_would_show_it(self) -> None:
        verdict = decide(Gate(task="binary"), groups(world.binary(rng(5), 300, signal=0.1)), FIRST, 0.5)
        m = of(verdict, "auc")
        assert m.value > 0.5
        assert "rows like these would show it" in m.detail

    def test_one_class_cannot_tell(self) -> None:
        rows = world.rows_of(np.zeros(50, np.int64), np.float32(rng().random(50)))
        verdict = decide(Gate(task="binary"), groups(rows), FIRST, 0.5)
        assert (verdict.status, of(verdict, "auc").reason) == (Status.UNKNOWN, "metric_missing")

    @pytest.mark.parametrize(("right", "status"), [(0.85, Status.PASSED), (0.5, Status.FAILED)])
    def test_multiclass_against_the_majority(self, right: float, status: Status) -> None:
        label = np.repeat([0, 1, 2], [250, 150, 100])
        said = np.where(rng().random(500) < right, label, (label + 1) % 3)
        rows = world.rows_of(label, np.float32(np.eye(3)[said] * 0.8 + 0.1), task="multiclass")
        verdict = decide(Gate(task="multiclass"), groups(rows), FIRST)
        assert (verdict.status, of(verdict, "accuracy").limit) == (status, 0.5)

    @pytest.mark.parametrize(("noise", "rows", "status"), [(1.0, 500, Status.PASSED), (9.0, 500, Status.FAILED)])
    def test_regression(self, noise: float, rows: int, status: Status) -> None:
        label = rng().normal(size=rows)
        found = world.rows_of(label, label + noise * rng(1).normal(size=rows) * 0.5, task="regression")
        assert decide(Gate(task="regression"), groups(found), FIRST).status is status


class TestBounds:
    ROWS = world.binary(rng(1), 2000)

    def value(self, metric: str) -> float:
        return world.whole(self.ROWS).metrics[metric].value

    @pytest.mark.parametrize(
        ("away", "status", "reason"),
        [(-0.06, Status.PASSED, ""), (0.06, Status.FAILED, "below_limit"), (0.001, Status.UNKNOWN, "not_settled")],
    )
    def test_at_least(self, away: float, status: Status, reason: str) -> None:
        limit = self.value("auc") + away
        m = of(one(Limit("auc", at_least=limit), self.ROWS), "auc")
        assert (m.status, m.reason, m.gates) == (status, reason, True)
        assert (m.setting, m.limit, m.direction) == ("quality_gate.limits.0.at_least", limit, "at least")

    @pytest.mark.parametrize(("away", "status"), [(0.1, Status.PASSED), (-0.1, Status.FAILED), (0, Status.UNKNOWN)])
    def test_at_most(self, away: float, status: Status) -> None:
        verdict = one(Limit("log_loss", at_most=self.value("log_loss") + away), self.ROWS)
        assert (verdict.status, of(verdict, "log_loss").setting) == (status, "quality_gate.limits.0.at_most")

    def test_near_the_limit_it_says_how_many_rows_would_settle_it(self) -> None:
        m = of(one(Limit("auc", at_least=self.value("auc") - 0.01), self.ROWS), "auc")
        assert m.status is Status.UNKNOWN
        assert "rows like these would, if the shares stay what they are" in m.detail

    def test_at_the_limit_no_number_of_rows_would(self) -> None:
        assert "no number of rows" in of(one(Limit("auc", at_least=self.value("auc")), self.ROWS), "auc").detail

    def test_a_limit_with_two_bounds_is_judged_twice(self) -> None:
        verdict = one(Limit("accuracy", at_least=0.5, at_most=0.6), self.ROWS)
        assert [m.status for m in verdict.measurements] == [Status.PASSED, Status.FAILED]

    def test_all_right_is_not_certain(self) -> None:
        label = np.array([0, 1] * 20)
        verdict = one(Limit("accuracy", at_least=0.95), world.rows_of(label, np.float32(label * 0.8 + 0.1)))
        m = of(verdict, "accuracy")
        assert (m.value, m.status) == (1.0, Status.UNKNOWN)
        assert m.low == pytest.approx(0.025 ** (1 / 40), abs=1e-3)

    def test_the_error_is_held_over_all_limits_together(self) -> None:
        rows = world.binary(rng(8), 400)
        value = world.whole(rows).metrics["auc"]
        edge = value.ends(0.02, 0.02)[1]
        alone = one(Limit("auc", at_least=edge), rows)
        among = Gate(
            task="binary", beat_constant=False, limits=(Limit("auc", at_least=edge), *[Limit("brier", at_most=0.9)] * 9)
        )
        assert alone.status is Status.FAILED
        assert decide(among, groups(rows), FIRST, 0.5).status is Status.UNKNOWN


class TestDrop:
    def rows(self, before: float, now: float, number: int = 3000, seed: int = 0) -> ScoredRows:
        made = rng(seed)
        label = (made.random(number) < 0.3).astype(np.int64)
        common = made.normal(size=number)

        def scores(signal: float) -> np.ndarray:
            return np.float32(world.sigmoid(signal * label + common + 0.3 * made.normal(size=number) - 1.5))

        return world.rows_of(label, scores(now), released=scores(before))

    def test_shown(self) -> None:
        m = of(one(Limit("auc", max_drop=0.01), self.rows(2.0, 1.0), past()), "auc drop")
        assert (m.status, m.reason, m.direction) == (Status.FAILED, "worse_than_released", "at most")
        assert 0.01 < m.low < m.value < m.high
        assert m.baseline is not None
        assert "the same rows" in m.detail

    def test_shown_to_be_no_worse(self) -> None:
        m = of(one(Limit("auc", max_drop=0.05), self.rows(1.5, 1.5), past()), "auc drop")
        assert (m.status, m.gates) == (Status.PASSED, True)
        assert m.high < 0.05

    def test_what_cannot_be_told_passes_with_a_note_and_the_rows_that_would(self) -> None:
        verdict = one(Limit("auc", max_drop=0.0), self.rows(1.5, 1.45, 200), past())
        m = of(verdict, "auc drop")
        assert (verdict.status, verdict.reason) == (Status.PASSED, "harm_not_shown")
        assert (m.status, m.reason, m.gates) == (Status.UNKNOWN, "not_settled", False)
        assert "rows like these would" in m.detail
        assert "Harm was not shown" in m.detail

    def test_pairing_finds_what_two_samples_would_not(self) -> None:
        rows = self.rows(1.5, 1.3, 4000)
        drop, auc = of(one(Limit("auc", max_drop=0.0), rows, past()), "auc drop"), world.whole(rows).metrics["auc"]
        assert drop.status is Status.FAILED
        assert (drop.high - drop.low) < 0.5 * (auc.ends(0.025, 0.025)[1] - auc.ends(0.025, 0.025)[0])

    def test_the_same_answers_are_no_drop_for_sure(self) -> None:
        rows = self.rows(1.5, 1.5, 60)
        same = world.rows_of(rows.label, rows["score_yes"], released=rows["score_yes"])
        m = of(one(Limit("auc", max_drop=0.0), same, past()), "auc drop")
        assert (m.status, m.low, m.high) == (Status.PASSED, 0.0, 0.0)

    def test_lower_is_better_is_turned(self) -> None:
        assert one(Limit("log_loss", max_drop=0.0), self.rows(2.0, 1.0), past()).status is Status.FAILED
        assert one(Limit("log_loss", max_drop=0.0), self.rows(1.0, 2.0), past()).status is Status.PASSED

    def test_the_first_model_is_a_recorded_bootstrap(self) -> None:
        verdict = one(Limit("accuracy", max_drop=0.01), world.binary(rng()))
        assert (verdict.passed, verdict.bootstrap) == (True, True)
        assert of(verdict, "accuracy drop").reason == "bootstrap"

    def test_a_released_model_that_did_not_answer_stops_and_is_no_bootstrap(self) -> None:
        verdict = one(Limit("auc", max_drop=0.01), world.binary(rng()), Past(False, 3, None, "it does not load"))
        m = of(verdict, "auc drop")
        assert (verdict.status, m.reason, verdict.bootstrap) == (Status.UNKNOWN, "baseline_missing", False)
        assert "it does not load" in m.detail
        assert "`overrides: [{gate: quality_gate," in m.detail
        # The model's own AUC is no drop, and nobody knows by how much the limit is missed.
        assert m.value is None

    def test_a_candidate_without_the_metric_cannot_tell(self) -> None:
        label = np.ones(50, np.int64)
        rows = world.rows_of(label, np.float32(label * 0.9), released=np.float32(label * 0.8))
        verdict = one(Limit("auc", max_drop=0.01), rows, past())
        assert (verdict.status, of(verdict, "auc drop").reason) == (Status.UNKNOWN, "metric_missing")

    def test_rows_of_one_key_are_one_observation(self) -> None:
        rows = self.rows(1.5, 1.3, 300, seed=4)
        eight = {name: np.repeat(column, 8) for name, column in rows.columns.items()}
        copied = ScoredRows(rows.about, eight)
        keyed = world.rows_of(
            eight["label"], eight["score_yes"], released=eight["baseline_score_yes"], key=np.repeat(np.arange(300), 8)
        )
        limit = Limit("auc", max_drop=0.0)
        widths = [m.high - m.low for m in (of(one(limit, r, past()), "auc drop") for r in (rows, copied, keyed))]
        assert widths[1] < 0.5 * widths[0]
        assert widths[2] == pytest.approx(widths[0], rel=0.02)


class TestFall:
    """The released model on this run's rows against its own value at its release."""

    def shuffled(self, share: float, rows: int = 1500) -> ScoredRows:
        """Both models score well, and a share of the labels was dealt out anew."""
        made = rng(7)
        rows_ = world.binary(made, rows, signal=1.2)
        label = rows_.label.copy()
        chosen = np.flatnonzero(made.random(rows) < share)
        label[chosen] = made.permutation(label[chosen])
        score = rows_["score_yes"]
        return world.rows_of(label, score, released=score)

    def test_labels_that_were_shuffled_are_refused_by_default(self) -> None:
        """AUC 0.79 at its release, 0.61 now: a paired drop cannot show it, because both models lose alike."""
        verdict = decide(Gate(task="binary"), groups(self.shuffled(0.6)), past(auc=(0.80, 0.012)), 0.5)
        m = of(verdict, "auc fall")
        assert (m.status, m.reason, m.gates) == (Status.FAILED, "labels_or_world_changed", True)
        assert (m.limit, m.baseline) == (pytest.approx(0.075), 0.80)
        assert "the labels are others than they were, or the world has changed" in m.detail

    def test_honest_rows_are_not(self) -> None:
        m = of(decide(Gate(task="binary"), groups(self.shuffled(0.0)), past(auc=(0.80, 0.012)), 0.5), "auc fall")
        assert m.status is Status.PASSED

    def test_a_limit_of_the_settings_takes_the_place_of_the_default(self) -> None:
        rows = self.shuffled(0.6)
        verdict = one(Limit("auc", max_fall=0.4), rows, past(auc=(0.80, 0.012)))
        m = of(verdict, "auc fall")
        assert (m.status, m.limit, m.setting) == (Status.PASSED, 0.4, "quality_gate.limits.0.max_fall")

    def test_an_older_release_without_a_record_passes_with_a_note(self) -> None:
        for limits in ((), (Limit("auc", max_fall=0.05),)):
            verdict = decide(Gate(task="binary", limits=limits), groups(self.shuffled(0.6)), past(), 0.5)
            m = of(verdict, "auc fall")
            assert verdict.passed
            assert (m.reason, m.gates) == ("not_recorded", False)

    def test_the_first_model_is_not_asked(self) -> None:
        assert not [
            m
            for m in decide(Gate(task="binary"), groups(world.binary(rng())), FIRST, 0.5).measurements
            if "fall" in m.name
        ]

    def test_a_record_of_few_rows_cannot_show_a_fall(self) -> None:
        m = of(decide(Gate(task="binary"), groups(self.shuffled(0.6)), past(auc=(0.80, 0.09)), 0.5), "auc fall")
        assert (m.status, m.gates) == (Status.UNKNOWN, False)


class TestNetBenefit:
    def judged(self, rows: ScoredRows, threshold: float, costs: Costs | None = None) -> Measurement:
        return of(decide(Gate(task="binary", costs=costs or Costs()), groups(rows), FIRST, threshold), "net benefit")

    def test_decisions_that_follow_the_scores_are_worth_something(self) -> None:
        m = self.judged(world.binary(rng(), 2000), 0.5)
        assert (m.status, m.limit, m.direction) == (Status.PASSED, 0.0, "at least")
        assert 0 < m.low < m.value < m.high

    def test_against_the_formula(self) -> None:
        rows = world.binary(rng(), 2000, threshold=0.2)
        said, positive = rows.decision == 1, rows.label == 1
        c, n = 0.2 / 0.8, 2000
        ours = (said & positive).sum() / n - (said & ~positive).sum() / n * c
        of_all = positive.sum() / n - (~positive).sum() / n * c
        assert self.judged(rows, 0.2).value == pytest.approx(ours - max(of_all, 0.0), abs=1e-12)

    def test_decisions_that_are_turned_round_are_refused(self) -> None:
        rows = world.binary(rng(), 2000)
        wrong = ScoredRows(rows.about, {**rows.columns, "decision": 1 - rows.decision})
        m = self.judged(wrong, 0.5)
        assert (m.status, m.reason, m.gates) == (Status.FAILED, "worse_than_always_one_way", True)

    def test_costs_that_the_threshold_does_not_fit_are_refused_with_the_one_that_does(self) -> None:
        m = self.judged(world.binary(rng(), 3000), 0.5, Costs(1.0, 20.0))
        assert (m.status, m.setting) == (Status.FAILED, "quality_gate.costs")
        assert "evaluation.threshold: 0.0476" in m.detail
        assert "calling every row positive" in m.detail

    def test_a_model_that_never_says_yes_is_not_worse_than_never(self) -> None:
        m = self.judged(world.binary(rng(), 500, threshold=1.0), 1.0)
        assert (m.status, m.value) == (Status.PASSED, 0.0)

    def test_what_cannot_be_told_passes(self) -> None:
        m = self.judged(world.binary(rng(1), 60, rate=0.5, signal=0.3), 0.5)
        assert (m.status, m.gates) == (Status.UNKNOWN, False)

    def test_it_is_part_of_beat_constant(self) -> None:
        verdict = one(Limit("auc", at_least=0.5), world.binary(rng()))
        assert not [m for m in verdict.measurements if m.name == "net benefit"]


class TestSlices:
    LIMIT = Limit("accuracy", at_least=0.7, slice=("sex",))

    def rows(self, **sizes: int) -> ScoredRows:
        """Each group is right in 90 % of its rows, one whose name ends in "bad" in 40 %."""
        sex = [name for name, size in sizes.items() for _ in range(size)]
        label = (np.arange(len(sex)) % 2).astype(np.int64)
        right = np.array([index % 10 < (4 if name.endswith("bad") else 9) for index, name in enumerate(sex)])
        return world.rows_of(label, np.float32(np.where(right, label, 1 - label) * 0.8 + 0.1), slices={"sex": sex})

    def test_each_group_is_judged(self) -> None:
        verdict = one(self.LIMIT, self.rows(M=200, F_bad=200))
        assert [(m.slice, m.status) for m in verdict.measurements] == [
            ("sex=F_bad", Status.FAILED), ("sex=M", Status.PASSED),
        ]  # fmt: skip

    def test_a_group_too_small_is_reported_and_does_not_gate(self) -> None:
        verdict = one(self.LIMIT, self.rows(M=200, F_bad=99))
        small = verdict.measurements[0]
        assert verdict.passed
        assert (small.slice, small.gates, small.reason, small.status) == (
            "sex=F_bad",
            False,
            "too_few_rows",
            Status.UNKNOWN,
        )
        assert small.value == pytest.approx(0.4, abs=0.02)

    def test_only_small_groups_cannot_tell(self) -> None:
        verdict = one(self.LIMIT, self.rows(M=5, F_bad=5))
        first = verdict.refusals[0]
        assert verdict.status is Status.UNKNOWN
        assert (first.slice, first.reason, len(verdict.refusals)) == ("each sex", "too_few_rows", 1)

    def test_no_such_group_cannot_tell(self) -> None:
        gate = Gate(task="binary", beat_constant=False, limits=(Limit("accuracy", at_least=0.7, slice=("race",)),))
        verdict = decide(gate, groups(self.rows(M=200)), FIRST, 0.5)
        assert (verdict.status, verdict.refusals[0].reason) == (Status.UNKNOWN, "slice_missing")


class TestUnknownPasses:
    def test_it_is_recorded(self) -> None:
        value = world.whole(TestBounds.ROWS).metrics["auc"].value
        verdict = one(Limit("auc", at_least=value), TestBounds.ROWS, unknown_passes=True)
        assert (verdict.passed, verdict.reason) == (True, "unknown_passes")
        assert "quality_gate.unknown_passes" in of(verdict, "auc").detail

    def test_it_does_not_let_a_failure_pass(self) -> None:
        verdict = one(Limit("auc", at_least=0.999), TestBounds.ROWS, unknown_passes=True)
        assert verdict.status is Status.FAILED


def test_a_gate_without_limits_is_no_pass() -> None:
    assert (
        decide(Gate(task="binary", beat_constant=False), groups(world.binary(rng())), FIRST, 0.5).status
        is Status.UNKNOWN
    )


def test_what_is_kept_of_a_release_and_what_a_report_gets() -> None:
    rows = world.binary(rng(), 400, slices={"sex": ["F", "M"] * 200})
    judged = judge_rows(Gate(task="binary"), rows, [["sex"]], FIRST)
    assert {one.slice for one in judged.measured.metrics} == {"overall", "sex=F", "sex=M"}
    kept = judged.kept.of("auc", "overall")
    assert kept is not None
    assert (kept.rows, kept.units, judged.kept.constant) == (400, 400, 0.5)
    assert kept.value == judged.measured.metrics[0].value
    assert 0 < kept.error < 0.1
    said, label = rows.decision == 1, rows.label == 1
    assert judged.measured.confusion == (
        ((~said & ~label).sum(), (said & ~label).sum()), ((~said & label).sum(), (said & label).sum()),
    )  # fmt: skip


def test_the_majority_is_the_constant_of_classes() -> None:
    rows = world.rows_of(np.array([0, 0, 1, 2]), np.float32(np.full((4, 3), 1 / 3)), task="multiclass")
    assert constant_of(world.whole(rows)) == 0.5


def test_rows_without_a_label_are_said() -> None:
    rows = world.binary(rng(), 300)
    label = rows.label.copy()
    label[:7] = -1
    judged = judge_rows(Gate(task="binary"), ScoredRows(rows.about, {**rows.columns, "label": label}), [], FIRST)
    assert "7 of 300 rows have no label" in judged.verdict.detail


def test_the_settings_json_is_read_whole() -> None:
    limits = (
        {"metric": "auc", "max_drop": 0.01, "max_fall": 0.1, "slice": ["sex"]},
        {"metric": "log_loss", "at_most": 1},
    )
    costs = {"false_positive": 1, "false_negative": 5}
    text = to_text(section(QualityGate, limits=limits, min_slice_rows=7, unknown_passes=True, costs=costs))
    expected = (Limit("auc", max_drop=0.01, max_fall=0.1, slice=("sex",)), Limit("log_loss", at_most=1.0))
    found = Gate.from_json(text, "binary")
    assert found == Gate(task="binary", limits=expected, min_slice_rows=7, unknown_passes=True, costs=Costs(1.0, 5.0))
    assert math.isclose(found.costs.false_negative, 5)
