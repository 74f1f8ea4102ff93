"""The REST contract of TensorFlow Serving, against a real server over HTTP."""

import base64
import gzip
import json
import math

import pytest

from sluicegate.serving.engine.limits import BatchLimits
from tests.sluicegate.serving.live import live

ONE = "/v1/models/tiny:predict"


def named(**more):
    return {"number": 1.0, "text": "a", "pair": [1, 2], **more}


def error(answer):
    assert answer.headers["content-type"] == "application/json"
    [(key, said)] = answer.json().items()
    assert key == "error"
    return said


class TestPredict:
    def test_rows(self, server):
        answer = server.post(ONE, {"instances": [1, 2.5]})
        assert (answer.status_code, answer.json()) == (200, {"predictions": [2.5, 3.25]})
        assert answer.headers["content-type"] == "application/json"

    def test_columns(self, server):
        assert server.post(ONE, {"inputs": {"x": [1]}}).json() == {"outputs": [2.5]}
        assert server.post(ONE, {"inputs": [1]}).json() == {"outputs": [2.5]}

    def test_several_named_inputs_and_outputs(self, server):
        got = server.post(ONE, {"signature_name": "named", "instances": [named(), named(text="ü")]}).json()
        raw = [{"b64": base64.b64encode(text.encode()).decode()} for text in ("a", "ü")]
        assert got == {
            "predictions": [
                {"total": 6.0, "echo": "a", "raw_bytes": raw[0], "pair": [1, 2]},
                {"total": 6.0, "echo": "ü", "raw_bytes": raw[1], "pair": [1, 2]},
            ]
        }

    def test_base64_goes_in_as_bytes(self, server):
        document = {"signature_name": "named", "instances": [named(text={"b64": "AAE="})]}
        assert server.post(ONE, document).json()["predictions"][0]["raw_bytes"] == {"b64": "AAE="}

    def test_versions_in_the_path(self, server):
        assert server.post("/v1/models/tiny/versions/2:predict", {"instances": [0]}).json() == {"predictions": [2.0]}
        answer = server.post("/v1/models/tiny/versions/1:predict", {"instances": [0]})
        assert (answer.status_code, error(answer)) == (404, "Servable not found for request: Specific(tiny, 1)")

    def test_names_are_percent_decoded(self, server):
        assert server.post("/v1/models/t%69ny:predict", {"instances": [0]}).status_code == 200

    def test_a_compressed_body(self, server):
        body = gzip.compress(json.dumps({"instances": [1]}).encode())
        answer = server.post(ONE, body, headers={"content-encoding": "gzip"})
        assert answer.json() == {"predictions": [2.5]}
        answer = server.post(ONE, body[:-9], headers={"content-encoding": "gzip"})
        assert answer.status_code == 400

    def test_not_a_number_goes_both_ways(self, server):
        answer = server.post(ONE, b'{"instances": [NaN, Infinity, -Infinity]}')
        assert b"NaN" in answer.content
        assert b"-Infinity" in answer.content
        found = json.loads(answer.content)["predictions"]
        assert math.isnan(found[0])
        assert found[1:] == [math.inf, -math.inf]

    @pytest.mark.parametrize(
        ("document", "said"),
        [
            (b"", "JSON Parse error: The document is empty"),
            (b"{", "JSON Parse error:"),
            (b'{"instances": [1] "x"}', "JSON Parse error:"),
            ({"x": 1}, "Missing 'inputs' or 'instances' key"),
            (
                {"instances": [1], "inputs": [1]},
                "Not formatted correctly expecting only one of 'inputs' or 'instances'",
            ),
            ({"instances": {"x": 1}}, "Expecting 'instances' to be an list/array"),
            ({"instances": []}, "No values in 'instances' array"),
            ({"instances": [1], "signature_name": 3}, "'signature_name' key must be a string value"),
            ({"instances": [1], "signature_name": "s"}, 'Serving signature name: "s" not found in signature def'),
            ({"instances": ["text"]}, "is not of expected type: float"),
            ({"instances": [[1], [2, 3]]}, "Expecting tensor size: 1 but got: 2"),
            ({"instances": [{"number": 1.0}], "signature_name": "named"}, "keys must be equal to: number,pair,text"),
            (
                {"instances": [1], "signature_name": "named"},
                "expecting list of objects as multiple input tensors required",
            ),
            ({"inputs": {"number": [1.0]}, "signature_name": "named"}, "Missing named input"),
            ({"instances": [named(pair=[1.5, 2])], "signature_name": "named"}, "is not of expected type: int64"),
            ({"instances": [named(pair=[1.0, 2])], "signature_name": "named"}, "is not of expected type: int64"),
            ({"instances": [named(text={"b64": "*"})], "signature_name": "named"}, "Unable to base64 decode"),
            ({"instances": [-1], "signature_name": "picky"}, "below zero"),
        ],
    )
    def test_what_is_wrong_is_a_400_that_says_so(self, server, document, said):
        answer = server.post(ONE, document)
        assert answer.status_code == 400
        assert said in error(answer)

    def test_the_body_is_read_before_the_model_is_looked_up(self, server):
        assert server.post("/v1/models/x:predict", b"").status_code == 400
        answer = server.post("/v1/models/x:predict", {"instances": [1]})
        assert (answer.status_code, error(answer)) == (404, "Servable not found for request: Latest(x)")
        answer = server.post("/v1/models/tiny/labels/beta:predict", {"instances": [1]})
        assert (answer.status_code, error(answer)) == (400, "Unrecognized servable version label: beta")

    def test_a_request_that_is_too_large(self, tiny):
        with live(model_name="tiny", model_base_path=tiny, max_request_bytes=2000, max_request_rows=10) as server:
            for body, headers in (
                (b'{"instances": [' + b"1," * 1000 + b"1]}", {}),
                (gzip.compress(b" " * 9999), {"content-encoding": "gzip"}),
            ):
                answer = server.post(ONE, body, headers=headers)
                assert answer.status_code == 400
                assert "larger than 2000 bytes" in error(answer)
            answer = server.post(ONE, {"instances": [1] * 11})
            assert "11 rows" in error(answer)

    def test_a_full_queue_is_429_and_a_late_answer_504(self, tiny):
        slow = BatchLimits(max_batch_size=2, batch_timeout_micros=10_000_000, max_enqueued_batches=1)
        with live(model_name="tiny", model_base_path=tiny, batching=slow, rest_timeout=0.2) as server:
            answer = server.post(ONE, {"instances": [1]})
            assert answer.status_code == 504
            error(answer)

    def test_who_answered_stands_in_the_headers(self, server):
        headers = server.post(ONE, {"instances": [1]}, headers={"x-request-id": "abc"}).headers
        assert (headers["x-request-id"], headers["x-model-version"], headers["x-model-arm"]) == ("abc", "2", "stable")


