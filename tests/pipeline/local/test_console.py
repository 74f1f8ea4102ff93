import io
import json
import re
from dataclasses import replace

import pytest

from pipeline.local import console, refusal_table
from pipeline.local.live_console import Live, terminal
from pipeline.local.run_words import verdict_line
from schemas.progress import Progress
from schemas.records import RunResult, State, StepRecord
from schemas.verdict import Measurement, Status, Verdict, judge

FAILED = Measurement(
    "accuracy", "sex=Female, race=Amer-Indian-Eskimo", Status.FAILED, 0.7312, 0.71, 0.7524, 0.75, "at least",
    rows=4913, baseline=0.74, setting="quality_gate.limits.2.at_least",
)  # fmt: skip
UNKNOWN = Measurement(
    "auc", "race=Other", Status.UNKNOWN, reason="too_few_rows", detail="Only 12 rows; 100 are needed."
)
VERDICT = judge("quality_gate", [FAILED, UNKNOWN, Measurement("auc", "overall", Status.PASSED, 0.9)])
STEPS = ["ExampleGen", "Trainer", "Pusher"]
RELEASE = judge("release_gate", [Measurement("quality_gate", "overall", Status.FAILED)])
RESULT = RunResult("r1", "census", "REFUSED", 2, "", 83.4, gates=(VERDICT, RELEASE), metrics={"auc": float("nan")})
ERROR = "Traceback (most recent call last):\n  File 'x'\nValueError: no such column\n"


def where(key):
    return "configs/census.yaml:31" if key == FAILED.setting else "default"


class Terminal(io.StringIO):
    def isatty(self):
        return True


def play(made):
    made.run_started("r1", STEPS, "output/census/runs/r1/log.txt")
    made.step_started("ExampleGen")
    made.step_ended(StepRecord("ExampleGen", State.DONE, 2.04))
    made.step_started("Trainer")
    made.step_ended(StepRecord("Trainer", State.FAILED, 700, error=ERROR))
    made.step_ended(StepRecord("Pusher", State.NOT_RUN))
    made.refusal(VERDICT, where)
    made.run_ended(RESULT, "output/census/runs/r1/reports/index.html")
    made.close()


def shown(**options):
    stream = io.StringIO()
    play(console.for_stream(stream, **options))
    return stream.getvalue()


