"""TFX adapter: BulkInferrer's log as a Parquet file with ids, decisions and scores."""

from pathlib import Path
from typing import Any, Iterator

from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types.standard_artifacts import InferenceResult, Model
from tfx.utils import path_utils

from components.predictions_table.core import Scored, refuse_clashes, write
from schemas.artifacts import Predictions
from schemas.predictions import ROW, answers_of

_LOGS = "prediction_logs*"


@component
def PredictionsTable(
    inference_result: InputArtifact[InferenceResult],
    model: InputArtifact[Model],
    predictions: OutputArtifact[Predictions],
    ids_json: Parameter[str] = "[]",
) -> None:
    """Writes predictions.parquet, or nothing where BulkInferrer scored nothing; `rows` and `reason` as properties.

    ids_json : a JSON list of the columns to keep; without any, the row's number.
    """
    import json

    ids, answers = json.loads(ids_json), answers_of(path_utils.serving_model_path(model.uri))
    refuse_clashes(ids, answers)
    folder = Path(predictions.uri)
    folder.mkdir(parents=True, exist_ok=True)
    logs = sorted(str(path) for path in Path(inference_result.uri).glob(_LOGS))
    rows = write(_rows(logs, ids), ids, answers, folder) if logs else 0
    predictions.set_int_custom_property("rows", rows)
    predictions.set_string_custom_property("reason", "" if logs else "the model was not blessed, so nothing was scored")


def _rows(logs: list[str], ids: list[str]) -> Iterator[Scored]:
    import tensorflow as tf
    from tensorflow_serving.apis import prediction_log_pb2

    for record in tf.data.TFRecordDataset(logs, "GZIP").as_numpy_iterator():
        log = prediction_log_pb2.PredictionLog.FromString(record).predict_log
        [examples] = log.request.inputs.values()
        scores = tf.make_ndarray(log.response.outputs["scores"])
        for example, row in zip(examples.string_val, scores, strict=True):
            features = tf.train.Example.FromString(example).features.feature
            [number] = features[ROW].int64_list.value
            yield Scored(number, tuple(_value(features, name) for name in ids), row)


def _value(features: Any, name: str) -> Any:
    """The one value of a feature; None where the row has none."""
    kind = features[name].WhichOneof("kind") if name in features else None
    values = getattr(features[name], kind).value if kind else []
    if not values:
        return None
    return values[0].decode("utf-8", "replace") if kind == "bytes_list" else values[0]
