"""Predict requests: the request half of json_tensor_test.cc, and what its source says besides."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.serving.rest.json_tensors import decode, parse
from sluicegate.serving.rest.leaves import is_base64
from sluicegate.serving.rest.refusals import of_column, of_rows
from sluicegate.serving.signature import NUMPY_TYPES, TensorSpec
from sluicegate.serving.status import Code, ServingError

MAX = float(np.finfo(np.float64).max)
TINY = float(np.finfo(np.float64).tiny)


def specs(**dtypes: str) -> dict[str, TensorSpec]:
    return {name: TensorSpec(f"{name}:0", f"DT_{dtype}", None) for name, dtype in sorted(dtypes.items())}


def tensors(body: str, **dtypes: str) -> tuple[dict[str, np.ndarray], bool]:
    decoded = decode(parse(body.encode()), specs(**dtypes))
    return decoded.inputs, decoded.row_format


def same(actual: np.ndarray, expected: list, dtype: str) -> None:
    expected = np.array(expected, NUMPY_TYPES[f"DT_{dtype}"])
    assert actual.dtype == expected.dtype
    assert actual.shape == expected.shape
    np.testing.assert_array_equal(actual, expected)


def refusal(body: str, code: Code = Code.INVALID_ARGUMENT, **dtypes: str) -> str:
    with pytest.raises(ServingError) as refused:
        tensors(body, **dtypes)
    assert refused.value.code == code
    return refused.value.message


@pytest.mark.parametrize(
    ("dtype", "values", "expected"),
    [
        ("INT32", "[[1, 2], [3, 4], [5, 6]]", [[1, 2], [3, 4], [5, 6]]),
        ("FLOAT", "[1, 2.0, 3, 4, 5.003, 0.007, 0.0]", [1, 2, 3, 4, 5.003, 0.007, 0]),
        ("DOUBLE", "[1.0, 2, 3, 4, 0.662, 0, 0.0]", [1, 2, 3, 4, 0.662, 0, 0]),
        ("FLOAT", "[1435774380]", [1435774380]),
        ("FLOAT", "[1435774380.0]", [1435774380]),
        ("FLOAT", f"[{MAX}, {-MAX}]", [np.inf, -np.inf]),
        ("FLOAT", f"[{TINY}, {-TINY}]", [0.0, -0.0]),
        ("FLOAT", "[18446744073709551616, 18446744073709551615]", [2.0**64, 2.0**64]),
        ("DOUBLE", "[NaN, Infinity, -Infinity]", [np.nan, np.inf, -np.inf]),
        ("INT64", "[-9223372036854775808, 9223372036854775807]", [-(2**63), 2**63 - 1]),
        ("INT32", "[-2147483648, 2147483647, -0]", [-(2**31), 2**31 - 1, 0]),
        ("UINT32", "[0, 4294967295]", [0, 2**32 - 1]),
        ("UINT64", "[0, 18446744073709551615]", [0, 2**64 - 1]),
        ("INT8", "[127, -128, 200]", [127, -128, 200 - 256]),
        ("INT16", "[32767, 40000]", [32767, 40000 - 65536]),
        ("UINT8", "[255, 256, -1]", [255, 0, 255]),
        ("BOOL", "[true, false]", [True, False]),
        ("STRING", '["a", "é", ""]', [b"a", "é".encode(), b""]),
        ("STRING", '[{"b64": "aGVsbG8="}, {"b64": "d29ybGQ="}]', [b"hello", b"world"]),
        ("STRING", '[[{"b64": "aGVsbG8="}], [{"b64": "d29ybGQ="}]]', [[b"hello"], [b"world"]]),
        ("STRING", '["hello", {"b64": "d29ybGQ="}]', [b"hello", b"world"]),
        ("STRING", '[{"b64": " aGVs\\nbG8 "}, {"b64": ""}, {"b64": "aGVsbA.."}]', [b"hello", b"", b"hell"]),
        ("FLOAT", "[[], []]", [[], []]),
        ("STRING", "[[[]]]", [[[]]]),
    ],
)
def test_a_single_input_takes_values_by_row_and_by_column_with_and_without_its_name(dtype, values, expected):
    by_row, row_format = tensors(f'{{"instances": {values}}}', x=dtype)
    same(by_row["x"], expected, dtype)
    assert row_format
    for body in (f'{{"inputs": {values}}}', f'{{"inputs": {{"x": {values}}}}}'):
        by_column, row_format = tensors(body, x=dtype)
        same(by_column["x"], expected, dtype)
        assert not row_format
    named = ", ".join(json.dumps({"x": value}) for value in json.loads(values))
    same(tensors(f'{{"instances": [{named}]}}', x=dtype)[0]["x"], expected, dtype)


def test_zeros_keep_their_sign():
    assert str(tensors(f'{{"instances": [{-TINY}]}}', x="FLOAT")[0]["x"]) == "[-0.]"


def test_strings_that_are_not_utf_8_come_as_they_are():
    decoded = decode(parse(b'{"instances": ["\xff\xe9"]}'), specs(x="STRING"))
    assert decoded.inputs["x"].tolist() == [b"\xff\xe9"]


def test_rows_name_several_inputs():
    decoded, row_format = tensors(
        """{"signature_name": "s", "instances": [
            {"ints": [[1, 2], [3, 4], [5, 6]], "texts": ["foo", "bar"], "floats": [1.0, NaN], "doubles": [NaN]},
            {"texts": ["baz", "bat"], "ints": [[7, 8], [9, 0], [1, 2]], "floats": [2, Infinity], "doubles": [2.0]}
        ]}""",
        ints="INT32",
        texts="STRING",
        floats="FLOAT",
        doubles="DOUBLE",
    )
    assert row_format
    assert list(decoded) == ["doubles", "floats", "ints", "texts"]
    same(decoded["ints"], [[[1, 2], [3, 4], [5, 6]], [[7, 8], [9, 0], [1, 2]]], "INT32")
    same(decoded["texts"], [[b"foo", b"bar"], [b"baz", b"bat"]], "STRING")
    same(decoded["floats"], [[1.0, np.nan], [2.0, np.inf]], "FLOAT")
    same(decoded["doubles"], [[np.nan], [2.0]], "DOUBLE")


def test_one_row_may_hold_a_tensor_of_base64():
    row = '{"x": [[{"b64": "aGVsbG8="}], [{"b64": "d29ybGQ="}]]}'
    same(tensors(f'{{"instances": [{row}]}}', x="STRING")[0]["x"], [[[b"hello"], [b"world"]]], "STRING")


def test_columns_name_several_inputs_that_need_not_agree():
    decoded, row_format = tensors(
        """{"inputs": {"ints": [[[1, 2], [3, 4], [5, 6]]], "texts": ["foo", "bar"],
                       "bytes": {"b64": "aGVsbG8="}, "more": 1}}""",
        ints="INT32",
        texts="STRING",
        bytes="STRING",
    )
    assert not row_format
    assert set(decoded) == {"ints", "texts", "bytes"}
    same(decoded["ints"], [[[1, 2], [3, 4], [5, 6]]], "INT32")
    same(decoded["texts"], [b"foo", b"bar"], "STRING")
    assert decoded["bytes"].shape == ()
    assert decoded["bytes"].item() == b"hello"


@pytest.mark.parametrize(
    ("value", "dtype", "expected"),
    [("5", "FLOAT", 5.0), ("true", "BOOL", True), ('{"b64": "aGk="}', "STRING", b"hi"), ("7", "INT8", 7)],
)
def test_a_column_may_be_a_scalar(value, dtype, expected):
    for body in (f'{{"inputs": {value}}}', f'{{"inputs": {{"x": {value}}}}}'):
        decoded = tensors(body, x=dtype)[0]["x"]
        assert (decoded.shape, decoded.item(), decoded.dtype) == ((), expected, NUMPY_TYPES[f"DT_{dtype}"])


def test_an_input_may_be_called_b64():
    same(tensors('{"instances": [{"b64": [1.5]}]}', b64="FLOAT")[0]["b64"], [[1.5]], "FLOAT")
    same(tensors('{"instances": [{"b64": "aGk="}]}', b64="STRING")[0]["b64"], [b"hi"], "STRING")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('{"signature_name": "s"}', "Missing 'inputs' or 'instances' key"),
        (
            '{"instances": [1], "inputs": [1]}',
            'JSON Value: {\n    "instances": [1],\n    "inputs": [1]\n} Not formatted correctly expecting only'
            " one of 'inputs' or 'instances' keys to exist ",
        ),
        (
            '{"instances": 5}',
            "JSON Value: {\n    \"instances\": 5\n} Expecting 'instances' to be an list/array",
        ),
        ('{"instances": []}', "JSON Value: {\n    \"instances\": []\n} No values in 'instances' array"),
    ],
)
def test_the_form_of_a_request(body, message):
    assert refusal(body, x="INT32") == message


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        (
            "[[1, 2], [3, 4], [5, 6, 7]]",
            "2 of 'instances' list. Error: INVALID_ARGUMENT: Expecting tensor size: 2 but got: 3",
        ),
        (
            "[[1, 2], [3, 4], [[5, 6]]]",
            "2 of 'instances' list. Error: INVALID_ARGUMENT: Expecting shape [2] but got: [1,2]",
        ),
        ("[1, [1]]", "1 of 'instances' list. Error: INVALID_ARGUMENT: Expecting shape [] but got: [1]"),
        (
            '[[1, 2], ["a", "b"]]',
            "1 of 'instances' list. Error: INVALID_ARGUMENT: JSON Value: \"a\" Type: String is not of expected type: int32",
        ),
        (
            "[[[1, 2], [3]]]",
            "0 of 'instances' list. Error: INVALID_ARGUMENT:"
            " Encountered list at unexpected size: 1 at level: 1 expected size: 2",
        ),
        (
            "[[1, [2]]]",
            "0 of 'instances' list. Error: INVALID_ARGUMENT: Encountered list at unexpected level: 1 expected < 1",
        ),
        (
            "[[[1], 2]]",
            "0 of 'instances' list. Error: INVALID_ARGUMENT: JSON Value: 2 found at incorrect level: 2"
            " in the JSON DOM. Expected at level: 2",
        ),
        (
            f"[{'[' * 70}1{']' * 70}]",
            "0 of 'instances' list. Error: INVALID_ARGUMENT: Encountered list nested deeper than 63 levels",
        ),
        (
            f'[{{"x": {"[" * 64}1{"]" * 64}}}]',
            "0 key: x of 'instances' list. Error: INVALID_ARGUMENT: Encountered list nested deeper than 63 levels",
        ),
        (
            '[{"x": 1}, {"y": 1}]',
            "1 key: y of 'instances' list. Error: INVALID_ARGUMENT: JSON object: does not have named input: y",
        ),
        (
            "[{}]",
            "0 of 'instances' list. JSON object: {} keys must be equal to: x",
        ),
        (
            '[{"x": 1.5}]',
            "0 key: x of 'instances' list. Error: INVALID_ARGUMENT:"
            " JSON Value: 1.5 Type: Number is not of expected type: int32",
        ),
    ],
)
def test_the_first_wrong_row_is_told(rows, fault):
    assert refusal(f'{{"instances": {rows}}}', x="INT32") == f"Failed to process element: {fault}"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            '[{"ints": [[1, 2], [3, 4]], "texts": ["a"]}, {"ints": [[[1, 2], [3, 4]]], "texts": ["b"]}]',
            "Failed to process element: 1 key: ints of 'instances' list. Error: INVALID_ARGUMENT:"
            " Expecting shape [2,2] but got: [1,2,2]",
        ),
        (
            '[{"ints": [[1, 2], [3, 4]], "texts": ["a"]}, {"ints": [[1, 2]], "texts": ["b"]}]',
            "Failed to process element: 1 key: ints of 'instances' list. Error: INVALID_ARGUMENT:"
            " Expecting tensor size: 4 but got: 2",
        ),
        (
            '[{"ints": [1], "texts": ["a"]}, [1, 20, 30], {"ints": [[1]], "texts": ["a"]}]',
            "Expecting object but got list at item 1 of input list",
        ),
        (
            '[{"ints": [1], "texts": ["a"]}, {"b64": "aGk="}]',
            "Expecting object but got list at item 1 of input list",
        ),
        (
            "[[1, 2]]",
            "instances is a plain list, but expecting list of objects as multiple input tensors required as per"
            " tensorinfo_map",
        ),
        (
            '[{"ints": 1, "texts": "a"}, {"ints": 1}]',
            "Failed to process element: 1 of 'instances' list. JSON object: {\n    \"ints\": 1\n}"
            " keys must be equal to: ints,texts",
        ),
        (
            '[{"ints": 1, "texts": "a", "more": 1}]',
            "Failed to process element: 0 key: more of 'instances' list. Error: INVALID_ARGUMENT:"
            " JSON object: does not have named input: more",
        ),
        (
            '[{"texts": {"b64": "aGk=", "more": 1}, "ints": 1}]',
            "Failed to process element: 0 key: texts of 'instances' list. Error: INVALID_ARGUMENT:"
            ' JSON Value: {\n    "b64": "aGk=",\n    "more": 1\n} not formatted correctly for base64 data',
        ),
    ],
)
def test_rows_of_several_inputs_are_objects_that_name_them_all(rows, message):
    assert refusal(f'{{"instances": {rows}}}', ints="INT32", texts="STRING") == message


def test_rows_of_base64_alone_lack_the_other_inputs():
    assert refusal('{"instances": [{"b64": "aGk="}]}', a="STRING", b="INT32") == (
        "input size does not match signature: 1!=2 len({a}) != len({a,b}). Sent extra: {}. Missing but required: {b}."
    )


def test_plain_rows_stay_plain():
    body = '{"instances": [["baz", "bar"], {"x": ["baz", "bat"]}]}'
    assert refusal(body, x="STRING") == "Expecting value/list but got object at item 1 of input list"
    body = '{"instances": [{"b64": "aGk="}, {"x": "baz"}]}'
    assert refusal(body, x="STRING") == "Expecting value/list but got object at item 1 of input list"


def test_columns_name_each_input():
    assert refusal('{"inputs": {"a": 1}}', a="INT32", b="INT32") == "Missing named input: b in 'inputs' object."
    assert refusal('{"inputs": [1]}', a="INT32", b="INT32") == (
        "inputs is a plain value/list, but expecting an object as multiple input tensors required as per tensorinfo_map"
    )


@pytest.mark.parametrize(
    ("dtype", "value", "kind"),
    [
        ("FLOAT", '"x"', "String"),
        ("FLOAT", "true", "True"),
        ("FLOAT", "null", "Null"),
        ("FLOAT", "{}", "Object"),
        ("DOUBLE", '"1.0"', "String"),
        ("INT32", "1.0", "Number"),
        ("INT32", "2147483648", "Number"),
        ("INT32", "false", "False"),
        ("INT8", "2147483648", "Number"),
        ("INT64", "9223372036854775808", "Number"),
        ("INT64", "18446744073709552000.0", "Number"),
        ("UINT32", "-1", "Number"),
        ("UINT32", "4294967296", "Number"),
        ("UINT64", "-1", "Number"),
        ("BOOL", "1", "Number"),
        ("STRING", "1", "Number"),
        ("STRING", "null", "Null"),
        ("COMPLEX64", "{}", "Object"),
    ],
)
def test_a_value_of_another_type_is_quoted(dtype, value, kind):
    fault = f"JSON Value: {value} Type: {kind} is not of expected type: {dtype.lower()}"
    for body in (f'{{"inputs": {{"x": {value}}}}}', f'{{"inputs": {{"x": [{value}]}}}}'):
        assert refusal(body, x=dtype) == fault
    assert refusal(f'{{"instances": [[{value}]]}}', x=dtype) == (
        f"Failed to process element: 0 of 'instances' list. Error: INVALID_ARGUMENT: {fault}"
    )


@pytest.mark.parametrize("dtype", ["COMPLEX64", "COMPLEX128", "QINT8", "FLOAT8_E5M2"])
def test_types_that_json_cannot_give(dtype):
    fault = f"Conversion of JSON Value: 1.5 to type: {dtype.lower()}"
    assert refusal('{"inputs": [1.5]}', Code.UNIMPLEMENTED, x=dtype) == fault
    assert refusal('{"inputs": {"x": 1.5}}', Code.UNIMPLEMENTED, x=dtype) == fault
    assert refusal('{"inputs": []}', Code.UNIMPLEMENTED, x=dtype) == fault.replace("1.5", "[]")
    assert refusal('{"instances": [1.5]}', x=dtype) == (
        f"Failed to process element: 0 of 'instances' list. Error: UNIMPLEMENTED: {fault}"
    )
    assert refusal('{"instances": [[]]}', Code.UNIMPLEMENTED, x=dtype) == fault.replace("1.5", "[[]]")


@pytest.mark.parametrize("base64", ["a", "aGVsbG8==", "aGVsbA=", "aGVs=", "aG=VsbG8", "-_-_", "é", "===="])
def test_base64_has_its_alphabet_and_its_padding(base64):
    assert refusal(json.dumps({"inputs": {"b64": base64}}), x="STRING") == "Unable to base64 decode"
    assert refusal(json.dumps({"inputs": {"x": {"b64": base64}}}), x="STRING") == "Unable to base64 decode"


def test_what_is_wrong_is_quoted_no_longer_than_256_bytes():
    long = json.dumps(list(range(1000)))  # 35 bytes stand before it; 0 to 58 are the first to make 256 of them
    assert refusal(f'{{"instances": {{"a": {long}}}}}', x="INT32") == (
        'JSON Value: {\n    "instances": {\n        "a": ['
        + ", ".join(map(str, range(59)))
        + " Expecting 'instances' to be an list/array"
    )


def test_a_column_has_64_dimensions_at_most():
    for rank, depth in ((64, 64), (None, 65)):
        body = f'{{"inputs": {"[" * depth}1{"]" * depth}}}'
        if rank:
            assert tensors(body, x="INT32")[0]["x"].ndim == rank
        else:
            assert refusal(body, x="INT32") == "Encountered list nested deeper than 64 levels"


def test_a_signature_without_inputs_takes_nothing():
    assert refusal('{"instances": [1]}') == "Failed to get input map for signature: DEFAULT"
    assert refusal('{"signature_name": "s", "instances": [1]}') == "Failed to get input map for signature: s"


VALUES = {
    "FLOAT": st.floats(width=32, allow_nan=False),
    "DOUBLE": st.floats(allow_nan=False),
    "INT32": st.integers(-(2**31), 2**31 - 1),
    "INT64": st.integers(-(2**63), 2**63 - 1),
    "UINT8": st.integers(0, 255),
    "UINT64": st.integers(0, 2**64 - 1),
    "BOOL": st.booleans(),
    "STRING": st.text(),
}


@st.composite
def typed_rows(draw):
    """Types of inputs by name, and rows of values of one shape for each input."""
    dtypes = draw(
        st.dictionaries(st.text(min_size=1, max_size=3), st.sampled_from(sorted(VALUES)), min_size=1, max_size=4)
    )
    row = {}
    for name, dtype in dtypes.items():
        row[name] = VALUES[dtype]
        for size in draw(st.lists(st.integers(0, 3), max_size=2)):
            row[name] = st.lists(row[name], min_size=size, max_size=size)
    return dtypes, draw(st.lists(st.fixed_dictionaries(row), min_size=1, max_size=4))


@given(typed_rows())
def test_valid_rows_and_columns_become_what_they_say(case):
    dtypes, rows = case
    columns = {name: [row[name] for row in rows] for name in dtypes}
    by_row = tensors(json.dumps({"instances": rows}), **dtypes)[0]
    by_column = tensors(json.dumps({"inputs": columns}), **dtypes)[0]
    for name, dtype in dtypes.items():
        for decoded in (by_row[name], by_column[name]):
            assert decoded.dtype == NUMPY_TYPES[f"DT_{dtype}"]
            given_back = decoded.tolist()
            assert given_back == encoded(columns[name])


def encoded(value):
    if isinstance(value, list):
        return [encoded(element) for element in value]
    return value.encode() if isinstance(value, str) else value


LEAVES = st.sampled_from(
    [None, True, 0, -1, 1.0, 2**40, 2**64 - 1, "a", {"b64": "aGk="}, {"b64": "?"}, {"x": 1}, {}, []]
)
ANYTHING = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xyz"), inner), max_leaves=8
)
SPECS = st.dictionaries(st.sampled_from("xyz"), st.sampled_from([*VALUES, "COMPLEX64"]), min_size=1)


def taken_or_refused(document: dict, inputs: dict[str, TensorSpec]) -> dict[str, np.ndarray] | ServingError:
    try:
        return decode(document, inputs).inputs
    except ServingError as refused:
        return refused


def has_a_reason(refused: ServingError) -> bool:
    """Whether a refusal is of a fault; without one it would be of a type that does not exist."""
    return refused.code in (Code.INVALID_ARGUMENT, Code.UNIMPLEMENTED) and "to type: invalid" not in refused.message


@given(st.lists(ANYTHING, min_size=1, max_size=4), SPECS)
def test_rows_are_refused_if_and_only_if_there_is_a_reason(rows, dtypes):
    inputs = specs(**dtypes)
    answer = taken_or_refused({"instances": rows}, inputs)
    if isinstance(answer, ServingError):
        assert has_a_reason(answer)
    else:
        assert "COMPLEX64" not in dtypes.values()
        assert all(len(column) == len(rows) for column in answer.values())
        assert not has_a_reason(of_rows(rows, inputs))


@given(ANYTHING, SPECS)
def test_columns_are_refused_if_and_only_if_there_is_a_reason(value, dtypes):
    inputs = specs(**dtypes)
    answer = taken_or_refused({"inputs": value}, inputs)
    if isinstance(answer, ServingError):
        assert has_a_reason(answer)
    else:
        assert answer.keys() == dtypes.keys()
        columns = value if isinstance(value, dict) and not is_base64(value) else dict.fromkeys(inputs, value)
        assert not any(has_a_reason(of_column(columns[name], spec)) for name, spec in inputs.items())
