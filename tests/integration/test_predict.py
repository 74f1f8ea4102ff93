"""What the pipeline scored is what `sluicegate predict` and `sluicegate.load` score: from raw rows, to a millionth."""

import csv
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import tensorflow as tf

import sluicegate
from pipeline.settings.file import load
from pipeline.settings.source import source_of
from sluicegate.tables.columns.inspection import examine
from tests.integration.conftest import PROJECT, verb, verb_anew

CONFIG = "configs/penguins.yaml"


def pipeline_scores(output: Path):
    """serving_default on the test split's TFRecords."""
    [version] = [path for path in (output / "serving/penguins").iterdir() if path.name.isdigit()]
    [records] = (output / "artifacts").glob("ExampleGen/examples/*/Split-test/*.gz")
    examples = list(tf.data.TFRecordDataset(str(records), "GZIP").as_numpy_iterator())
    signature = tf.saved_model.load(str(version)).signatures["serving_default"]
    return signature(examples=tf.constant(examples))["scores"].numpy()


def rows_under_test():
    """Which rows of the table are the test split."""
    source = source_of(load(CONFIG).settings)
    return source, examine(source).splits.rows("test")


def test_raw_rows_score_as_in_the_pipeline(penguins, tmp_path):
    source, rows = rows_under_test()
    wanted = pipeline_scores(penguins.output)
    model = penguins.output / "serving" / "penguins"
    ended = verb_anew(
        "predict", "--config", CONFIG, "--model", model, "--input", source.path, "--output", tmp_path / "s.parquet"
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    table = pq.read_table(tmp_path / "s.parquet")
    assert table.schema.names == ["row", "decision", "score_Adelie", "score_Chinstrap", "score_Gentoo"]
    found = np.stack([table[name].to_numpy() for name in table.schema.names[2:]], axis=1)
    np.testing.assert_allclose(found[rows], wanted, atol=1e-6)

    with Path(source.path).open() as file:
        dicts = list(csv.DictReader(file))
    predicted = sluicegate.load(model, missing=source.missing).predict([dicts[row] for row in rows])
    np.testing.assert_allclose(predicted.scores, wanted, atol=1e-6)
    assert (predicted.decisions == [dicts[row]["species"] for row in rows]).mean() > 0.9


def test_a_table_that_does_not_fit_is_one_message(penguins, tmp_path):
    table = tmp_path / "new.csv"
    text = (PROJECT / "data/penguins/penguins.csv").read_text().replace("39.1", "long", 1)
    table.write_text(text)
    model = penguins.output / "serving" / "penguins"
    ended = verb("predict", "--config", CONFIG, "--model", model, "--input", table, "--output", tmp_path / "s.csv")
    assert ended.returncode == 1
    assert f"{table}, line 2, column 'bill_length_mm'" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["new.csv"]
