"""release.json changes when, and only when, a new model was pushed and the mode is direct."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from components.direct_release.core import Push, decide
from schemas.release import Change, Release, overrides_of

NOW = datetime(2026, 11, 21, 4, 5, 6, tzinfo=UTC)
OLD = Release(
    stable=7, salt="s", history=(Change("2026-01-01T00:00:00+00:00", "release", "direct", 7, None, "r0", "d7"),)
)


def test_a_pushed_model_becomes_stable_and_the_history_says_when_and_whence() -> None:
    outcome = decide(OLD, Push(8, "d8", "r1"), "direct", NOW)
    assert outcome.changed
    assert (outcome.release.stable, outcome.release.stable_digest, outcome.release.salt) == (8, "d8", "s")
    assert outcome.release.history[:-1] == OLD.history
    assert outcome.release.history[-1] == Change(
        "2026-11-21T04:05:06+00:00", "release", "direct", 8, 7, "r1", "d8", by="run r1", what="version 7 -> 8"
    )


def test_the_first_release_has_no_previous_one() -> None:
    assert decide(Release(), Push(1, "d", "r"), "direct", NOW).release.history[-1].previous is None


def test_the_same_model_again_changes_nothing() -> None:
    outcome = decide(OLD, Push(7, "d7", "r1"), "direct", NOW)
    assert (outcome.release, outcome.changed) == (OLD, False)
    assert "already" in outcome.reason


def test_an_earlier_version_can_become_stable_again() -> None:
    newer = decide(OLD, Push(8, "d8", "r1"), "direct", NOW).release
    outcome = decide(newer, Push(7, "d7", "r2"), "direct", NOW)
    assert (outcome.changed, outcome.release.stable, outcome.release.stable_digest) == (True, 7, "d7")


RECORDED = "what a person let pass is recorded"


@pytest.mark.parametrize(("push", "mode"), [(Push(8, "d8", "r1"), "hold"), (None, "direct"), (None, "hold")])
def test_hold_or_nothing_pushed_changes_nothing(push: Push | None, mode: str) -> None:
    outcome = decide(OLD, push, mode, NOW)
    assert (outcome.release, outcome.changed) == (OLD, False)
    assert outcome.reason


def test_without_a_recorded_digest_a_release_is_not_taken_for_the_same() -> None:
    assert decide(Release(stable=7), Push(7, "", "r"), "direct", NOW).changed


def test_another_mode_is_refused_with_the_modes_there_are() -> None:
    with pytest.raises(ValueError, match="'canary'; it may be direct or hold"):
        decide(OLD, None, "canary", NOW)


def test_a_refusal_let_pass_for_the_model_that_answers_already_is_written_down_once() -> None:
    canary = replace(OLD, canary=9, weight=0.1, mode="canary")
    outcome = decide(canary, Push(8, "d7", "r1", ("Ada lets it pass",)), "direct", NOW)
    assert outcome.changed
    assert replace(outcome.release, history=()) == replace(canary, history=())
    assert outcome.release.history[-1] == Change(
        "2026-11-21T04:05:06+00:00", "override", "direct", 7, 7, "r1", "d7", ("Ada lets it pass",), "run r1", RECORDED
    )
    again = decide(outcome.release, Push(8, "d7", "r2", ("Ada lets it pass",)), "direct", NOW)
    assert (again.release, again.changed) == (outcome.release, False)
    second = decide(outcome.release, Push(8, "d7", "r3", ("Bo, too",)), "direct", NOW).release
    assert overrides_of(second, second.stable) == ("Ada lets it pass", "Bo, too")


@pytest.mark.parametrize("before", [OLD, Release()])
def test_a_held_version_that_a_person_let_pass_is_written_down_once_and_nothing_moves(before: Release) -> None:
    outcome = decide(before, Push(8, "d8", "r1", ("Ada lets it pass",)), "hold", NOW)
    assert outcome.changed
    assert "waits, and nothing serves it; what a person let pass is recorded" in outcome.reason
    assert replace(outcome.release, history=()) == replace(before, history=())
    assert outcome.release.history[-1] == Change(
        "2026-11-21T04:05:06+00:00",
        "override",
        "hold",
        8,
        before.stable,
        "r1",
        "d8",
        ("Ada lets it pass",),
        "run r1",
        RECORDED,
    )
    again = decide(outcome.release, Push(8, "d8", "r2", ("Ada lets it pass",)), "hold", NOW)
    assert (again.release, again.changed) == (outcome.release, False)
