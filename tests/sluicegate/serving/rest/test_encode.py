"""Answers: the response half of json_tensor_test.cc, and the text itself, which differs by no byte from the source's."""

import base64
import json
import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from sluicegate.serving.rest.decimals import decimals
from sluicegate.serving.rest.json_tensors import decode, encode, error, parse
from sluicegate.serving.signature import TensorSpec
from sluicegate.serving.status import Code, ServingError


def texts(*values: bytes) -> np.ndarray:
    array = np.empty(len(values), object)
    array[:] = values
    return array


INTS = np.array([[[1, 2], [3, 4], [5, 6]], [[7, 8], [9, 0], [1, 2]]], np.int32)
SEVERAL = {
    "double_scalars": np.array([8.0, 9.0]),
    "floats": np.array([[1.0], [2.0]], np.float32),
    "ints": INTS,
    "texts": texts(b"foo", b"bar", b"baz", b"bat").reshape(2, 2),
    "texts_bytes": texts(b"hello", b"world", b"tf", b"serving").reshape(2, 2),
}
HELLO, WORLD, TF, SERVING = ({"b64": text} for text in ("aGVsbG8=", "d29ybGQ=", "dGY=", "c2VydmluZw=="))


@pytest.mark.parametrize(
    ("outputs", "rows", "columns"),
    [
        ({"y": INTS}, INTS.tolist(), INTS.tolist()),
        ({"y": np.arange(1, 6, dtype=np.int32)}, [1, 2, 3, 4, 5], [1, 2, 3, 4, 5]),
        (
            {"y_bytes": SEVERAL["texts_bytes"]},
            [[HELLO, WORLD], [TF, SERVING]],
            [[HELLO, WORLD], [TF, SERVING]],
        ),
        (
            SEVERAL,
            [
                {
                    "double_scalars": 8.0,
                    "floats": [1.0],
                    "ints": INTS[0].tolist(),
                    "texts": ["foo", "bar"],
                    "texts_bytes": [HELLO, WORLD],
                },
                {
                    "double_scalars": 9.0,
                    "floats": [2.0],
                    "ints": INTS[1].tolist(),
                    "texts": ["baz", "bat"],
                    "texts_bytes": [TF, SERVING],
                },
            ],
            {
                "double_scalars": [8.0, 9.0],
                "floats": [[1.0], [2.0]],
                "ints": INTS.tolist(),
                "texts": [["foo", "bar"], ["baz", "bat"]],
                "texts_bytes": [[HELLO, WORLD], [TF, SERVING]],
            },
        ),
        ({"y": np.zeros((0, 2), np.int32)}, [], []),
        ({"y": np.zeros((2, 0, 3), np.float32)}, [[], []], [[], []]),
        ({"y": texts().reshape(0, 1, 2), "z": np.zeros((0, 3, 4), np.float32)}, [], {"y": [], "z": []}),
        ({"y": np.array([True, False])}, [True, False], [True, False]),
        ({"100%s": np.array([1]), "é": np.array([2])}, [{"100%s": 1, "é": 2}], {"100%s": [1], "é": [2]}),
        (
            {"y": texts(b'"\\/\b\f\n\r\t\x01\x7f', "é".encode())},
            ['"\\/\b\f\n\r\t\x01\x7f', "é"],
            ['"\\/\b\f\n\r\t\x01\x7f', "é"],
        ),
    ],
)
def test_outputs_by_row_and_by_column(outputs, rows, columns):
    assert json.loads(encode(outputs, row_format=True)) == {"predictions": rows}
    assert json.loads(encode(outputs, row_format=False)) == {"outputs": columns}


