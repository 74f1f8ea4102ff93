"""The quality gate from three sides: good, bad, cannot tell; and on both sides of every limit."""

import math

import pytest

from components.quality_gate.core import LOWER_IS_BETTER, Gate, Limit, decide
from components.quality_gate.slices import SliceResult
from pipeline import settings
from schemas.verdict import Measurement, Status, Verdict


def binary(key: tuple = (), rows: float = 1000, auc: float = 0.9, **more: float) -> SliceResult:
    whole = {"rows": rows, "kish_rows": rows, "positive_rows": rows / 4, "label_mean": 0.25, "binary_accuracy": 0.8}
    return SliceResult(key, whole | more, {1: {"auc": auc}})


def one(
    limit: Limit, candidate: list[SliceResult], baseline: list[SliceResult] | None = None, **more: object
) -> Verdict:
    return decide(Gate("binary", beat_constant=False, limits=(limit,), **more), candidate, baseline)


def only(verdict: Verdict) -> Measurement:
    assert len(verdict.measurements) == 1
    return verdict.measurements[0]


MALE, FEMALE = (("sex", "Male"),), (("sex", "Female"),)


class TestBeatConstant:
    def test_good_binary(self) -> None:
        verdict = decide(Gate("binary"), [binary()], None)
        m = only(verdict)
        assert verdict.passed
        assert (m.name, m.limit, m.direction, m.setting) == ("auc", 0.5, "at least", "quality_gate.beat_constant")
        assert 0.5 < m.low < m.value < m.high
        assert not verdict.bootstrap

    @pytest.mark.parametrize("auc", [0.3, 0.5, 0.53])
    def test_bad_binary_although_the_estimate_may_be_above(self, auc: float) -> None:
        verdict = decide(Gate("binary"), [binary(rows=500, auc=auc)], None)
        assert verdict.status is Status.FAILED
        assert only(verdict).reason == "not_above_constant"

    def test_the_same_auc_passes_with_more_rows(self) -> None:
        assert decide(Gate("binary"), [binary(rows=20_000, auc=0.53)], None).passed

    @pytest.mark.parametrize("auc", [math.nan, math.inf])
    def test_cannot_tell_without_an_auc(self, auc: float) -> None:
        verdict = decide(Gate("binary"), [binary(auc=auc)], None)
        assert (verdict.status, only(verdict).reason) == (Status.UNKNOWN, "metric_missing")

    def test_cannot_tell_without_any_result(self) -> None:
        verdict = decide(Gate("binary"), [], None)
        assert (verdict.status, only(verdict).reason) == (Status.UNKNOWN, "metric_missing")

    @pytest.mark.parametrize(
        ("accuracy", "status"), [(0.8, Status.PASSED), (0.72, Status.FAILED), (0.6, Status.FAILED)]
    )
    def test_multiclass_against_the_majority(self, accuracy: float, status: Status) -> None:
        whole = {"rows": 500, "kish_rows": 500, "majority_share": 0.7, "sparse_categorical_accuracy": accuracy}
        verdict = decide(Gate("multiclass"), [SliceResult((), whole)], None)
        assert (verdict.status, only(verdict).limit) == (status, 0.7)

    def test_multiclass_cannot_tell_without_a_majority(self) -> None:
        whole = {"rows": 500, "kish_rows": 500, "sparse_categorical_accuracy": 0.8}
        assert decide(Gate("multiclass"), [SliceResult((), whole)], None).status is Status.UNKNOWN

    @pytest.mark.parametrize(
        ("mse", "rows", "status"),
        [(0.5, 500, Status.PASSED), (0.99, 500, Status.FAILED), (1.3, 500, Status.FAILED), (0.5, 3, Status.UNKNOWN)],
    )
    def test_regression(self, mse: float, rows: int, status: Status) -> None:
        whole = {"rows": rows, "kish_rows": rows, "mean_squared_error": mse, "label_variance": 1.0}
        assert decide(Gate("regression"), [SliceResult((), whole)], None).status is status


