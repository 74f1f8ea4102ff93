"""The shipped configs run to a released model, and what they leave is what the README promises."""

import json
from pathlib import Path

import pytest

from schemas import release
from tests.integration.conftest import UNSERVED, run


@pytest.mark.parametrize("name", ["penguins", "taxi", "taxi_tips"])
def test_a_shipped_config_ends_with_a_released_model(name, request):
    ended = request.getfixturevalue(name)
    assert ended.code == 0, ended.err + ended.out
    result = ended.result
    assert result["verdict"] == "PASSED"
    assert (Path(result["pushed_path"]) / "saved_model.pb").exists()
    assert release.read(ended.output / "serving" / name).stable == result["pushed_version"]
    assert {step["state"] for step in result["steps"]} == {"DONE"}


def test_a_regression_shows_its_errors_row_by_row(taxi_tips):
    latest = taxi_tips.output / "runs" / "latest"
    pairs = json.loads((latest / "evidence" / "evaluation.json").read_text())["residuals"]
    rmse = (sum((predicted - true) ** 2 for true, predicted in pairs) / len(pairs)) ** 0.5
    # All test rows are among them, so they must add up to what the Evaluator measured.
    assert rmse == pytest.approx(taxi_tips.result["metrics"]["rmse"], rel=1e-3)
    assert "Predicted against true" in (latest / "reports" / "evaluation.html").read_text()


def test_census_beats_the_constant_and_the_limits_of_its_file(census_again):
    first, _ = census_again
    assert first["metrics"]["auc"] > 0.9
    assert first["metrics"]["accuracy"] > 0.84
    quality = next(gate for gate in first["gates"] if gate["gate"] == "quality_gate")
    assert quality["bootstrap"] is True
    assert quality["status"] == "PASSED"


def test_the_second_run_compares_with_the_first_and_answers_data_steps_from_the_cache(census_again):
    first, second = census_again
    assert second.code == 0, second.err + second.out
    for step in ("ExampleGen", "StatisticsGen", "ImportSchemaGen", "ExampleValidator", "Transform"):
        assert second.step(step)["state"] == "CACHED", step
    assert second.step("DataGate")["state"] == "DONE", "the first release gave it something to measure drift from"
    assert second.step("Trainer")["state"] == "DONE"
    quality = second.gate("quality_gate")
    assert quality["bootstrap"] is False
    overall = [m for m in quality["measurements"] if m["name"] == "auc" and m["slice"] == "overall"]
    assert any(abs(m["baseline"] - first["metrics"]["auc"]) < 1e-3 for m in overall if m["baseline"] is not None)
    assert second.result["pushed_version"] > first["pushed_version"]
    history = release.read(second.output / "serving" / "census").history
    assert [change.version for change in history] == [first["pushed_version"], second.result["pushed_version"]]


def test_an_unchanged_run_answers_from_the_records(census_again, sampled_census, other_seed):

    _, second = census_again
    third = run(sampled_census, second.output, *other_seed)
    assert third.code == 0
    assert "unchanged" in (third.out + third.err).lower()
    assert len(list((second.output / "runs").glob("2*"))) == 2


def test_every_step_leaves_a_record_beside_its_outputs(penguins):
    for step in penguins.result["steps"]:
        record = penguins.output / "artifacts" / step["step"] / "records" / f"{step['execution_id']}.json"
        assert json.loads(record.read_text())["step"] == step["step"]


def test_the_report_is_there_for_every_run(penguins):
    page = (penguins.output / "runs" / "latest" / "reports" / "index.html").read_text()
    assert "PASSED" in page
    assert penguins.result["run_id"] in page


def test_the_run_leaves_no_noise_on_the_terminal(penguins):
    assert penguins.err == ""
    assert len(penguins.out.splitlines()) <= 8


def test_the_tuner_works_when_it_is_on(learned):
    more = ("--set", "tuning.enabled=true", "--set", "tuning.trials=2", "--set", "tuning.epochs=2")
    ended = run("configs/penguins.yaml", learned("tuned"), "--quiet", *UNSERVED, *more)
    assert ended.code == 0, ended.out + ended.err
    assert ended.step("Tuner")["state"] == "DONE"
    best = next(a for a in ended.step("Tuner")["outputs"] if a["key"] == "best_hyperparameters")
    assert best["id"] in {a["id"] for a in ended.step("Trainer")["inputs"]}


def test_a_real_server_answered_before_the_model_was_pushed(penguins):
    gate = penguins.gate("serving_check")
    assert gate["status"] == "PASSED"
    asked = {
        m["slice"] for m in gate["measurements"] if m["name"] == "difference_from_model" and m["value"] is not None
    }
    assert asked == {f"{p}, {s}" for p in ("gRPC", "REST") for s in ("serving_default", "serving_raw")}
    page = (penguins.output / "runs" / "latest" / "reports" / "serving.html").read_text()
    assert "bytes that are no tf.Example" in page