@pytest.mark.parametrize(
    ("outputs", "by_row", "by_column"),
    [
        (
            {"y": np.array([[2.5, 3.0], [3.5, 4.0]], np.float32)},
            '{\n    "predictions": [[2.5, 3.0], [3.5, 4.0]\n    ]\n}',
            '{\n    "outputs": [\n        [\n            2.5,\n            3.0\n        ],\n        [\n'
            "            3.5,\n            4.0\n        ]\n    ]\n}",
        ),
        (
            {"y": np.array([1, 2])},
            '{\n    "predictions": [1, 2\n    ]\n}',
            '{\n    "outputs": [\n        1,\n        2\n    ]\n}',
        ),
        (
            {"y": np.array([1]), "z": np.array([[2, 3]])},
            '{\n    "predictions": [\n        {\n            "y": 1,\n            "z": [2, 3]\n        }\n    ]\n}',
            '{\n    "outputs": {\n        "y": [\n            1\n        ],\n        "z": [\n            [\n'
            "                2,\n                3\n            ]\n        ]\n    }\n}",
        ),
        (
            {"y_bytes": texts(b"hi")},
            '{\n    "predictions": [{\n            "b64": "aGk="\n        }\n    ]\n}',
            '{\n    "outputs": [\n        {\n            "b64": "aGk="\n        }\n    ]\n}',
        ),
        (
            {"y": np.array([1]), "z_bytes": texts(b"hi")},
            '{\n    "predictions": [\n        {\n            "y": 1,\n            "z_bytes": {\n'
            '                "b64": "aGk="\n            }\n        }\n    ]\n}',
            '{\n    "outputs": {\n        "y": [\n            1\n        ],\n        "z_bytes": [\n            {\n'
            '                "b64": "aGk="\n            }\n        ]\n    }\n}',
        ),
        (
            {"y": np.zeros((0, 1), np.float32)},
            '{\n    "predictions": []\n}',
            '{\n    "outputs": []\n}',
        ),
    ],
)
def test_lines_break_where_the_real_server_breaks_them(outputs, by_row, by_column):
    assert encode(outputs, row_format=True).decode() == by_row
    assert encode(outputs, row_format=False).decode() == by_column


def test_scalars_only_stand_in_columns():
    assert encode({"y": np.array(2.5)}, row_format=False) == b'{\n    "outputs": 2.5\n}'
    assert json.loads(encode({"y": np.array(1), "z": np.array(2)}, row_format=False)) == {"outputs": {"y": 1, "z": 2}}


@pytest.mark.parametrize(
    ("value", "float32", "float64"),
    [
        (9000000, "9e+06", "9e+06"),
        (999999, "999999.0", "999999.0"),
        (0.5, "0.5", "0.5"),
        (0.0003, "0.0003", "0.0003"),
        (0.00003, "3e-05", "3e-05"),
        (555557.5, "555557.5", "555557.5"),
        (3, "3.0", "3.0"),
        (0, "0.0", "0.0"),
        (-0.0, "-0.0", "-0.0"),
        (0.1, "0.1", "0.1"),
        (1 / 3, "0.333333343", "0.33333333333333331"),
        (16777217, "16777216.0", "16777217.0"),
        (123456789, "123456792.0", "123456789.0"),
        (1e10, "1e+10", "1e+10"),
        (1.00000001e30, "1e+30", "1.0000000099999999e+30"),
        (3.4028234663852886e38, "3.40282347e+38", "3.4028234663852886e+38"),
        (1e-45, "1.4013e-45", "1e-45"),
        (math.nan, "NaN", "NaN"),
        (-math.nan, "NaN", "NaN"),
        (math.inf, "Infinity", "Infinity"),
        (-math.inf, "-Infinity", "-Infinity"),
    ],
)
def test_a_float_has_six_digits_or_all_of_them(value, float32, float64):
    for dtype, text in ((np.float32, float32), (np.float64, float64)):
        output = {"y": np.array([value], dtype)}
        assert encode(output, row_format=True).decode() == f'{{\n    "predictions": [{text}\n    ]\n}}'


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint32, np.uint64])
def test_integers_of_every_size(dtype):
    limits = [int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)]
    assert json.loads(encode({"y": np.array(limits, dtype)}, row_format=True)) == {"predictions": limits}