def test_the_console_is_the_one_that_fits(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    assert isinstance(console.for_stream(io.StringIO()), console.Plain)
    assert isinstance(console.for_stream(Terminal()), Live)
    assert isinstance(console.for_stream(Terminal(), quiet=True), console.Quiet)
    assert isinstance(console.for_stream(Terminal(), as_json=True), console.Json)
    monkeypatch.setenv("TERM", "dumb")
    assert isinstance(console.for_stream(Terminal()), console.Plain)


def test_plain_is_a_line_per_step_and_the_reason_of_a_failure():
    lines = shown().splitlines()
    assert any(re.fullmatch(r"\s+1/3  ExampleGen +DONE +2\.0 s", line) for line in lines)
    assert any(re.fullmatch(r"\s+2/3  Trainer +FAILED +11 min 40 s", line) for line in lines)
    assert "         ValueError: no such column" in lines
    assert "report: output/census/runs/r1/reports/index.html" in lines
    assert max(map(len, lines)) <= 80


def test_quiet_says_nothing_but_how_a_good_run_ended():
    stream = io.StringIO()
    quiet = console.for_stream(stream, quiet=True)
    quiet.run_started("r1", STEPS, "log.txt")
    quiet.step_started("Trainer")
    quiet.step_ended(StepRecord("Trainer", State.DONE, 2.0))
    quiet.run_ended(RunResult("r1", "census", "PASSED", 0, "", 83.4, pushed_version=4), "report")
    assert stream.getvalue() == "PASSED: version 4 of census, in 83 s (run r1)\n"


def test_quiet_still_says_why_not():
    lines = shown(quiet=True).splitlines()
    assert lines[0] == "Trainer: ValueError: no such column"
    assert lines[-1] == "REFUSED: census by quality_gate, in 83 s (run r1)"
    assert any("set in configs/census.yaml:31" in line for line in lines)


def test_json_is_an_object_per_line_without_nan():
    events = [json.loads(line, parse_constant=pytest.fail) for line in shown(as_json=True).splitlines()]
    assert [e["event"] for e in events] == [
        "run_started", "step_started", "step_ended", "step_started", "step_ended", "step_ended", "refusal", "run_ended",
    ]  # fmt: skip
    assert events[0]["steps"] == STEPS
    assert (events[4]["state"], events[4]["error"]) == ("FAILED", ERROR)
    assert [m["where"] for m in events[6]["refused"]] == ["configs/census.yaml:31", ""]
    assert (events[7]["exit_code"], events[7]["metrics"]) == (2, {"auc": None})


def test_live_shows_states_spinner_and_total_and_ends_with_the_reasons(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    play(console.for_stream(stream))
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", stream.getvalue())
    assert "3 of 3 steps" in text
    assert text.rindex("Pusher") < text.index("ValueError: no such column") < text.index("quality_gate refused")
    assert text.rstrip().endswith("report: output/census/runs/r1/reports/index.html")


def test_live_shows_the_running_step_with_its_seconds():
    now = [10.0]
    live = Live(terminal(Terminal()), clock=lambda: now[0])
    live._steps = ("Trainer",)
    live.step_started("Trainer")
    now[0] = 14.5
    _, name, state, seconds = live._cells("Trainer")
    assert (str(name), state, seconds) == ("Trainer", "running", "4.5 s")


def test_closing_twice_or_early_does_no_harm():
    live = Live(terminal(Terminal()))
    live.close()
    live.close()


def test_a_refusal_names_limit_slice_distance_and_line():
    text = refusal_table.as_text(VERDICT, where)
    assert text.startswith("quality_gate refused: 2 of 3 checks did not pass.")
    row = next(line for line in text.splitlines() if "accuracy" in line)
    assert row.split() == ["accuracy", "sex=Female,", "0.7312", "at", "least", "0.75", "0.0188"]
    assert "4,913 rows, interval 0.71 to 0.7524, released model 0.74" in text
    assert "set in configs/census.yaml:31" in text
    assert "auc, race=Other: too few rows" in text
    assert max(map(len, text.splitlines())) <= refusal_table.WIDTH


def test_a_default_that_refused_is_named_as_such():
    one = Measurement("schema_missing_column", "train: age", Status.FAILED, reason="fail", setting="data_gate.default")
    assert "set in data_gate.default (default)" in refusal_table.as_text(judge("data_gate", [one]), where)


def test_long_names_never_break_the_width():
    one = Measurement(
        "m" * 60, "column=" + "v" * 200, Status.FAILED, -1234567.891, limit=1e9, direction="at least", detail="d " * 90
    )
    assert max(map(len, refusal_table.as_text(judge("g", [one]), where).splitlines())) <= 80


def test_the_place_of_a_setting_is_never_broken_in_two():
    path = f"{'deep/' * 20}census.yaml:31"
    assert path in refusal_table.as_text(VERDICT, lambda _: path)


def test_many_refusals_are_cut_short():
    many = judge(
        "g", [Measurement("auc", f"a={i}", Status.FAILED, 0.1, limit=0.5, direction="at least") for i in range(50)]
    )
    text = refusal_table.as_text(many, where)
    assert f"and {50 - refusal_table.MAX_ROWS} more" in text
    assert text.count("at least") == refusal_table.MAX_ROWS


def test_a_verdict_without_measurements_says_its_detail():
    assert (
        refusal_table.as_text(Verdict("g", Status.ERROR, detail="No rows."), where) == "g could not measure. No rows."
    )


@pytest.mark.parametrize(
    ("direction", "value", "missed"), [("at least", 0.4, 0.1), ("at most", 0.7, 0.2), ("at least", 0.6, None)]
)
def test_missed_by_has_the_sign_of_the_limit(direction, value, missed):
    found = refusal_table.missed_by(Measurement("auc", "overall", Status.FAILED, value, limit=0.5, direction=direction))
    assert found == (None if missed is None else pytest.approx(missed))


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (RunResult("r", "x", "PASSED", 0, "", 5.0, pushed_version=3), "PASSED: version 3 of x, in 5.0 s (run r)"),
        (RunResult("r", "x", "PASSED", 0, "", 5.0), "PASSED: x, in 5.0 s (run r)"),
        (
            RunResult("r", "x", "PASSED", 0, "", 5.0, gates=(VERDICT,)),
            "PASSED: x, in 5.0 s (run r); quality_gate is FAILED, see the report",
        ),
        (
            RunResult("r", "x", "ERROR", 1, "", 5.0, (StepRecord("Trainer", State.FAILED),)),
            "ERROR: x in Trainer, in 5.0 s (run r)",
        ),
    ],
)
def test_the_last_line_says_how_it_ended(result, said):
    assert verdict_line(result) == said


HALF_WAY = Progress(7, 20, 0.28012, 0.29911, 6, 21.0, 39.0)


def test_a_long_training_is_never_silent_and_a_short_one_says_nothing():
    now = [0.0]
    stream = io.StringIO()
    plain = console.Plain(stream, clock=lambda: now[0])
    plain.step_started("Trainer")
    for epoch in range(1, 21):
        now[0] += 3.0
        plain.step_progress("Trainer", replace(HALF_WAY, epoch=epoch))
    lines = stream.getvalue().splitlines()
    assert [int(re.search(r"epoch (\d+) of 20", line)[1]) for line in lines] == [4, 8, 12, 16, 20]
    assert lines[0] == "         Trainer: epoch 4 of 20, loss 0.2801, eval 0.2991, at most 39 s left"
    assert max(map(len, lines)) <= 80
    plain.step_started("Score")
    plain.step_progress("Score", HALF_WAY)
    assert stream.getvalue().splitlines() == lines


def test_live_shows_how_far_the_training_is_and_forgets_it_with_the_step(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    live = Live(terminal(Terminal()))
    live._steps = ("Trainer",)
    live.step_started("Trainer")
    live.step_progress("Trainer", replace(HALF_WAY, training=2, trainings=8))
    said = "training 2 of 8, epoch 7 of 20, loss 0.2801, eval 0.2991, at most 39 s left"
    assert any(said in str(one) for one in live._drawing().renderables)
    live.step_ended(StepRecord("Trainer", State.DONE, 2.0))
    assert not any(said in str(one) for one in live._drawing().renderables)


def test_json_has_every_epoch_and_quiet_none():
    stream = io.StringIO()
    console.for_stream(stream, as_json=True).step_progress("Trainer", HALF_WAY)
    event = json.loads(stream.getvalue())
    assert (event["event"], event["step"], event["epoch"], event["left_seconds"]) == (
        "step_progress",
        "Trainer",
        7,
        39.0,
    )
    stream = io.StringIO()
    console.for_stream(stream, quiet=True).step_progress("Trainer", HALF_WAY)
    assert stream.getvalue() == ""