class TestExamples:
    def test_classes(self, server):
        document = {"signature_name": "classify", "examples": [{"x": 0.25}, {"x": 1.0}]}
        answer = server.post("/v1/models/tiny:classify", document)
        assert answer.json() == {"results": [[["no", 0.75], ["yes", 0.25]], [["no", 0.0], ["yes", 1.0]]]}

    def test_values_with_a_context(self, server):
        document = {"signature_name": "regress", "context": {"x": 4.0}, "examples": [{"x": 0.5}, {}]}
        assert server.post("/v1/models/tiny:regress", document).json() == {"results": [2.5, 6.0]}

    def test_a_signature_that_does_not_fit(self, server):
        answer = server.post("/v1/models/tiny:regress", {"examples": [{"x": 1.0}]})
        assert answer.status_code == 400
        assert "No regression inputs found" in error(answer)


class TestOtherPaths:
    def test_status(self, server):
        one = {"version": "2", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
        for path in ("", "/versions/2", "/labels/whatever"):
            assert server.http.get(f"/v1/models/tiny{path}").json() == {"model_version_status": [one]}
        answer = server.http.get("/v1/models/tiny/versions/9")
        assert (answer.status_code, error(answer)) == (404, "Could not find version 9 of model tiny")
        answer = server.http.get("/v1/models/x")
        assert (answer.status_code, error(answer)) == (404, "Could not find any versions of model x")

    def test_metadata(self, server):
        document = server.http.get("/v1/models/tiny/metadata").json()
        assert document["model_spec"] == {"name": "tiny", "signature_name": "", "version": "2"}
        signature = document["metadata"]["signature_def"]["signature_def"]["serving_default"]
        assert signature["inputs"]["x"]["dtype"] == "DT_FLOAT"
        assert signature["inputs"]["x"]["tensor_shape"] == {"dim": [{"size": "-1", "name": ""}], "unknown_rank": False}
        assert signature["method_name"] == "tensorflow/serving/predict"

    @pytest.mark.parametrize(
        ("method", "path", "status", "said"),
        [
            ("POST", "/v1/models/tiny:PREDICT", 400, ""),
            ("POST", "/v1/models/tiny", 400, "Malformed request: POST /v1/models/tiny"),
            ("DELETE", "/v1/models/tiny", 400, "Malformed request: DELETE /v1/models/tiny"),
            ("GET", "/v1/models/tiny:predict", 400, "Malformed request: GET /v1/models/tiny:predict"),
            ("GET", "/v1/models", 400, "Missing model name in request."),
            (
                "GET",
                "/v1/models/tiny/versions/99999999999999999999",
                400,
                "Failed to convert version: 99999999999999999999 to numeric.",
            ),
        ],
    )
    def test_malformed(self, server, method, path, status, said):
        answer = server.http.request(method, path, content=b"{}")
        assert answer.status_code == status
        assert said in error(answer)

    def test_outside_the_api(self, server):
        for path in ("/v1beta", "/nothing", "/v1"):
            assert server.http.get(path).status_code in (404, 400)

    def test_options(self, server):
        assert server.http.options(ONE, headers={"origin": "https://a.example"}).status_code == 200
        assert server.http.options(ONE).status_code == 400
        assert (
            "access-control-allow-origin"
            not in server.post(ONE, {"instances": [1]}, headers={"origin": "https://a"}).headers
        )

    def test_health_and_metrics(self, server):
        assert server.http.get("/healthz").status_code == 200
        assert server.http.get("/readyz").text == "ready\n"
        server.post(ONE, {"instances": [1]})
        text = server.http.get("/monitoring/prometheus/metrics").text
        assert ':tensorflow:serving:request_count{model_name="tiny",status="OK"}' in text
        assert (
            ':tensorflow:serving:request_latency_bucket{API="Predict",entrypoint="REST",le="10.0",model_name="tiny"}'
            in text
        )
        assert 'sluicegate_request_latency_microseconds_count{arm="stable",model_name="tiny",version="2"}' in text
        assert 'sluicegate_version_state{model_name="tiny",version="2"} 30.0' in text

    def test_names_that_nobody_serves_are_counted_as_one(self, server):
        for name in ("a", "b", "%ff", "%00"):
            assert server.post(f"/v1/models/{name}:predict", {"instances": [1]}).status_code in (400, 404)
        text = server.http.get("/monitoring/prometheus/metrics").text
        assert 'request_count{model_name="(unknown)",status="NOT_FOUND"}' in text
        assert 'model_name="a"' not in text

    def test_state(self, server):
        [model] = server.http.get("/state.json").json()["models"]
        assert model["versions"][0]["signatures"]["serving_default"]["inputs"] == {
            "x": {"dtype": "DT_FLOAT", "shape": [-1]}
        }
