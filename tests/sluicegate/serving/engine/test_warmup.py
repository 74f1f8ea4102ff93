"""Warm-up with the requests that a version brings, and what happens when one of them fails."""

import shutil

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import classification_pb2, inference_pb2, predict_pb2, prediction_log_pb2, regression_pb2

from schemas.file_names import WARM_UP_REQUESTS
from sluicegate.serving.engine.saved_model import SavedModel
from sluicegate.serving.engine.warmup import blank, warm_up
from sluicegate.serving.status import Code, ServingError
from tests.sluicegate.serving.live import live


@pytest.fixture
def version(tiny, tmp_path):
    return shutil.copytree(tiny / "1", tmp_path / "1")


@pytest.fixture
def model(version):
    loaded = SavedModel(version)
    yield loaded
    loaded.close()


def predict(value, name="x", signature=""):
    request = predict_pb2.PredictRequest(model_spec={"name": "tiny", "signature_name": signature})
    request.inputs[name].CopyFrom(tf.make_tensor_proto(np.array([value], np.float32)))
    return prediction_log_pb2.PredictionLog(predict_log={"request": request})


def on_examples(kind, request_type, signature):
    request = request_type(model_spec={"name": "tiny", "signature_name": signature})
    request.input.example_list.examples.add().features.feature["x"].float_list.value.append(0.5)
    return prediction_log_pb2.PredictionLog(**{kind: {"request": request}})


def several():
    request = inference_pb2.MultiInferenceRequest()
    for signature in ("classify", "regress"):
        spec = {"name": "tiny", "signature_name": signature}
        request.tasks.add(model_spec=spec, method_name=f"tensorflow/serving/{signature}")
    request.input.example_list.examples.add()
    return prediction_log_pb2.PredictionLog(multi_inference_log={"request": request})


def bring(version, *records):
    file = version / WARM_UP_REQUESTS
    file.parent.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(file)) as writer:
        for record in records:
            writer.write(record if isinstance(record, bytes) else record.SerializeToString())


def ran(model, version, monkeypatch):
    """Signatures that the warm-up ran, in order."""
    seen, run = [], model.run
    monkeypatch.setattr(model, "run", lambda s, i, o: (seen.append(s.name), run(s, i, o))[1])
    warm_up(model, version)
    return seen


def test_every_kind_of_request_is_run(model, version, monkeypatch):
    bring(
        version,
        predict(1.0),
        on_examples("classify_log", classification_pb2.ClassificationRequest, "classify"),
        on_examples("regress_log", regression_pb2.RegressionRequest, "regress"),
        several(),
    )
    seen = ran(model, version, monkeypatch)
    assert seen[:5] == ["serving_default", "classify", "regress", "classify", "regress"]
    assert set(seen[5:]) == set(model.signatures)


def test_without_requests_each_signature_gets_a_blank_row(model, version, monkeypatch):
    assert sorted(ran(model, version, monkeypatch)) == sorted(model.signatures)
    assert {name: (v.shape, v.dtype.kind) for name, v in blank(model.signatures["named"]).items()} == {
        "number": ((1,), "f"),
        "pair": ((1, 2), "i"),
        "text": ((1,), "O"),
    }


@pytest.mark.parametrize(
    ("records", "code", "said"),
    [
        ([predict(-1.0, signature="picky")], Code.INVALID_ARGUMENT, "below zero"),
        ([predict(1.0, signature="nope")], Code.FAILED_PRECONDITION, '"nope" not found'),
        ([predict(1.0, name="z")], Code.INVALID_ARGUMENT, "alias not found in signature: z"),
        ([b"\xff\xff\xff"], Code.INVALID_ARGUMENT, "Failed to parse warmup record"),
        ([prediction_log_pb2.PredictionLog()], Code.UNIMPLEMENTED, "Unsupported log_type"),
        ([predict(1.0)] * 1001, Code.INVALID_ARGUMENT, "exceeds the maximum (1000)"),
    ],
)
def test_a_request_that_fails_fails_the_version(model, version, records, code, said):
    bring(version, *records)
    with pytest.raises(ServingError) as refused:
        warm_up(model, version)
    assert refused.value.code is code
    assert said in refused.value.message


def test_a_file_that_is_none(model, version):
    bring(version)
    (version / WARM_UP_REQUESTS).write_bytes(b"not a TFRecord file at all")
    with pytest.raises(ServingError, match="Please verify your warmup data"):
        warm_up(model, version)


def test_such_a_version_does_not_take_the_good_one_down(version):
    with live(model_name="tiny", model_base_path=version.parent, load_retries=0) as server:
        shutil.copytree(version, version.parent / ".2")
        bring(version.parent / ".2", predict(-1.0, signature="picky"))
        (version.parent / ".2").rename(version.parent / "2")
        server.wait_for(lambda: server.states("tiny") == {2: "END", 1: "AVAILABLE"})
        assert server.post("/v1/models/tiny:predict", {"instances": [0]}).json() == {"predictions": [1.0]}
        [bad, _] = server.http.get("/v1/models/tiny").json()["model_version_status"]
        assert bad["status"]["error_code"] == "INVALID_ARGUMENT"
