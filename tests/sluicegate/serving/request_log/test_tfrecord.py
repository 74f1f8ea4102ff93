"""PredictionLog as TensorFlow's own readers see it."""

import json

import numpy as np

from sluicegate.serving.request_log.settings import RequestLogSettings
from tests.sluicegate.serving.request_log.exchanges import example, exchange, texts, written


def logs_of(path):
    import tensorflow as tf
    from tensorflow_serving.apis import prediction_log_pb2

    raw = tf.data.TFRecordDataset(str(path)).as_numpy_iterator()
    return [prediction_log_pb2.PredictionLog.FromString(record) for record in raw]


def origin(record):
    return json.loads(record.log_metadata.request_origin)


def logged(folder, *exchanges, **settings):
    assert written(RequestLogSettings(folder, format="tfrecord", **settings), *exchanges).written == len(exchanges)
    return [record for path in sorted(folder.rglob("*/[!.]*.tfrecord")) for record in logs_of(path)]


def test_a_prediction_log_for_each_request(tmp_path):
    import tensorflow as tf

    offered = exchange("r1", arm="canary", weight=0.1)
    (record,) = logged(tmp_path, offered, sampling_rate=1.0)
    metadata, predict = record.log_metadata, record.predict_log
    spec = (metadata.model_spec.name, metadata.model_spec.version.value, metadata.model_spec.signature_name)
    assert spec == ("census", 7, "serving_raw")
    assert predict.request.model_spec == predict.response.model_spec == metadata.model_spec
    assert (metadata.sampling_config.sampling_rate, metadata.timestamp_secs) == (1.0, 1_700_000_000)
    assert origin(record) == {
        "request_id": "r1",
        "api": "Predict",
        "arm": "canary",
        "weight": 0.1,
        "latency_ms": 12.5,
        "received": 1_700_000_000.25,
    }
    for protos, tensors in (
        (predict.request.inputs, offered.part.inputs),
        (predict.response.outputs, offered.part.outputs),
    ):
        assert set(protos) == set(tensors)
        for name, array in tensors.items():
            np.testing.assert_array_equal(tf.make_ndarray(protos[name]), array)


def test_every_type_of_tensor_comes_back(tmp_path):
    import tensorflow as tf

    from sluicegate.serving.signature import NUMPY_TYPES

    inputs = {
        name: texts(b"\xff", b"") if kind.hasobject else np.ones((2, 0, 3), kind) for name, kind in NUMPY_TYPES.items()
    }
    inputs["sliced"] = np.arange(12).reshape(3, 4)[:2, ::2]
    inputs["scalar"] = np.array(3.5)
    (record,) = logged(tmp_path, exchange(inputs=inputs, outputs={}))
    for name, array in inputs.items():
        back = tf.make_ndarray(record.predict_log.request.inputs[name])
        np.testing.assert_array_equal(back, array)
        assert back.dtype == array.dtype


def test_the_file_is_what_a_models_warm_up_reads(tmp_path):
    """TF Serving replays assets.extra/tf_serving_warmup_requests; a model is asked what it was asked before."""
    import tensorflow as tf

    asked = texts(example(age=[39], job=[b"Clerk"]))
    (record,) = logged(tmp_path, exchange(inputs={"examples": asked}, outputs={}))
    request = record.predict_log.request
    parsed = tf.io.parse_example(
        tf.make_ndarray(request.inputs["examples"]), {"age": tf.io.FixedLenFeature([], tf.int64)}
    )
    assert parsed["age"].numpy().tolist() == [39]


def test_signatures_share_a_file(tmp_path):
    logged(tmp_path, exchange("a", signature="x"), exchange("b", signature="y", inputs={}))
    assert len(list((tmp_path / "census").iterdir())) == 1
