"""A table scored inside the pipeline: by blessed models, as `sluicegate predict` scores it, and not by refused ones."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.integration.conftest import PROJECT, UNSERVED, run, verb

CONFIG = "configs/penguins.yaml"


@pytest.fixture(scope="module")
def table(folder):
    """The penguins without their species, the last twenty alone."""
    header, *rows = (PROJECT / "data/penguins/penguins.csv").read_text().splitlines()
    path = folder / "new_penguins.csv"
    path.write_text("\n".join(line.partition(",")[2] for line in [header, *rows[-20:]]) + "\n")
    return path


@pytest.fixture(scope="module")
def scored(learned, table):
    """The run that scored the table, and what it wrote: later runs in the folder have records of their own."""
    ended = run(CONFIG, learned("batch"), "--quiet", *UNSERVED, "--set", f"batch_scoring.path={table}")
    return ended, ended.step("PredictionsTable")["outputs"][0]


def test_the_pipeline_scores_as_predict_does(scored, table, tmp_path):
    ended, predictions = scored
    assert ended.code == 0, ended.err
    assert (predictions["type"], predictions["properties"]["rows"]) == ("schemas.Predictions", 20)
    found = pq.read_table(Path(predictions["uri"]) / "predictions.parquet")
    model = ended.output / "serving" / "penguins"
    again = verb("predict", "--config", CONFIG, "--model", model, "--input", table, "--output", tmp_path / "p.parquet")
    assert again.returncode == 0, again.stderr
    wanted = pq.read_table(tmp_path / "p.parquet")
    assert found.schema.names == wanted.schema.names
    assert found["row"].to_pylist() == list(range(1, 21))
    assert found["decision"].to_pylist() == wanted["decision"].to_pylist()
    for name in wanted.schema.names[2:]:
        np.testing.assert_allclose(found[name].to_numpy(), wanted[name].to_numpy(), atol=1e-6)


def test_a_refused_model_scores_nothing_and_a_changed_table_is_scored_anew(scored, table):
    options = ("--quiet", *UNSERVED, "--set", f"batch_scoring.path={table}")
    output = scored[0].output
    assert run(CONFIG, output, *options).out.startswith("Unchanged since run")
    limit = "quality_gate.limits=[{metric: accuracy, at_least: 1.1}]"
    refused = run(CONFIG, output, *options, "--set", limit)
    assert refused.code == 2, refused.out + refused.err
    [predictions] = refused.step("PredictionsTable")["outputs"]
    assert predictions["properties"]["rows"] == 0
    assert "not blessed" in predictions["properties"]["reason"]
    assert not list(Path(predictions["uri"]).glob("*.parquet"))

    table.write_text("\n".join(table.read_text().splitlines()[:8]) + "\n")
    anew = run(CONFIG, output, *options)
    assert anew.code == 0, anew.err
    assert anew.step("Trainer")["state"] == "CACHED"
    assert anew.step("PredictionsTable")["outputs"][0]["properties"]["rows"] == 7


def test_a_table_that_is_not_there_stops_the_run_before_it_starts(folder):
    ended = run(CONFIG, folder / "none", "--quiet", "--set", "batch_scoring.path=nowhere.csv")
    assert ended.code == 1
    assert "batch_scoring.path: " in ended.err
    assert not (folder / "none" / "runs").exists()
