"""Anomalies under a policy: fail, warn, ignore, and the cases nobody can tell."""

from dataclasses import replace

import pytest
from tensorflow_metadata.proto.v0 import anomalies_pb2

from components.data_gate.core import Finding, Released, columns_to_accept, decide, findings
from components.data_gate.policy import Policy
from pipeline.settings.types import Settings
from schemas.verdict import Measurement, Status

SPLITS = ("train", "eval", "test")
ROWS = {"train": 80, "eval": 10, "test": 10}
NEW = Finding("eval", "age", "schema_new_column", "New column: not in the schema")
ENUM = Finding("train", "sex", "enum_type_unexpected_string_values", "Unexpected string values: Foo (1%)")
FAIL_ALL = Policy()
RELEASED = Released(7, "r1", is_comparable=True)


def test_no_anomalies_pass_and_say_so_per_split() -> None:
    verdict = decide(ROWS, [], FAIL_ALL, SPLITS, RELEASED)
    assert verdict.passed
    assert not verdict.bootstrap
    assert [(m.name, m.slice, m.value, m.limit, m.direction, m.rows) for m in verdict.measurements] == [
        ("anomalies", split, 0.0, 0.0, "at most", rows) for split, rows in ROWS.items()
    ]


def test_a_failing_anomaly_refuses_with_its_column_and_the_setting() -> None:
    verdict = decide(ROWS, [ENUM], Policy("fail", {"schema_new_column": "warn"}), SPLITS, RELEASED)
    assert verdict.status is Status.FAILED
    m = verdict.refusals[0]
    assert (m.name, m.slice, m.rows, m.gates) == ("enum_type_unexpected_string_values", "train: sex", 80, True)
    assert (m.setting, m.detail) == ("data_gate.default", ENUM.detail)
    assert [m.slice for m in verdict.measurements] == ["train: sex", "eval", "test"]


@pytest.mark.parametrize(("policy", "reason"), [("warn", "warned"), ("ignore", "ignored")])
def test_warned_and_ignored_anomalies_are_listed_and_do_not_gate(policy: str, reason: str) -> None:
    verdict = decide(ROWS, [NEW], Policy("fail", {"schema_new_column": policy}), SPLITS)
    assert verdict.passed
    m = verdict.measurements[0]
    assert (m.status, m.gates, m.reason) == (Status.FAILED, False, reason)
    assert m.setting == "data_gate.policy.schema_new_column"
    assert [one.slice for one in verdict.measurements if one.gates] == list(SPLITS)


def test_the_default_can_be_lenient_and_a_kind_strict() -> None:
    policy = Policy("warn", {"schema_new_column": "fail"})
    assert decide(ROWS, [ENUM], policy, SPLITS).passed
    assert not decide(ROWS, [NEW], policy, SPLITS).passed


@pytest.mark.parametrize("empty", SPLITS)
def test_a_split_without_rows_cannot_tell(empty: str) -> None:
    verdict = decide({**ROWS, empty: 0}, [], FAIL_ALL, SPLITS)
    assert verdict.status is Status.UNKNOWN
    assert [(m.slice, m.reason) for m in verdict.refusals] == [(empty, "no_rows")]


def test_an_empty_split_with_an_anomaly_says_both() -> None:
    verdict = decide({**ROWS, "train": 0}, [ENUM], FAIL_ALL, SPLITS)
    assert verdict.status is Status.FAILED
    assert [m.reason for m in verdict.refusals] == ["anomaly", "no_rows"]


def test_a_split_that_was_not_looked_at_cannot_tell() -> None:
    verdict = decide(ROWS, [], FAIL_ALL, ("train", "eval"))
    assert [(m.slice, m.reason) for m in verdict.refusals] == [("test", "not_checked")]


def test_no_splits_at_all_cannot_tell() -> None:
    assert decide({}, [], FAIL_ALL, ()).status is Status.UNKNOWN


def test_what_was_judged_elsewhere_decides_too() -> None:
    far = Measurement("drift_numbers", "train: age", Status.FAILED, 0.3, limit=0.1, direction="at most")
    verdict = decide(ROWS, [], FAIL_ALL, SPLITS, RELEASED, [far])
    assert verdict.status is Status.FAILED
    assert verdict.refusals == (far,)
    assert decide(ROWS, [], FAIL_ALL, SPLITS, RELEASED, [replace(far, gates=False)]).passed


