"""PredictionsTable on logs as TFX's BulkInferrer writes them."""

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2
from tfx.types.standard_artifacts import InferenceResult, Model

from components.predictions_table.component import PredictionsTable
from schemas.artifacts import Predictions
from schemas.errors import UsageError
from schemas.predictions import ROW
from tests.components.through_executor import artifact, run

DESCRIBED = {
    "binary": {"task": "binary", "classes": ["no", "yes"], "threshold": 0.6},
    "regression": {"task": "regression", "classes": [], "threshold": None},
}


def example(row, **features):
    made = tf.train.Example()
    made.features.feature[ROW].int64_list.value.append(row)
    for name, value in features.items():
        kind = made.features.feature[name]
        if isinstance(value, str):
            kind.bytes_list.value.append(value.encode())
        elif value is not None:
            (kind.int64_list if isinstance(value, int) else kind.float_list).value.append(value)
    return made.SerializeToString()


def write_log(folder: Path, *calls, shard="00000-of-00001"):
    """calls : (examples, scores) of one request each."""
    folder.mkdir(parents=True, exist_ok=True)
    with tf.io.TFRecordWriter(str(folder / f"prediction_logs-{shard}.gz"), "GZIP") as writer:
        for examples, scores in calls:
            log = prediction_log_pb2.PredictionLog()
            log.predict_log.request.inputs["examples"].CopyFrom(tf.make_tensor_proto(examples))
            log.predict_log.response.outputs["scores"].CopyFrom(tf.make_tensor_proto(np.array(scores, np.float32)))
            writer.write(log.SerializeToString())


def table_of(folder: Path, ids=(), task="binary"):
    description = folder / "model" / "Format-Serving" / "assets.extra" / "model.json"
    description.parent.mkdir(parents=True)
    description.write_text(json.dumps(DESCRIBED[task]))
    found = artifact(Predictions, folder / "predictions")
    (folder / "log").mkdir(exist_ok=True)
    inputs = {"inference_result": artifact(InferenceResult, folder / "log"), "model": artifact(Model, folder / "model")}
    run(PredictionsTable, inputs, {"predictions": found}, ids_json=json.dumps(list(ids)))
    return found


def test_rows_come_in_the_tables_order_whatever_beams_was(tmp_path):
    write_log(tmp_path / "log", ([example(3, id="c")], [[0.9, 0.1]]), shard="00000-of-00002")
    write_log(tmp_path / "log", ([example(2), example(1, id="ä")], [[0.41, 0.59], [0.3, 0.7]]), shard="00001-of-00002")
    made = table_of(tmp_path, ["id"])
    assert pq.read_table(tmp_path / "predictions" / "predictions.parquet").to_pydict() == {
        "id": ["ä", None, "c"],
        "decision": ["yes", "no", "no"],
        "score_no": pytest.approx([0.3, 0.41, 0.9]),
        "score_yes": pytest.approx([0.7, 0.59, 0.1]),
    }
    assert made.get_int_custom_property("rows") == 3
    assert made.get_string_custom_property("reason") == ""


def test_several_ids_keep_their_types_and_none_is_the_row_number(tmp_path):
    write_log(tmp_path / "log", ([example(1, a=7, b="x", c=1.5), example(2, a=8, b="y", c=None)], [[1.0], [2.5]]))
    table_of(tmp_path, ["c", "a", "b"], "regression")
    table = pq.read_table(tmp_path / "predictions" / "predictions.parquet")
    assert table.to_pylist() == [
        {"c": 1.5, "a": 7, "b": "x", "value": 1.0},
        {"c": None, "a": 8, "b": "y", "value": 2.5},
    ]
    other = tmp_path / "other"
    write_log(other / "log", ([example(1), example(2)], [[0.5, 0.5], [0.1, 0.9]]))
    table_of(other)
    assert pq.read_table(other / "predictions" / "predictions.parquet")["row"].to_pylist() == [1, 2]


def test_what_was_not_scored_is_no_table_and_a_reason(tmp_path):
    made = table_of(tmp_path)
    assert list((tmp_path / "predictions").iterdir()) == []
    assert made.get_int_custom_property("rows") == 0
    assert "not blessed" in made.get_string_custom_property("reason")


def test_an_id_that_is_called_as_a_prediction_is(tmp_path):
    write_log(tmp_path / "log", ([example(1, decision="x")], [[0.5, 0.5]]))
    with pytest.raises(UsageError, match=r"columns\.ids: 'decision'"):
        table_of(tmp_path, ["decision"])
