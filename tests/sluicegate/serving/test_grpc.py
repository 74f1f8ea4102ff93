"""The gRPC contract of TensorFlow Serving, against real servers with the published stubs."""

import time

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    model_management_pb2,
    predict_pb2,
    regression_pb2,
)

from sluicegate.serving.engine.limits import BatchLimits
from tests.sluicegate.serving.live import live

PREDICT = predict_pb2.PredictRequest


def request(values=(1.0, 2.0), model="tiny", signature="", **more):
    asked = PREDICT()
    asked.model_spec.name, asked.model_spec.signature_name = model, signature
    if "version" in more:
        asked.model_spec.version.value = more["version"]
    if "label" in more:
        asked.model_spec.version_label = more["label"]
    asked.inputs["x"].CopyFrom(tf.make_tensor_proto(np.array(values, np.float32)))
    return asked


def examples(request_type, *values, model="tiny", signature="", context=None):
    asked = request_type()
    asked.model_spec.name, asked.model_spec.signature_name = model, signature
    target = asked.input.example_list if context is None else asked.input.example_list_with_context
    if context is not None:
        target.context.features.feature["x"].float_list.value.append(context)
    for value in values:
        one = target.examples.add()
        if value is not None:
            one.features.feature["x"].float_list.value.append(value)
    return asked


def refused(call, asked, **more):
    with pytest.raises(grpc.RpcError) as error:
        call(asked, **more)
    return error.value.code().name, error.value.details()


