"""What random requests may not do: crash the server, or get another answer over REST than over gRPC."""

import json
import math

import grpc
import numpy as np
import pytest
import schemathesis
import tensorflow as tf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tensorflow_serving.apis import predict_pb2

from sluicegate.serving.rest.openapi import openapi
from sluicegate.serving.rest.paths import HTTP_STATUS
from sluicegate.serving.status import Code

MANY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
floats = st.floats(width=32)
texts = st.text(st.characters(codec="utf-8"), max_size=8)
names = st.sampled_from(["number", "text", "pair", "x", "other"])
scalars = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=5)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5) | names, inner, max_size=4)
)
documents = st.dictionaries(
    st.sampled_from(["instances", "inputs", "signature_name", "examples", "context", "extra"]),
    anything | st.sampled_from(["named", "classify", "regress", "picky", "fixed", "serving_default"]),
    max_size=4,
)
KNOWN = {*HTTP_STATUS.values()} - {500}

schema = schemathesis.openapi.from_dict(openapi())


@schema.parametrize()
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_nothing_that_the_document_allows_breaks_the_server(case, server):
    answer = case.call(base_url=str(server.http.base_url))
    assert answer.status_code in KNOWN | {405}
    if case.path.startswith("/v1/") and answer.status_code != 404:
        assert answer.headers["content-type"] == ["application/json"]


@MANY
@given(documents, st.sampled_from(["predict", "classify", "regress"]))
def test_no_document_gets_a_500(server, document, call):
    answer = server.post(f"/v1/models/tiny:{call}", json.dumps(document).encode("utf-8", "surrogatepass"))
    assert answer.status_code in KNOWN
    assert answer.status_code == 200 or set(answer.json()) == {"error"}


@MANY
@given(st.binary(max_size=200))
def test_no_bytes_get_a_500(server, body):
    assert server.post("/v1/models/tiny:predict", body).status_code in KNOWN


@MANY
@given(st.text(st.characters(codec="ascii", exclude_characters="\r\n \t?#"), max_size=40))
def test_no_path_gets_a_500(server, path):
    answer = server.http.get("/v1/" + "".join(c if c.isprintable() else f"%{ord(c):02x}" for c in path))
    assert answer.status_code in KNOWN


rows = st.lists(
    st.tuples(floats, texts, st.lists(st.integers(-(2**40), 2**40), min_size=2, max_size=2)), min_size=1, max_size=5
)


def over_grpc(server, request):
    try:
        return Code.OK, server.predict.Predict(request)
    except grpc.RpcError as error:
        return Code(error.code().value[0]), error.details()


@MANY
@given(rows)
def test_both_protocols_give_the_same_values(server, given_rows):
    number, text, pair = zip(*given_rows, strict=True)
    asked = predict_pb2.PredictRequest(model_spec={"name": "tiny", "signature_name": "named"})
    asked.inputs["number"].CopyFrom(tf.make_tensor_proto(np.array(number, np.float32)))
    asked.inputs["text"].CopyFrom(tf.make_tensor_proto([t.encode() for t in text]))
    asked.inputs["pair"].CopyFrom(tf.make_tensor_proto(np.array(pair, np.int64)))
    code, answer = over_grpc(server, asked)
    assert code is Code.OK
    instances = [{"number": n, "text": t, "pair": p} for n, t, p in given_rows]
    told = server.post("/v1/models/tiny:predict", {"signature_name": "named", "instances": instances})
    assert told.status_code == 200
    predictions = json.loads(told.content)["predictions"]
    for i, total in enumerate(answer.outputs["total"].float_val):
        same = predictions[i]["total"]
        assert same == total or (math.isnan(same) and math.isnan(total)) or np.float32(same) == np.float32(total)
        assert predictions[i]["echo"].encode() == answer.outputs["echo"].string_val[i]
    assert [p["pair"] for p in predictions] == tf.make_ndarray(answer.outputs["pair"]).tolist()


@MANY
@given(
    st.sampled_from(["", "serving_default", "named", "nope", "picky"]),
    st.dictionaries(st.sampled_from(["x", "number", "text"]), st.lists(floats, max_size=3), max_size=3),
)
def test_both_protocols_refuse_the_same(server, signature, columns):
    asked = predict_pb2.PredictRequest(model_spec={"name": "tiny", "signature_name": signature})
    for name, values in columns.items():
        asked.inputs[name].CopyFrom(tf.make_tensor_proto(np.array(values, np.float32)))
    code, _ = over_grpc(server, asked)
    document = {"inputs": columns} | ({"signature_name": signature} if signature else {})
    told = server.post("/v1/models/tiny:predict", json.dumps(document).encode())
    # As in the real server an empty list has no type in JSON, and REST passes over columns that the signature lacks.
    if all(columns.values()) and not set(columns) > {"x"} and not set(columns) > {"number", "text"}:
        assert (told.status_code == 200) == (code is Code.OK)
    assert told.status_code in (200, 400)
    assert code in (Code.OK, Code.INVALID_ARGUMENT, Code.FAILED_PRECONDITION)


class TestRandomTensors:
    @MANY
    @given(
        st.integers(0, 30),
        st.lists(st.integers(-3, 5), max_size=3),
        st.binary(max_size=20),
        st.lists(floats, max_size=6),
        st.lists(st.integers(-(2**31), 2**31 - 1), max_size=6),
    )
    def test_no_tensor_crashes_the_server(self, server, dtype, shape, content, float_val, int_val):
        asked = predict_pb2.PredictRequest(model_spec={"name": "tiny"})
        tensor = asked.inputs["x"]
        tensor.dtype, tensor.tensor_content = dtype, content
        for size in shape:
            tensor.tensor_shape.dim.add(size=size)
        tensor.float_val.extend(float_val)
        tensor.int_val.extend(int_val)
        code, said = over_grpc(server, asked)
        assert code in (Code.OK, Code.INVALID_ARGUMENT, Code.UNIMPLEMENTED), said

    def test_and_it_still_answers(self, server):
        assert server.post("/v1/models/tiny:predict", {"instances": [1.0]}).json() == {"predictions": [2.5]}


@pytest.mark.parametrize("code", Code)
def test_every_code_has_a_status(code):
    assert 200 <= HTTP_STATUS[code] < 600
