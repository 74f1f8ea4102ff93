import pytest

from pipeline.run.outcome import pushed_of, released_after, verdict_of
from schemas.records import ArtifactRecord, State, StepRecord
from schemas.verdict import Measurement, Status, Verdict

GOOD, BAD, UNSURE = (Verdict("release_gate", status) for status in (Status.PASSED, Status.FAILED, Status.UNKNOWN))
BAD_DATA, BAD_WHY = Verdict("data_gate", Status.FAILED), Verdict("explanation", Status.FAILED)
UNFAIR = Verdict("fairness", Status.FAILED)
ASKED = Verdict("release_gate", Status.FAILED, (Measurement("fairness", "overall", Status.FAILED),))


@pytest.mark.parametrize(
    ("states", "gates", "expected"),
    [
        ([State.DONE, State.CACHED], [GOOD], "PASSED"),
        ([State.DONE, State.SKIPPED], [BAD], "REFUSED"),
        ([State.DONE], [UNSURE], "REFUSED"),
        ([State.DONE, State.SKIPPED], [BAD_DATA], "REFUSED"),
        ([State.DONE], [UNFAIR, BAD_WHY, GOOD], "PASSED"),
        ([State.DONE, State.FAILED, State.NOT_RUN], [GOOD], "ERROR"),
        ([State.DONE, State.FAILED], [BAD], "ERROR"),
        ([State.DONE, State.SKIPPED], [GOOD], "ERROR"),
    ],
)
def test_verdict_of_a_run(states, gates, expected):
    assert verdict_of([StepRecord("s", state) for state in states], gates) == expected


def pusher(**properties):
    return [
        StepRecord("Pusher", State.DONE, outputs=(ArtifactRecord("pushed_model", "PushedModel", 1, "/p", properties),))
    ]


def test_what_was_pushed():
    assert pushed_of(pusher(pushed=1, pushed_destination="/s/7", pushed_version="7")) == ("/s/7", 7)


def test_nothing_was_pushed():
    assert pushed_of(pusher(pushed=0)) == (None, None)
    assert pushed_of([]) == (None, None)


def left(step, key, version):
    return StepRecord(step, State.DONE, outputs=(ArtifactRecord(key, "t", 1, "/p", {"version": version}),))


@pytest.mark.parametrize(
    ("done", "version"),
    [
        ([left("ReleasedStatistics", "statistics", 7), left("DirectRelease", "release", 8)], 8),
        ([left("ReleasedStatistics", "statistics", 7), StepRecord("DirectRelease", State.SKIPPED)], 7),
        ([left("ReleasedStatistics", "statistics", 0)], None),
        ([], None),
    ],
)
def test_what_was_released_when_the_run_ended(done, version):
    assert released_after(done) == version