class TestPredict:
    def test_values_come_in_their_typed_field(self, server):
        answer = server.predict.Predict(request())
        assert list(answer.outputs["y"].float_val) == [2.5, 3.0]
        assert answer.outputs["y"].tensor_content == b""
        spec = answer.model_spec
        assert (spec.name, spec.version.value, spec.signature_name) == ("tiny", 2, "serving_default")

    def test_every_type_and_shape(self, server):
        asked = PREDICT()
        asked.model_spec.name, asked.model_spec.signature_name = "tiny", "named"
        asked.inputs["number"].CopyFrom(tf.make_tensor_proto([1.5], tf.float32))
        asked.inputs["text"].CopyFrom(tf.make_tensor_proto([b"\xff\x00"]))
        asked.inputs["pair"].CopyFrom(tf.make_tensor_proto([[3, -4]], tf.int64))
        answer = server.predict.Predict(asked)
        assert list(answer.outputs["total"].float_val) == [2.5]
        assert list(answer.outputs["echo"].string_val) == [b"\xff\x00"]
        assert tf.make_ndarray(answer.outputs["pair"]).tolist() == [[3, -4]]

    def test_only_the_outputs_asked_for(self, server):
        asked = PREDICT(output_filter=["total"])
        asked.model_spec.name, asked.model_spec.signature_name = "tiny", "named"
        for name, value in {"number": [1.0], "text": [b"a"]}.items():
            asked.inputs[name].CopyFrom(tf.make_tensor_proto(value))
        asked.inputs["pair"].CopyFrom(tf.make_tensor_proto([[0, 0]], tf.int64))
        assert set(server.predict.Predict(asked).outputs) == {"total"}
        asked.output_filter.append("total")
        assert refused(server.predict.Predict, asked) == (
            "INVALID_ARGUMENT",
            "duplicate output tensor alias: total",
        )
        asked.output_filter[:] = ["nope"]
        code, said = refused(server.predict.Predict, asked)
        assert code == "INVALID_ARGUMENT"
        assert said.startswith("output tensor alias not found in signature: nope Outputs expected to be in the set {")

    @pytest.mark.parametrize(
        ("asked", "code", "said"),
        [
            (request(model=""), "INVALID_ARGUMENT", "ModelSpec has no name specified."),
            (request(model="x"), "NOT_FOUND", "Servable not found for request: Latest(x)"),
            (request(version=9), "NOT_FOUND", "Servable not found for request: Specific(tiny, 9)"),
            (request(label="beta"), "INVALID_ARGUMENT", "Unrecognized servable version label: beta"),
            (request(signature="s"), "FAILED_PRECONDITION", 'Serving signature key "s" not found.'),
            (
                PREDICT(model_spec={"name": "tiny"}),
                "INVALID_ARGUMENT",
                "input size does not match signature: 0!=1 len({}) != len({x}). Sent extra: {}. "
                "Missing but required: {x}.",
            ),
            (
                request(signature="named"),
                "INVALID_ARGUMENT",
                "input size does not match signature: 1!=3 len({x}) != len({number,pair,text}). Sent extra: {x}. "
                "Missing but required: {number,pair,text}.",
            ),
        ],
    )
    def test_what_is_wrong_is_said_as_tensorflow_serving_says_it(self, server, asked, code, said):
        assert refused(server.predict.Predict, asked) == (code, said)

    def test_another_name_in_place_of_an_input(self, server):
        asked = request()
        asked.inputs["z"].CopyFrom(asked.inputs.pop("x"))
        code, said = refused(server.predict.Predict, asked)
        assert (code, said[:44]) == ("INVALID_ARGUMENT", "input tensor alias not found in signature: z")

    @pytest.mark.parametrize(
        "proto",
        [
            tf.make_tensor_proto([b"text"]),
            tf.make_tensor_proto([1], tf.int32),
            tf.make_tensor_proto([1.0], tf.float64),
        ],
    )
    def test_tensors_of_another_type(self, server, proto):
        asked = request()
        asked.inputs["x"].CopyFrom(proto)
        code, _ = refused(server.predict.Predict, asked)
        assert code == "INVALID_ARGUMENT"

    def test_another_shape_is_left_to_the_graph_as_the_real_server_does(self, server):
        asked = request()
        asked.inputs["x"].CopyFrom(tf.make_tensor_proto([[1.0, 2.0]]))
        assert tf.make_ndarray(server.predict.Predict(asked).outputs["y"]).tolist() == [[2.5, 3.0]]

    def test_tensors_that_are_none(self, server):
        for change in (
            lambda p: p.tensor_shape.dim.add(size=-5),
            lambda p: p.tensor_shape.dim.add(size=2**60),
            lambda p: setattr(p, "tensor_content", b"abc"),
            lambda p: (p.ClearField("tensor_content"), p.float_val.extend([1.0] * 9)),
        ):
            asked = request()
            change(asked.inputs["x"])
            code, said = refused(server.predict.Predict, asked)
            assert code == "INVALID_ARGUMENT"
            assert "tensor parsing error" in said

    def test_an_integer_that_its_type_cannot_hold(self, server):
        asked = request()
        asked.inputs["x"].Clear()
        asked.inputs["x"].dtype = tf.uint8.as_datatype_enum
        asked.inputs["x"].tensor_shape.dim.add(size=1)
        asked.inputs["x"].int_val.append(-1)
        code, said = refused(server.predict.Predict, asked)
        assert (code, said[:20]) == ("INVALID_ARGUMENT", "tensor parsing error")

    def test_a_value_that_stands_for_all(self, server):
        asked = request([3.0])
        asked.inputs["x"].tensor_shape.dim[0].size = 4
        del asked.inputs["x"].float_val[:]
        asked.inputs["x"].tensor_content = b""
        asked.inputs["x"].float_val.append(3.0)
        assert list(server.predict.Predict(asked).outputs["y"].float_val) == [3.5] * 4

    def test_no_row_is_an_answer_without_rows(self, server):
        answer = server.predict.Predict(request([]))
        assert list(answer.outputs["y"].float_val) == []
        assert [d.size for d in answer.outputs["y"].tensor_shape.dim] == [0]

    def test_a_model_that_refuses_a_value(self, server):
        code, said = refused(server.predict.Predict, request([-1.0], signature="picky"))
        assert code == "INVALID_ARGUMENT"
        assert "below zero" in said

    def test_a_deadline_is_kept(self, tiny):
        waits = BatchLimits(batch_timeout_micros=500_000)
        with live(model_name="tiny", model_base_path=tiny, batching=waits) as server:
            began = time.monotonic()
            code, _ = refused(server.predict.Predict, request(), timeout=0.05)
            assert code == "DEADLINE_EXCEEDED"
            assert time.monotonic() - began < 0.4

    def test_who_answered_stands_in_the_trailing_metadata(self, server):
        _, call = server.predict.Predict.with_call(request(), metadata=(("x-request-id", "abc"),))
        told = dict(call.trailing_metadata())
        assert (told["x-request-id"], told["x-model-version"], told["x-model-arm"]) == ("abc", "2", "stable")


