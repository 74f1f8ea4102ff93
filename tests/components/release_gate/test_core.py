"""Every gate must have passed; what cannot tell, or is missing, needs an explicit word."""

from dataclasses import replace

import pytest

from components.release_gate.core import Allowances, decide, used
from schemas.document import RecordError
from schemas.override import Override
from schemas.verdict import Measurement, Status, Verdict

PASSED = Verdict("a", Status.PASSED, (Measurement("auc", "overall", Status.PASSED),))
FAILED = Verdict(
    "b",
    Status.FAILED,
    (
        Measurement("auc", "overall", Status.FAILED, detail="auc is 0.4"),
        Measurement("recall", "sex=Male", Status.FAILED, reason="below_limit"),
    ),
)
UNKNOWN = Verdict("c", Status.UNKNOWN, (Measurement("auc", "overall", Status.UNKNOWN, reason="metric_missing"),))


def test_all_passed_passes_with_one_measurement_per_gate() -> None:
    verdict = decide({"data_gate": PASSED, "quality_gate": PASSED})
    assert verdict.passed
    assert [(m.name, m.status) for m in verdict.measurements] == [
        ("data_gate", Status.PASSED),
        ("quality_gate", Status.PASSED),
    ]


@pytest.mark.parametrize(
    ("bad", "status"), [(FAILED, Status.FAILED), (UNKNOWN, Status.UNKNOWN), (Verdict("e", Status.ERROR), Status.ERROR)]
)
def test_one_gate_that_did_not_pass_decides(bad: Verdict, status: Status) -> None:
    assert decide({"data_gate": PASSED, "quality_gate": bad}).status is status


def test_a_refusal_says_what_and_how_many() -> None:
    detail = decide({"quality_gate": FAILED}).measurements[0].detail
    assert detail == "auc, overall: auc is 0.4 (and 1 more)"


def test_unknown_passes_only_for_the_gate_that_is_named() -> None:
    allow = Allowances(unknown=("quality_gate",))
    verdict = decide({"quality_gate": UNKNOWN}, allow)
    assert verdict.passed
    assert verdict.measurements[0].reason == "unknown_allowed"
    assert verdict.settings["unknown"] == ("quality_gate",)
    assert decide({"data_gate": UNKNOWN}, allow).status is Status.UNKNOWN
    assert decide({"quality_gate": FAILED}, allow).status is Status.FAILED


def test_a_gate_that_is_not_configured_needs_a_setting() -> None:
    silent = decide({"data_gate": PASSED, "fairness": None})
    assert silent.status is Status.UNKNOWN
    assert silent.measurements[1].reason == "not_configured"
    allowed = decide({"data_gate": PASSED, "fairness": None}, Allowances(not_configured=("fairness",)))
    assert allowed.passed
    assert allowed.measurements[1].reason == "not_configured"


def test_no_gate_at_all_is_not_a_pass() -> None:
    assert decide({}).status is Status.UNKNOWN


def test_bootstrap_of_a_gate_is_recorded() -> None:
    assert decide({"quality_gate": Verdict("q", Status.PASSED, bootstrap=True)}).bootstrap
    assert not decide({"quality_gate": PASSED}).bootstrap


def test_allowances_are_read_and_mistyped_keys_refused() -> None:
    assert Allowances.from_json("") == Allowances.from_json("{}") == Allowances()
    assert Allowances.from_json('{"unknown": ["a"]}') == Allowances(unknown=("a",))
    with pytest.raises(RecordError, match="'unknwon'"):
        Allowances.from_json('{"unknwon": ["a"]}')


ADA = Override("quality_gate", "Ada", "the pilot is closed to the public")


@pytest.mark.parametrize(("said", "passes"), [("FAILED", True), ("UNKNOWN", True), ("ERROR", False)])
def test_an_override_lets_a_refusal_pass_and_no_error(said: str, passes: bool) -> None:
    verdict = decide({"quality_gate": Verdict("quality_gate", Status(said))}, overrides=[ADA])
    assert verdict.passed is passes
    assert bool(used(verdict)) is passes


def test_an_override_that_is_not_needed_is_not_told() -> None:
    verdict = decide({"quality_gate": PASSED}, overrides=[ADA])
    assert verdict.passed
    assert used(verdict) == ()
    assert verdict.settings["overrides"] == [{"gate": "quality_gate", "by": "Ada", "reason": ADA.reason}]


def test_an_override_is_for_one_gate() -> None:
    assert not decide({"quality_gate": PASSED, "fairness": FAILED}, overrides=[ADA]).passed


@pytest.mark.parametrize("reason", ["not_configured", "no_limits", "no_rows"])
def test_an_override_lets_nothing_pass_that_was_never_judged(reason: str) -> None:
    silent = Verdict("fairness", Status.UNKNOWN, reason=reason, detail="Nothing was compared.")
    verdict = decide({"fairness": silent}, overrides=[replace(ADA, gate="fairness")])
    assert verdict.status is Status.UNKNOWN
    assert used(verdict) == ()
    [told] = verdict.measurements
    assert told.detail.startswith("Nothing was compared. The override by Ada does not apply")
    assert told.setting == "overrides (fairness)"


def test_an_override_lets_no_missing_gate_pass() -> None:
    verdict = decide({"quality_gate": PASSED, "fairness": None}, overrides=[replace(ADA, gate="fairness")])
    assert verdict.status is Status.UNKNOWN
    assert "does not apply" in verdict.refusals[0].detail
