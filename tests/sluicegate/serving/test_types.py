"""Each type of tensor through both ports, and what is a row: against TensorFlow Serving's tensor.cc and json_tensor.cc."""

import grpc
import numpy as np
import pyarrow.compute as pc
import pytest
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2
from tensorflow_serving.apis import predict_pb2

from sluicegate.serving.request_log import reading
from sluicegate.serving.request_log.settings import RequestLogSettings
from sluicegate.serving.status import ServingError
from sluicegate.serving.tensors import to_array, to_proto
from tests.sluicegate.serving.live import live

#: Type to the field in which its values travel, and what stands there for 1, 0 and 3.
FIELDS = {
    "float16": ("half_val", [0x3C00, 0, 0x4200]),
    "bfloat16": ("half_val", [0x3F80, 0, 0x4040]),
    "float32": ("float_val", [1, 0, 3]),
    "float64": ("double_val", [1, 0, 3]),
    "int8": ("int_val", [1, 0, 3]),
    "int16": ("int_val", [1, 0, 3]),
    "int32": ("int_val", [1, 0, 3]),
    "int64": ("int64_val", [1, 0, 3]),
    "uint8": ("int_val", [1, 0, 3]),
    "uint16": ("int_val", [1, 0, 3]),
    "uint32": ("uint32_val", [1, 0, 3]),
    "uint64": ("uint64_val", [1, 0, 3]),
    "bool": ("bool_val", [True, False, True]),
    "complex64": ("scomplex_val", [1, 0, 0, 0, 3, 0]),
    "complex128": ("dcomplex_val", [1, 0, 0, 0, 3, 0]),
    "qint8": ("int_val", [1, 0, 3]),
    "quint8": ("int_val", [1, 0, 3]),
    "qint16": ("int_val", [1, 0, 3]),
    "quint16": ("int_val", [1, 0, 3]),
    "qint32": ("int_val", [1, 0, 3]),
    "float8_e5m2": ("float8_val", b"\x3c\x00\x42"),
    "float8_e4m3fn": ("float8_val", b"\x38\x00\x44"),
}
#: Types for which JSON has no number here; there are more of them in TensorFlow Serving.
NOT_IN_JSON = {name for name in FIELDS if name.startswith(("complex", "q", "float8"))}


def dtype_of(name):
    return getattr(tf.dtypes, name, None) or getattr(tf.dtypes.experimental, name)


