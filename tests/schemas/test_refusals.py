"""Each gate that did not pass stands in exactly one place, and it is the right one."""

from __future__ import annotations

import itertools

import pytest

from schemas.refusals import NOT_CONFIGURED, OVERRIDDEN, UNKNOWN_ALLOWED, Standing, is_asked, overrides, standing
from schemas.verdict import Measurement, Status, Verdict

DATA, UNFAIR, WHY = (Verdict(gate, Status.FAILED) for gate in ("data_gate", "fairness", "explanation"))
GOOD = Verdict("quality_gate", Status.PASSED)


def release(status: Status, **asked: tuple[Status, str]) -> Verdict:
    told = tuple(Measurement(name, "overall", said, reason=reason) for name, (said, reason) in asked.items())
    return Verdict("release_gate", status, told)


REFUSES = release(Status.FAILED, quality_gate=(Status.PASSED, ""), fairness=(Status.FAILED, "gate_failed"))
OVERRULES = release(Status.PASSED, fairness=(Status.PASSED, OVERRIDDEN))
ALLOWS = release(Status.PASSED, fairness=(Status.PASSED, UNKNOWN_ALLOWED))
MISSES = release(Status.UNKNOWN, fairness=(Status.UNKNOWN, NOT_CONFIGURED))


@pytest.mark.parametrize(
    ("run", "gates", "expected"),
    [
        ("REFUSED", [GOOD, UNFAIR, WHY, REFUSES], Standing(refused=(UNFAIR,), unasked=(WHY,))),
        ("PASSED", [GOOD, UNFAIR, WHY, OVERRULES], Standing(overridden=(UNFAIR,), unasked=(WHY,))),
        ("PASSED", [GOOD, UNFAIR, ALLOWS], Standing(allowed=(UNFAIR,))),
        ("REFUSED", [GOOD, MISSES], Standing(refused=(MISSES,))),
        ("REFUSED", [release(Status.FAILED)], Standing(refused=(release(Status.FAILED),))),
        ("REFUSED", [DATA], Standing(refused=(DATA,))),
        ("ERROR", [GOOD, UNFAIR], Standing(undecided=(UNFAIR,))),
        ("ERROR", [GOOD, UNFAIR, REFUSES], Standing(refused=(UNFAIR,))),
        ("PASSED", [GOOD, release(Status.PASSED)], Standing()),
    ],
)
def test_where_each_gate_stands(run: str, gates: list[Verdict], expected: Standing) -> None:
    assert standing(run, gates) == expected


@pytest.mark.parametrize("word", [REFUSES, OVERRULES, ALLOWS, MISSES, None])
@pytest.mark.parametrize("run", ["PASSED", "REFUSED", "ERROR"])
def test_a_verdict_that_did_not_pass_stands_in_one_place_and_only_one(run: str, word: Verdict | None) -> None:
    gates = [GOOD, UNFAIR, WHY, *([word] if word else [])]
    found = standing(run, gates)
    places = list(itertools.chain(found.did_not_pass, found.overridden, found.allowed, found.unasked))
    assert sorted(v.gate for v in places if v.gate != "release_gate") == ["explanation", "fairness"]


def test_the_release_gate_says_whom_it_asks_and_whom_a_person_overruled() -> None:
    assert [is_asked([REFUSES], gate) for gate in ("fairness", "explanation", "release_gate")] == [True, False, True]
    assert is_asked([], "explanation")
    assert [m.name for m in overrides([UNFAIR, OVERRULES])] == ["fairness"]
    assert overrides([UNFAIR]) == ()