class TestBounds:
    @pytest.mark.parametrize(
        ("value", "status", "reason"),
        [
            (0.81, Status.PASSED, ""),
            (0.8, Status.PASSED, ""),
            (0.1 + 0.7, Status.PASSED, ""),
            (0.7999, Status.FAILED, "below_limit"),
            (math.nan, Status.UNKNOWN, "metric_missing"),
        ],
    )
    def test_at_least(self, value: float, status: Status, reason: str) -> None:
        m = only(one(Limit("accuracy", at_least=0.8), [binary(binary_accuracy=value)]))
        assert (m.status, m.reason) == (status, reason)
        assert (m.setting, m.limit, m.direction) == ("quality_gate.limits.0.at_least", 0.8, "at least")

    @pytest.mark.parametrize(
        ("value", "status"), [(0.29, Status.PASSED), (0.3, Status.PASSED), (0.3001, Status.FAILED)]
    )
    def test_at_most(self, value: float, status: Status) -> None:
        m = only(one(Limit("log_loss", at_most=0.3), [binary(binary_crossentropy=value)]))
        assert (m.status, m.setting) == (status, "quality_gate.limits.0.at_most")

    def test_a_limit_with_two_bounds_is_measured_twice(self) -> None:
        limit = Limit("calibration_ratio", at_least=0.9, at_most=1.1)
        verdict = one(limit, [binary(calibration=1.2)])
        assert [m.status for m in verdict.measurements] == [Status.PASSED, Status.FAILED]
        assert verdict.status is Status.FAILED
        assert verdict.refusals[0].detail == "calibration_ratio is 1.2, and must be at most 1.1."

    def test_a_limit_on_a_metric_without_a_result_cannot_tell(self) -> None:
        m = only(one(Limit("accuracy", at_least=0.8), []))
        assert (m.status, m.reason, m.gates) == (Status.UNKNOWN, "slice_missing", True)


class TestDrop:
    @pytest.mark.parametrize(
        ("value", "status"),
        [(0.95, Status.PASSED), (0.89, Status.PASSED), (0.8899, Status.FAILED), (0.5, Status.FAILED)],
    )
    def test_higher_is_better(self, value: float, status: Status) -> None:
        m = only(one(Limit("accuracy", max_drop=0.01), [binary(binary_accuracy=value)], [binary(binary_accuracy=0.9)]))
        assert (m.status, m.baseline, m.direction) == (status, 0.9, "at least")
        assert m.limit == pytest.approx(0.89)

    @pytest.mark.parametrize(
        ("value", "status"), [(0.2, Status.PASSED), (0.31, Status.PASSED), (0.3101, Status.FAILED)]
    )
    def test_lower_is_better(self, value: float, status: Status) -> None:
        before = [binary(binary_crossentropy=0.3)]
        m = only(one(Limit("log_loss", max_drop=0.01), [binary(binary_crossentropy=value)], before))
        assert (m.status, m.direction) == (status, "at most")

    @pytest.mark.parametrize(
        ("value", "status"),
        [
            (1.1, Status.PASSED),
            (0.9, Status.PASSED),
            (1.11, Status.FAILED),
            (0.89, Status.FAILED),
            (1.0, Status.PASSED),
        ],
    )
    def test_a_calibration_ratio_is_the_worse_the_further_from_one(self, value: float, status: Status) -> None:
        limit = Limit("calibration_ratio", max_drop=0.05)
        assert only(one(limit, [binary(calibration=value)], [binary(calibration=0.95)])).status is status

    def test_the_first_model_is_a_recorded_bootstrap(self) -> None:
        verdict = one(Limit("accuracy", max_drop=0.01), [binary()], None)
        assert verdict.passed
        assert verdict.bootstrap
        assert only(verdict).reason == "bootstrap"

    def test_the_first_model_without_the_metric_cannot_tell(self) -> None:
        verdict = one(Limit("accuracy", max_drop=0.01), [binary(binary_accuracy=math.nan)], None)
        assert (verdict.status, verdict.bootstrap) == (Status.UNKNOWN, False)

    @pytest.mark.parametrize("before", [[], [binary(binary_accuracy=math.nan)]])
    def test_a_released_model_without_the_metric_cannot_tell_and_is_no_bootstrap(self, before: list) -> None:
        verdict = one(Limit("accuracy", max_drop=0.01), [binary()], before)
        assert (verdict.status, only(verdict).reason, verdict.bootstrap) == (Status.UNKNOWN, "baseline_missing", False)

    def test_a_candidate_without_the_metric_cannot_tell(self) -> None:
        verdict = one(Limit("accuracy", max_drop=0.01), [binary(binary_accuracy=math.nan)], [binary()])
        assert (verdict.status, only(verdict).reason) == (Status.UNKNOWN, "metric_missing")

    def test_directions_agree_with_the_settings(self) -> None:
        assert LOWER_IS_BETTER == settings.LOWER_IS_BETTER


