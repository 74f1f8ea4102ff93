"""The judgement on both sides of every limit, and where nothing could be measured."""

from dataclasses import replace

import pytest

from components.infra_validator.asked import Limits
from components.infra_validator.core import MAX_DIFFERENCE, Checks, broken, decide, percentile, rows_to_send
from schemas.document import RecordError, from_text, to_text
from schemas.evidence import BadRequest, ServingEvidence, WayOfAsking
from schemas.verdict import Measurement, Status, Verdict

LIMITS = Limits(max_latency_p50_ms=2.0, max_latency_p99_ms=4.0, max_memory_mb=500.0)
CHECKS = Checks("process", requests=4, load_timeout_s=30.0, limits=LIMITS)
WAY = WayOfAsking("gRPC", "serving_default", 4, 4, (1.0, 2.0, 3.0, 4.0), MAX_DIFFERENCE)
BAD = BadRequest("gRPC", "an unknown model", "NOT_FOUND", refused=True)
WELL = ServingEvidence(
    "process", "a server", 30.0, rows=3, ways=(WAY,), bad_requests=(BAD,), well_after=True, memory_mb=500.0
)


def of(verdict: Verdict, name: str) -> Measurement:
    return next(m for m in verdict.measurements if m.name == name)


def test_everything_at_its_limit_passes() -> None:
    verdict = decide(CHECKS, WELL)
    assert verdict.status is Status.PASSED
    assert {m.name for m in verdict.measurements} == {
        "load_time", "requests_answered", "difference_from_model", "not_finite_outputs", "latency_p50", "latency_p99",
        "bad_requests_refused", "well_after_bad_requests", "memory",
    }  # fmt: skip
    assert verdict.settings["limits"]["max_memory_mb"] == 500.0


@pytest.mark.parametrize(
    ("name", "reason", "change"),
    [
        ("requests_answered", "not_answered", {"answered": 3, "problem": "UNAVAILABLE: gone"}),
        ("difference_from_model", "other_answer", {"difference": MAX_DIFFERENCE * 1.01}),
        ("difference_from_model", "other_answer", {"difference": float("inf"), "problem": "Row 0: a shape"}),
        ("not_finite_outputs", "not_finite", {"not_finite": 1}),
        ("latency_p50", "above_limit", {"latencies_ms": (1.0, 2.01, 3.0, 4.0)}),
        ("latency_p99", "above_limit", {"latencies_ms": (1.0, 2.0, 3.0, 4.01)}),
    ],
)
def test_a_way_just_past_a_limit_is_refused_by_name(name: str, reason: str, change: dict) -> None:
    verdict = decide(CHECKS, replace(WELL, ways=(replace(WAY, **change),)))
    assert [(m.name, m.slice, m.reason) for m in verdict.refusals] == [(name, "gRPC, serving_default", reason)]
    assert verdict.status is Status.FAILED
    assert str(change.get("problem", "")) in verdict.refusals[0].detail


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("memory", {"memory_mb": 500.1}),
        ("bad_requests_refused", {"bad_requests": (BAD, replace(BAD, answer="INTERNAL", refused=False))}),
        ("well_after_bad_requests", {"well_after": False}),
    ],
)
def test_a_server_that_is_too_large_or_not_robust_is_refused(name: str, change: dict) -> None:
    verdict = decide(CHECKS, replace(WELL, **change))
    assert [m.name for m in verdict.refusals] == [name]
    assert verdict.refusals[0].detail


def test_a_model_that_does_not_load_is_judged_on_that_alone() -> None:
    verdict = decide(CHECKS, ServingEvidence("process", "a server", load_problem="no SavedModel"))
    assert verdict.status is Status.FAILED
    assert [(m.name, m.reason, m.detail) for m in verdict.measurements] == [
        ("load_time", "does_not_load", "no SavedModel")
    ]


def test_no_requests_cannot_tell_and_a_model_that_fails_by_itself_is_refused() -> None:
    silent = replace(WELL, ways=(), bad_requests=())
    assert decide(CHECKS, silent).status is Status.UNKNOWN
    assert decide(CHECKS, replace(silent, load_problem="it raises")).status is Status.FAILED


def test_no_answer_at_all_leaves_the_rest_unknown() -> None:
    verdict = decide(CHECKS, replace(WELL, ways=(WayOfAsking("REST", "serving_raw", 4, 0),)))
    assert of(verdict, "requests_answered").status is Status.FAILED
    assert {of(verdict, n).status for n in ("difference_from_model", "latency_p50", "latency_p99")} == {Status.UNKNOWN}


def test_memory_that_cannot_be_seen_is_reported_and_does_not_gate() -> None:
    verdict = decide(CHECKS, replace(WELL, platform="kubernetes", memory_mb=None))
    assert verdict.status is Status.PASSED
    memory = of(verdict, "memory")
    assert (memory.status, memory.gates) == (Status.UNKNOWN, False)


def test_a_check_that_could_not_be_made_is_an_error() -> None:
    verdict = broken(CHECKS, "no daemon", "platform_unreachable")
    assert (verdict.status, verdict.reason, verdict.refusals[0].detail) == (
        Status.ERROR, "platform_unreachable", "no daemon",
    )  # fmt: skip


def test_percentiles_are_by_nearest_rank() -> None:
    hundred = [float(n) for n in range(1, 101)]
    assert (percentile(hundred, 0.5), percentile(hundred, 0.99), percentile(hundred[:1], 0.5)) == (50.0, 99.0, 1.0)


def test_every_row_is_asked_before_one_is_asked_again() -> None:
    assert rows_to_send(3, 7) == (0, 1, 2, 0, 1, 2, 0)


def test_limits_survive_json_and_mistyped_keys_are_refused() -> None:
    assert from_text(Limits, to_text(LIMITS)) == LIMITS
    with pytest.raises(RecordError, match="'max_memory'"):
        from_text(Limits, '{"max_memory": 1}')