def test_strings_that_are_not_utf_8_go_out_as_they_are():
    assert encode({"y": texts(b'\xff"\xe9')}, row_format=True) == b'{\n    "predictions": ["\xff\\"\xe9"\n    ]\n}'


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        ({}, "Cannot convert empty tensor map to JSON"),
        ({"y": np.zeros(2, np.complex64)}, "Failed to write JSON value for tensor type: complex64"),
        ({"y": np.array(1)}, "Tensor name: y has no shape information "),
        (
            {"a": np.zeros((2, 3), np.int32), "b": np.zeros((1, 3), np.int32)},
            "Tensor name: b has inconsistent batch size: 1 expecting: 2",
        ),
        (
            {"a": np.zeros((0, 2), np.int32), "b": texts(b"foo", b"bar").reshape(1, 2)},
            "Tensor name: b has inconsistent batch size: 1 expecting: 0",
        ),
    ],
)
def test_outputs_that_are_no_json(outputs, message):
    with pytest.raises(ServingError) as refused:
        encode(outputs, row_format=True)
    assert (refused.value.code, refused.value.message) == (Code.INVALID_ARGUMENT, message)


def test_columns_need_no_equal_rows():
    outputs = {"a": np.zeros(2, np.int32), "b": np.zeros(1, np.int32)}
    assert json.loads(encode(outputs, row_format=False)) == {"outputs": {"a": [0, 0], "b": [0]}}


def test_an_error_is_one_message():
    assert error('JSON Value: "a"\n') == b'{\n    "error": "JSON Value: \\"a\\"\\n"\n}'
    assert error("\udcff") == b'{\n    "error": "\xff"\n}'


@given(st.lists(st.floats(width=32)))
def test_every_float32_survives(values):
    for value, text in zip(values, decimals(values, 4), strict=True):
        back = struct.unpack("f", struct.pack("f", json.loads(text)))[0]
        assert back == value or (math.isnan(back) and math.isnan(value))
        assert "." in text or "e" in text or not math.isfinite(value)


@given(st.lists(st.floats(allow_nan=False)))
def test_every_float64_survives_and_has_no_digit_too_many(values):
    for value, text in zip(values, decimals(values, 8), strict=True):
        assert json.loads(text) == value
        six = f"{value:g}"
        assert not math.isfinite(value) or float(six) != value or text in (six, six + ".0")


NUMBERS = {
    "DT_FLOAT": arrays.from_dtype(np.dtype(np.float32)),
    "DT_DOUBLE": arrays.from_dtype(np.dtype(np.float64)),
    "DT_INT32": arrays.from_dtype(np.dtype(np.int32)),
    "DT_UINT64": arrays.from_dtype(np.dtype(np.uint64)),
    "DT_BOOL": st.booleans(),
    "DT_STRING": st.binary(),
}
KINDS = {
    "DT_FLOAT": np.float32,
    "DT_DOUBLE": np.float64,
    "DT_INT32": np.int32,
    "DT_UINT64": np.uint64,
    "DT_BOOL": np.bool_,
}


@st.composite
def outputs_by_name(draw):
    """Arrays of the same number of rows, with their types; names of strings end as those of bytes do."""
    n_rows = draw(st.integers(1, 3))
    outputs, inputs = {}, {}
    for name in draw(st.sets(st.text(max_size=3), min_size=1, max_size=3)):
        dtype = draw(st.sampled_from(sorted(NUMBERS)))
        shape = (n_rows, *draw(st.lists(st.integers(0, 2), max_size=2)))
        size = math.prod(shape)
        values = draw(st.lists(NUMBERS[dtype], min_size=size, max_size=size))
        key = name + ("_bytes" if dtype == "DT_STRING" else "")
        outputs[key] = (texts(*values) if dtype == "DT_STRING" else np.array(values, KINDS[dtype])).reshape(shape)
        inputs[key] = TensorSpec(name, dtype, None)
    return outputs, inputs


@given(outputs_by_name(), st.booleans())
def test_what_is_encoded_is_decoded_again(case, row_format):
    outputs, inputs = case
    answer = parse(encode(outputs, row_format))
    request = {"instances": answer["predictions"]} if row_format else {"inputs": answer["outputs"]}
    for name, array in decode(request, inputs).inputs.items():
        assert array.dtype == outputs[name].dtype
        if array.size:  # JSON has no dimensions inside of an empty list
            np.testing.assert_array_equal(array, outputs[name])


def test_base64_of_any_length_is_read_back():
    for size in range(10):
        data = bytes(range(250, 250 + min(size, 6))) + b"x" * max(0, size - 6)
        answer = json.loads(encode({"y_bytes": texts(data)}, row_format=True))
        assert base64.b64decode(answer["predictions"][0]["b64"]) == data