class TestClassifyAndRegress:
    def test_classes(self, server):
        answer = server.predict.Classify(
            examples(classification_pb2.ClassificationRequest, 0.25, 1.0, signature="classify")
        )
        rows = [[(c.label, c.score) for c in row.classes] for row in answer.result.classifications]
        assert rows == [[("no", 0.75), ("yes", 0.25)], [("no", 0.0), ("yes", 1.0)]]
        assert (answer.model_spec.version.value, answer.model_spec.signature_name) == (2, "classify")

    def test_values(self, server):
        answer = server.predict.Regress(examples(regression_pb2.RegressionRequest, 0.5, signature="regress"))
        assert [r.value for r in answer.result.regressions] == [2.5]

    def test_a_context_counts_where_the_example_is_silent(self, server):
        asked = examples(regression_pb2.RegressionRequest, 0.5, None, signature="regress", context=4.0)
        assert [r.value for r in server.predict.Regress(asked).result.regressions] == [2.5, 6.0]

    @pytest.mark.parametrize(
        ("call", "kind", "signature", "said"),
        [
            ("Classify", classification_pb2.ClassificationRequest, "s", "No signature was found with the name: s"),
            ("Regress", regression_pb2.RegressionRequest, "s", "No signature was found with the name: s"),
            ("Regress", regression_pb2.RegressionRequest, "classify", "Expected one output Tensor."),
            ("Regress", regression_pb2.RegressionRequest, "", "No regression inputs found in SignatureDef:"),
            ("Classify", classification_pb2.ClassificationRequest, "", "No classification inputs found in SignatureDef:"),
            ("Classify", classification_pb2.ClassificationRequest, "named", "Expected one input Tensor."),
            ("Classify", classification_pb2.ClassificationRequest, "regress", "Expected classification signature outputs to"),
        ],
    )  # fmt: skip
    def test_signatures_that_do_not_fit(self, server, call, kind, signature, said):
        code, heard = refused(getattr(server.predict, call), examples(kind, 1.0, signature=signature))
        assert code == "INVALID_ARGUMENT"
        assert heard.startswith(said)

    def test_no_example(self, server):
        asked = examples(regression_pb2.RegressionRequest, signature="regress")
        assert refused(server.predict.Regress, asked) == ("INVALID_ARGUMENT", "Input is empty.")

    def test_several_at_once(self, server):
        asked = inference_pb2.MultiInferenceRequest()
        for signature in ("classify", "regress"):
            asked.tasks.add(
                model_spec={"name": "tiny", "signature_name": signature}, method_name=f"tensorflow/serving/{signature}"
            )
        asked.input.example_list.examples.add().features.feature["x"].float_list.value.append(0.5)
        answer = server.predict.MultiInference(asked)
        assert [r.WhichOneof("result") for r in answer.results] == ["classification_result", "regression_result"]
        assert answer.results[1].regression_result.regressions[0].value == 2.5
        asked.tasks[1].model_spec.signature_name = "classify"
        assert refused(server.predict.MultiInference, asked)[1] == "Duplicate evaluation of signature: classify"
        asked.tasks[1].model_spec.name = "other"
        assert "must access the same model name" in refused(server.predict.MultiInference, asked)[1]
        asked.tasks[1].CopyFrom(asked.tasks[0])
        asked.tasks[1].model_spec.signature_name = "regress"
        asked.tasks[1].method_name = "tensorflow/serving/predict"
        assert refused(server.predict.MultiInference, asked) == (
            "UNIMPLEMENTED",
            "Unsupported signature method_name: tensorflow/serving/predict",
        )


