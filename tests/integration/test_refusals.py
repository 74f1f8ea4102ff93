"""A refusal leaves production alone, says why, and ends with 2."""

import pytest

from schemas import release
from tests.integration.conftest import PROJECT, QUICK, run

BEHIND_THE_GATE = {
    "Transform",
    "Trainer",
    "ReleasedModel",
    "Evaluator",
    "QualityGate",
    "InfraValidator",
    "Score",
    "FairnessReport",
    "ReleaseGate",
    "ModelCard",
    "Pusher",
    "DirectRelease",
}


@pytest.fixture(scope="session")
def refused_data(sampled_census, census_again, folder):
    """The same table, but a value in it that the curated schema does not know, in the folder of the good runs."""
    _, good = census_again
    before = release.read(good.output / "serving" / "census")
    table = folder / "unknown_value.csv"
    lines = (folder / "adult.csv").read_text().splitlines(keepends=True)
    changed = [
        line.replace("Never-married", "Handfasted") if index % 7 == 0 else line for index, line in enumerate(lines)
    ]
    table.write_text("".join(changed))
    ended = run(sampled_census, good.output, *QUICK, "--set", f"data.path={table}")
    return before, ended


def test_refused_data_trains_nothing(refused_data):
    _, ended = refused_data
    assert ended.code == 2, ended.out + ended.err
    assert ended.result["verdict"] == "REFUSED"
    states = {step["step"]: step["state"] for step in ended.result["steps"]}
    assert {name for name, state in states.items() if state == "SKIPPED"} == BEHIND_THE_GATE


def test_refused_data_leaves_the_released_model_alone(refused_data):
    before, ended = refused_data
    assert release.read(ended.output / "serving" / "census") == before


def test_the_refusal_names_value_column_split_and_setting(refused_data):
    _, ended = refused_data
    said = ended.out + ended.err
    for word in ("data_gate", "marital-status", "Handfasted", "data_gate."):
        assert word in said, word


def test_the_refusal_is_in_the_report(refused_data):
    _, ended = refused_data
    page = (ended.output / "runs" / "latest" / "reports" / "index.html").read_text()
    assert "REFUSED" in page
    assert "marital-status" in page


def test_the_gate_proposes_a_schema_that_would_accept_the_data(refused_data):
    _, ended = refused_data
    verdict = next(a for a in ended.step("DataGate")["outputs"] if a["key"] == "verdict")["uri"]
    from pathlib import Path

    assert "Handfasted" in (Path(verdict) / "proposed_schema.pbtxt").read_text()
    diff = (Path(verdict) / "schema.diff").read_text()
    assert any(line.startswith("+") and "Handfasted" in line for line in diff.splitlines())


@pytest.fixture(scope="session")
def refused_model(learned):
    """A limit that no model of penguins can keep."""
    limit = "quality_gate.limits=[{metric: log_loss, at_most: 0.000001}]"
    return run(PROJECT / "configs/penguins.yaml", learned("refused_model"), "--quiet", "--set", limit)


def test_a_refused_model_is_not_pushed(refused_model):
    assert refused_model.code == 2, refused_model.out + refused_model.err
    assert refused_model.result["pushed_path"] is None
    assert not (refused_model.output / "serving" / "penguins" / "release.json").exists()
    assert not list((refused_model.output / "serving").glob("*/[0-9]*"))
    assert refused_model.step("Pusher")["state"] == "DONE"


def test_a_refused_model_is_told_by_how_much_and_by_which_setting(refused_model):
    said = refused_model.out + refused_model.err
    for word in ("quality_gate", "log_loss", "at most", "--set quality_gate.limits"):
        assert word in said, word


def test_an_unchanged_refusal_ends_the_same_way(refused_model):
    limit = "quality_gate.limits=[{metric: log_loss, at_most: 0.000001}]"
    again = run(PROJECT / "configs/penguins.yaml", refused_model.output, "--quiet", "--set", limit)
    assert again.code == 2
    assert "unchanged" in again.out.lower()


def test_a_model_that_a_server_is_too_slow_with_is_not_pushed(folder, penguins):
    """In the folder of the good run: training is answered from the cache, and production stays as it is."""
    before = release.read(penguins.output / "serving" / "penguins")
    limit = "serving_check.max_latency_p50_ms=0.001"
    ended = run(PROJECT / "configs/penguins.yaml", penguins.output, "--quiet", "--set", limit)
    assert ended.code == 2, ended.out + ended.err
    assert ended.step("Trainer")["state"] == "CACHED"
    assert ended.gate("serving_check")["status"] == "FAILED"
    for word in ("serving_check", "latency_p50", "at most", f"--set {limit}"):
        assert word in ended.out + ended.err, word
    assert ended.result["pushed_path"] is None
    assert release.read(penguins.output / "serving" / "penguins") == before


def test_a_warm_up_travels_with_the_pushed_model_and_is_pushed_once(learned):
    config, output = PROJECT / "configs/penguins.yaml", learned("warm_up")
    more = ("--quiet", "--set", "serving_check.warm_up=true", "--set", "serving_check.requests=10")
    first = run(config, output, *more)
    assert first.code == 0, first.out + first.err
    from pathlib import Path

    assert (Path(first.result["pushed_path"]) / "assets.extra" / "tf_serving_warmup_requests").stat().st_size > 0
    version = first.result["pushed_version"]
    again = run(config, output, *more, "--again")
    assert again.code == 0, again.out + again.err
    assert again.result["pushed_version"] == version
    assert again.step("InfraValidator")["state"] == "CACHED"