def test_the_proposal_covers_what_fails_and_warns() -> None:
    policy = Policy("fail", {"schema_new_column": "warn"})
    assert columns_to_accept([NEW, ENUM], policy) == {"age", "sex"}
    assert columns_to_accept([NEW, ENUM], Policy("ignore")) == frozenset()


@pytest.mark.parametrize(
    ("kinds", "numbers", "categories"),
    [
        ({}, "fail", "fail"),
        ({"drift": "warn"}, "warn", "warn"),
        ({"drift_jensen_shannon_divergence_high": "warn"}, "warn", "fail"),
        ({"drift_l_infty_high": "ignore", "drift": "warn"}, "warn", "ignore"),
        ({"drift_turnover": "ignore", "drift": "warn"}, "ignore", "ignore"),
        ({"comparator_l_infty_high": "warn", "skew": "warn"}, "fail", "fail"),
    ],
)
def test_a_kind_of_drift_goes_by_its_own_name_its_former_one_or_the_whole(kinds, numbers, categories) -> None:
    policy = Policy("fail", kinds)
    assert policy.of("drift_turnover", "numbers") == numbers
    assert policy.of("drift_turnover", "categories") == categories


def test_every_reason_of_an_anomaly_is_a_finding() -> None:
    anomalies = anomalies_pb2.Anomalies()
    info = anomalies.anomaly_info["'hours per week'"]
    info.path.step.append("hours per week")
    info.reason.add(type="INT_TYPE_BIG_INT", short_description="Out-of-range values", description="Unexpectedly high")
    info.reason.add(type="FEATURE_TYPE_LOW_FRACTION_PRESENT", short_description="Dropped.", description="")
    anomalies.dataset_anomaly_info.reason.add(type="DATASET_LOW_NUM_EXAMPLES", description="Too few")
    assert findings(anomalies, "eval") == (
        Finding("eval", "hours per week", "int_type_big_int", "Out-of-range values: Unexpectedly high"),
        Finding("eval", "hours per week", "feature_type_low_fraction_present", "Dropped"),
        Finding("eval", "whole table", "dataset_low_num_examples", "Too few"),
    )


def test_an_anomaly_without_reasons_does_not_vanish() -> None:
    anomalies = anomalies_pb2.Anomalies()
    anomalies.anomaly_info["age"].description = "something odd"
    assert findings(anomalies, "train") == (Finding("train", "age", "unknown_type", "something odd"),)


def test_the_first_model_is_a_recorded_bootstrap_that_gates_nothing() -> None:
    verdict = decide(ROWS, [], FAIL_ALL, SPLITS)
    assert verdict.bootstrap
    note = verdict.measurements[-1]
    assert (note.name, note.slice, note.reason, note.gates) == ("drift", "train", "bootstrap", False)


def test_what_cannot_be_told_of_drift() -> None:
    column = Finding("train", "age", "drift_not_measured", "no such column")
    baseline = Finding("train", "whole table", "drift_baseline_missing", "gone")
    assert decide(ROWS, [column], FAIL_ALL, SPLITS, RELEASED).passed
    verdict = decide(ROWS, [baseline], FAIL_ALL, SPLITS, RELEASED)
    assert verdict.status is Status.UNKNOWN
    assert [(m.reason, m.setting) for m in verdict.refusals] == [("baseline_missing", "data_gate.default")]
    assert decide(ROWS, [baseline], Policy("warn"), SPLITS, RELEASED).passed
    assert columns_to_accept([column, baseline], FAIL_ALL) == frozenset()


def test_a_released_model_is_called_by_version_and_run() -> None:
    assert RELEASED.name == "released version 7 (run r1)"
    assert Released(7).name == "released version 7"


@pytest.mark.parametrize(
    ("schema", "default", "key"),
    [("s.pbtxt", "fail", "data_gate.default"), (None, "warn", "data_gate.default_if_inferred")],
)
def test_the_settings_json_is_read_whole_and_names_the_key_of_its_default(
    schema: str | None, default: str, key: str
) -> None:
    gate = {"policy": {"schema_new_column": "fail"}}
    made = Settings(name="t", data="t.csv", label="y", schema=schema, data_gate=gate)
    policy = Policy.from_json(made.data_policy_json)
    assert policy == Policy(default, {"schema_new_column": "fail"}, key)
    assert policy.setting_of("schema_missing_column") == key
    assert policy.setting_of("schema_new_column") == "data_gate.policy.schema_new_column"