class TestMetadataAndStatus:
    def test_signatures(self, server):
        asked = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
        asked.model_spec.name = "tiny"
        answer = server.predict.GetModelMetadata(asked)
        found = get_model_metadata_pb2.SignatureDefMap()
        assert answer.metadata["signature_def"].Unpack(found)
        assert found.signature_def["serving_default"].inputs["x"].dtype == tf.float32.as_datatype_enum
        assert (answer.model_spec.name, answer.model_spec.version.value) == ("tiny", 2)

    def test_metadata_that_cannot_be_had(self, server):
        asked = get_model_metadata_pb2.GetModelMetadataRequest()
        call = server.predict.GetModelMetadata
        assert refused(call, asked) == ("INVALID_ARGUMENT", "Missing ModelSpec")
        asked.model_spec.name = "tiny"
        assert refused(call, asked)[1] == "GetModelMetadataRequest must specify at least one metadata_field"
        asked.metadata_field.append("weather")
        assert refused(call, asked)[1] == "Metadata field weather is not supported"

    def test_status(self, server):
        asked = get_model_status_pb2.GetModelStatusRequest()
        call = server.models.GetModelStatus
        assert refused(call, asked) == ("INVALID_ARGUMENT", "Missing ModelSpec")
        asked.model_spec.name = "tiny"
        [status] = call(asked).model_version_status
        assert (status.version, status.state, status.status.error_code) == (2, 30, 0)
        asked.model_spec.version.value = 7
        assert refused(call, asked) == ("NOT_FOUND", "Could not find version 7 of model tiny")
        asked.model_spec.name = "x"
        asked.model_spec.ClearField("version_choice")
        assert refused(call, asked) == ("NOT_FOUND", "Could not find any versions of model x")

    def test_health(self, server):
        from grpc_health.v1 import health_pb2, health_pb2_grpc

        stub = health_pb2_grpc.HealthStub(server.channel)
        for name in ("", "PredictionService", "tensorflow.serving.ModelService"):
            assert stub.Check(health_pb2.HealthCheckRequest(service=name)).status == 1


class TestReload:
    def reload(self, server, *configs, **more):
        asked = model_management_pb2.ReloadConfigRequest(metric_names=[":tensorflow:serving:request_count"])
        asked.config.model_config_list.SetInParent()
        for config in configs:
            asked.config.model_config_list.config.add(**config)
        return server.models.HandleReloadConfigRequest(asked, **more)

    def test_models_come_and_go(self, tiny):
        with live(model_name="tiny", model_base_path=tiny) as server:
            both = {"all": {}}
            answer = self.reload(
                server,
                {"name": "a", "base_path": str(tiny), "model_version_policy": both},
                {"name": "b", "base_path": str(tiny)},
            )
            assert answer.status.error_code == 0
            server.wait_for(lambda: server.states("a") == {2: "AVAILABLE", 1: "AVAILABLE"})
            assert refused(server.predict.Predict, request())[0] == "NOT_FOUND"
            assert server.predict.Predict(request(model="a", version=1)).outputs["y"].float_val[0] == 1.5
            labels = {"old": 1}
            entry = {"name": "a", "base_path": str(tiny), "model_version_policy": both, "version_labels": labels}
            answer = self.reload(server, entry)
            assert answer.metric[0].int64_value_increase == 0
            assert server.predict.Predict(request(model="a", label="old")).outputs["y"].float_val[0] == 1.5
            entry["version_labels"] = {"old": 77}
            with pytest.raises(grpc.RpcError) as error:
                self.reload(server, entry)
            assert error.value.code().name == "FAILED_PRECONDITION"
            with pytest.raises(grpc.RpcError) as error:
                self.reload(server, {"name": "a", "base_path": "relative"})
            assert error.value.code().name == "INVALID_ARGUMENT"
            self.reload(server)
            assert refused(server.predict.Predict, request(model="a"))[0] == "NOT_FOUND"

    def test_only_lists(self, server):
        asked = model_management_pb2.ReloadConfigRequest()
        assert refused(server.models.HandleReloadConfigRequest, asked)[1].startswith(
            "ServerModelConfig type not supported"
        )

    def test_it_takes_no_order_from_a_page(self, server, tiny):
        entry = {"name": "tiny", "base_path": str(tiny)}
        for metadata in ((("origin", "http://evil.example"),), (("sec-fetch-site", "cross-site"),)):
            with pytest.raises(grpc.RpcError) as error:
                self.reload(server, entry, metadata=metadata)
            assert error.value.code().name == "PERMISSION_DENIED"

    def test_it_takes_the_operators_token(self, tiny):
        with live(model_name="tiny", model_base_path=tiny, admin_token="secret") as server:
            entry = {"name": "tiny", "base_path": str(tiny)}
            for metadata in ((), (("authorization", "Bearer wrong"),)):
                with pytest.raises(grpc.RpcError) as error:
                    self.reload(server, entry, metadata=metadata)
                assert error.value.code().name == "UNAUTHENTICATED"
            assert self.reload(server, entry, metadata=(("authorization", "Bearer secret"),)).status.error_code == 0