class Shapes(tf.Module):
    """A signal of any length to one number; and an image of 300 lines to one label."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="samples")])
    def loudness(self, samples):
        return {"rms": tf.sqrt(tf.reduce_mean(samples**2))}

    @tf.function(input_signature=[tf.TensorSpec([300, 2], tf.float32, name="image")])
    def label(self, image):
        return {"top": tf.reduce_max(image, axis=1)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
    def rows(self, x):
        return {"y": x, "total": tf.reduce_sum(x)}


@pytest.fixture(scope="module")
def typed(tmp_path_factory):
    base = tmp_path_factory.mktemp("typed") / "typed"
    model = Shapes()
    signatures = {"loudness": model.loudness, "label": model.label, "rows": model.rows}
    for name in FIELDS:
        spec = tf.TensorSpec([None], dtype_of(name), name="x")
        signatures[name] = tf.function(lambda x: {"y": tf.identity(x)}, input_signature=[spec])
    tf.saved_model.save(model, str(base / "1"), signatures=signatures)
    return base


@pytest.fixture(scope="module")
def server(typed):
    with live(model_name="typed", model_base_path=typed, max_request_rows=100) as running:
        yield running


def asked(signature, **inputs):
    request = predict_pb2.PredictRequest(model_spec={"name": "typed", "signature_name": signature})
    for name, proto in inputs.items():
        request.inputs[name].CopyFrom(proto)
    return request


def tensor(name):
    field, values = FIELDS[name]
    proto = tensor_pb2.TensorProto(dtype=dtype_of(name).as_datatype_enum, tensor_shape={"dim": [{"size": 3}]})
    if isinstance(values, bytes):
        setattr(proto, field, values)
    else:
        getattr(proto, field).extend(values)
    return proto


@pytest.mark.parametrize("name", FIELDS)
def test_a_type_comes_back_in_its_own_field(server, name):
    sent = tensor(name)
    assert server.predict.Predict(asked(name, x=sent)).outputs["y"] == sent


@pytest.mark.parametrize("name", sorted(set(FIELDS) - NOT_IN_JSON - {"bool"}))
def test_numbers_of_every_width_in_json(server, name):
    for asked_as, answered_as in (("instances", "predictions"), ("inputs", "outputs")):
        answer = server.post("/v1/models/typed:predict", {"signature_name": name, asked_as: [1, 0, 3]})
        assert (answer.status_code, answer.json()) == (200, {answered_as: [1, 0, 3]})


@pytest.mark.parametrize("name", sorted(NOT_IN_JSON))
def test_what_json_has_no_number_for_is_said(server, name):
    answer = server.post("/v1/models/typed:predict", {"signature_name": name, "inputs": [1]})
    assert answer.status_code == 501
    assert answer.json() == {"error": f"Conversion of JSON Value: 1 to type: {name}"}


def test_narrow_floats_are_rounded_once_and_told_in_six_digits(server):
    def answered(name, *values):
        return server.post("/v1/models/typed:predict", {"signature_name": name, "instances": list(values)}).text

    assert "[0.099976, 65504.0, Infinity, 5.96046e-08" in answered("float16", 0.1, 65504, 1e6, 6e-8).replace(
        "9756", "976"
    )
    assert "[0.100098, 1e+30, 3.39e+38" in answered("bfloat16", 0.1, 10**30, 3.39e38).replace("1.00026e", "1e").replace(
        "3.38953e", "3.39e"
    )
    assert server.post("/v1/models/typed:predict", {"signature_name": "uint16", "inputs": [65536]}).status_code == 400


def test_a_bit_pattern_of_more_than_16_bits_is_refused(server):
    sent = tensor("float16")
    sent.half_val[0] = 1 << 16
    with pytest.raises(grpc.RpcError) as error:
        server.predict.Predict(asked("float16", x=sent))
    assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT


class TestProto:
    def test_the_last_value_stands_for_those_left_out(self):
        proto = tensor("complex64")
        proto.tensor_shape.dim[0].size = 5
        assert to_array(proto).tolist() == [1, 0, 3, 3, 3]
        del proto.scomplex_val[-1]
        with pytest.raises(ServingError):
            to_array(proto)

    def test_strings_as_cpp_clients_write_them_into_tensor_content(self):
        proto = tf.make_tensor_proto([b""])
        long = b"x" * 300
        proto = tensor_pb2.TensorProto(dtype=proto.dtype, tensor_shape={"dim": [{"size": 3}]})
        proto.tensor_content = b"\x01" + b"\x00" + b"\xac\x02" + b"a" + long
        assert to_array(proto).tolist() == [b"a", b"", long]

    @pytest.mark.parametrize("content", [b"\x01\x00", b"\x01\x00\x01a", b"\x01\x00\x01abc", b"\x80" * 4000])
    def test_lengths_that_do_not_fit_are_refused(self, content):
        proto = tensor_pb2.TensorProto(dtype=tf.string.as_datatype_enum, tensor_shape={"dim": [{"size": 3}]})
        proto.tensor_content = content
        with pytest.raises(ServingError):
            to_array(proto)

    @pytest.mark.parametrize("name", sorted(set(FIELDS) - {"bool"}))
    def test_as_content_it_is_what_tensorflow_reads(self, name):
        sent = to_array(tensor(name))
        proto = to_proto(sent, f"DT_{name.upper()}" if name.startswith("q") else "", as_content=True)
        assert proto.tensor_content
        assert not getattr(proto, FIELDS[name][0])
        assert tf.make_ndarray(proto).tolist() == tf.make_ndarray(tensor(name)).tolist() == sent.tolist()

    def test_strings_stay_in_their_field(self):
        proto = to_proto(np.array([b"a", b""], object), "DT_STRING", as_content=True)
        assert list(proto.string_val) == [b"a", b""]


class TestRows:
    def test_a_signal_is_one_request_however_long(self, server):
        answer = server.post("/v1/models/typed:predict", {"signature_name": "loudness", "inputs": [2.0] * 5000})
        assert answer.json() == {"outputs": 2.0}

    def test_the_height_of_an_image_is_no_number_of_rows(self, server):
        answer = server.post("/v1/models/typed:predict", {"signature_name": "label", "inputs": [[1, 2]] * 300})
        assert answer.json() == {"outputs": [2.0] * 300}
        sent = tf.make_tensor_proto(np.ones((300, 2), np.float32))
        assert len(server.predict.Predict(asked("label", image=sent)).outputs["top"].float_val) == 300

    @pytest.mark.parametrize("signature", ["float32", "rows"])
    def test_rows_are_counted_also_where_one_output_has_none(self, server, signature):
        answer = server.post("/v1/models/typed:predict", {"signature_name": signature, "inputs": [1.0] * 101})
        assert answer.status_code == 400
        assert "101 rows; this server takes at most 100" in answer.text


def test_every_type_is_kept_in_the_request_log(typed, tmp_path):
    """Arrow has no bfloat16, no float8 and no complex numbers; a request of theirs was lost."""
    with live(model_name="typed", model_base_path=typed, request_log=RequestLogSettings(tmp_path)) as server:
        for name in FIELDS:
            server.predict.Predict(asked(name, x=tensor(name)))
    table = reading.read(tmp_path, "typed")
    for name in FIELDS:
        lines = table.filter(pc.field("signature") == name)
        for column in ("input_x", "output_y"):
            # One column of all signatures, so of texts.
            values = [complex(value) for value in lines[column].to_pylist()] if name != "bool" else [1, 0, 3]
            assert (name, values) == (name, [1, 0, 3])


@pytest.mark.parametrize("name", ["float16", "bfloat16", "uint16"])
def test_long_bodies_of_narrow_numbers(typed, name):
    """Long bodies and answers go another way than short ones."""
    with live(model_name="typed", model_base_path=typed, max_request_rows=10**6) as server:
        values = [0, 1, 2, 3] * 100_000
        for asked_as, answered_as in (("instances", "predictions"), ("inputs", "outputs")):
            answer = server.post("/v1/models/typed:predict", {"signature_name": name, asked_as: values})
            assert answer.status_code == 200
            assert answer.json() == {answered_as: values}