class TestSlices:
    LIMIT = Limit("accuracy", at_least=0.7, slice=("sex",))

    def test_each_group_is_judged(self) -> None:
        verdict = one(self.LIMIT, [binary(), binary(MALE, 100), binary(FEMALE, 100, binary_accuracy=0.6)])
        assert [(m.slice, m.status) for m in verdict.measurements] == [
            ("sex=Female", Status.FAILED),
            ("sex=Male", Status.PASSED),
        ]

    def test_a_group_too_small_is_reported_and_does_not_gate(self) -> None:
        verdict = one(self.LIMIT, [binary(MALE, 100), binary(FEMALE, 99, binary_accuracy=0.1)])
        small = verdict.measurements[0]
        assert verdict.passed
        assert (small.slice, small.value, small.gates, small.reason) == ("sex=Female", 0.1, False, "too_few_rows")
        assert small.status is Status.UNKNOWN

    def test_only_small_groups_cannot_tell(self) -> None:
        verdict = one(self.LIMIT, [binary(MALE, 5), binary(FEMALE, 5)])
        assert verdict.status is Status.UNKNOWN
        first = verdict.refusals[0]
        assert (first.slice, first.reason, len(verdict.refusals)) == ("each sex", "too_few_rows", 1)

    def test_no_such_group_cannot_tell(self) -> None:
        verdict = one(Limit("accuracy", at_least=0.7, slice=("sex", "race")), [binary(), binary(MALE)])
        assert (only(verdict).slice, only(verdict).reason) == ("each sex x race", "slice_missing")

    def test_crossed_columns_match_in_any_order(self) -> None:
        crossed = binary((("race", "White"), ("sex", "Male")))
        verdict = one(Limit("accuracy", at_least=0.7, slice=("sex", "race")), [binary(MALE), crossed])
        assert only(verdict).slice == "race=White, sex=Male"

    def test_the_whole_is_never_too_small_for_a_limit_on_all_rows(self) -> None:
        assert one(Limit("accuracy", at_least=0.7), [binary(rows=10)]).passed


class TestUnknownPasses:
    LIMIT = Limit("accuracy", at_least=0.7)

    def test_it_is_recorded(self) -> None:
        verdict = one(self.LIMIT, [binary(binary_accuracy=math.nan)], unknown_passes=True)
        assert verdict.passed
        assert verdict.reason == "unknown_passes"
        assert "quality_gate.unknown_passes" in only(verdict).detail
        assert only(verdict).status is Status.UNKNOWN

    def test_it_does_not_let_a_failure_pass(self) -> None:
        gate = Gate("binary", limits=(self.LIMIT,), unknown_passes=True)
        verdict = decide(gate, [binary(auc=math.nan, binary_accuracy=0.1)], None)
        assert verdict.status is Status.FAILED

    def test_it_says_nothing_where_everything_was_measured(self) -> None:
        verdict = one(self.LIMIT, [binary()], unknown_passes=True)
        assert (verdict.passed, verdict.reason) == (True, "")


def test_a_gate_without_limits_is_no_pass() -> None:
    assert decide(Gate("binary", beat_constant=False), [binary()], None).status is Status.UNKNOWN


def test_the_settings_json_is_read_whole() -> None:
    limits = ({"metric": "auc", "max_drop": 0.01, "slice": ["sex"]}, {"metric": "log_loss", "at_most": 1})
    text = settings.QualityGate(limits=limits, min_slice_rows=7, unknown_passes=True).model_dump_json()
    read = Gate.from_json(text, "binary")
    expected = (Limit("auc", max_drop=0.01, slice=("sex",)), Limit("log_loss", at_most=1.0))
    assert read == Gate("binary", True, expected, 7, unknown_passes=True)
