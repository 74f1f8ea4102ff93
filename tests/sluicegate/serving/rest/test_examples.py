"""Classify and regress: the cases of json_tensor_test.cc's ClassifyRegress tests."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.serving.rest.body import parse, signature_name
from sluicegate.serving.rest.examples import decode_examples, encode_classifications, encode_regressions
from sluicegate.serving.status import Code, ServingError


def features(serialized: bytes) -> dict[str, tuple[str | None, list]]:
    """Kind and values of each feature of an example."""
    from tensorflow.core.example.example_pb2 import Example

    example = Example.FromString(serialized)
    found = {}
    for name, feature in example.features.feature.items():
        kind = feature.WhichOneof("kind")
        found[name] = (kind, list(getattr(feature, kind).value) if kind else [])
    return found


def decoded(body: str) -> list[dict]:
    return [features(example) for example in decode_examples(parse(body.encode()))]


def refusal(body: str) -> str:
    with pytest.raises(ServingError) as refused:
        decode_examples(parse(body.encode()))
    assert refused.value.code == Code.INVALID_ARGUMENT
    return refused.value.message


def test_examples_hold_lists_and_single_values():
    body = """{"examples": [{"names": ["foo", "bar"], "ratings": [8.0, 9.0], "age": 20},
                            {"names": ["baz"], "ratings": 6.0}]}"""
    assert decoded(body) == [
        {"names": ("bytes_list", [b"foo", b"bar"]), "ratings": ("float_list", [8, 9]), "age": ("int64_list", [20])},
        {"names": ("bytes_list", [b"baz"]), "ratings": ("float_list", [6])},
    ]


def test_the_context_is_part_of_each_example():
    body = """{"signature_name": "custom", "context": {"query": "pizza", "location": ["sfo"]},
               "examples": [{"names": ["foo", "bar"], "ratings": [8.0, NaN, Infinity], "age": 20},
                            {"names": ["baz", {"b64": "aGVsbG8="}], "intboolmix": [1, true, false]},
                            {"names": "bar", "ratings": -Infinity, "query": 5, "none": []}]}"""
    first, second, third = decoded(body)
    context = {"query": ("bytes_list", [b"pizza"]), "location": ("bytes_list", [b"sfo"])}
    kind, ratings = first.pop("ratings")
    assert kind == "float_list"
    np.testing.assert_array_equal(ratings, [8.0, math.nan, math.inf])
    assert first == {**context, "names": ("bytes_list", [b"foo", b"bar"]), "age": ("int64_list", [20])}
    assert second == {**context, "names": ("bytes_list", [b"baz", b"hello"]), "intboolmix": ("int64_list", [1, 1, 0])}
    assert third == {
        **context,
        "names": ("bytes_list", [b"bar"]),
        "ratings": ("float_list", [-math.inf]),
        "query": ("int64_list", [5]),
        "none": (None, []),
    }
    assert signature_name(parse(body.encode())) == "custom"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('{"context": [{"names": ["foo"]}]}', "Example must be JSON object but got JSON Array"),
        ('{"examples": [[{"names": ["foo"]}]]}', "Example must be JSON object but got JSON Array"),
        ('{"examples": [null]}', "Example must be JSON object but got JSON Null"),
        (
            "{}",
            "JSON Value: {} When method is classify, key 'examples' is expected and was not found",
        ),
        (
            '{"examples": {"a": 1}}',
            'JSON Value: {\n    "examples": {\n        "a": 1\n    }\n} Expecting \'examples\' value to be an list/array',
        ),
        ('{"examples": []}', "JSON Value: {\n    \"examples\": []\n} 'examples' value is an empty array"),
        ('{"examples": [{"n": [10, null]}]}', "Feature: n has element with unexpected JSON type: Null"),
        ('{"examples": [{"n": [10, {"test": 10}]}]}', "Feature: n has element with unexpected JSON type: Object"),
        ('{"examples": [{"n": [[10], 20]}]}', "Feature: n has element with unexpected JSON type: Array"),
        ('{"examples": [{"n": [10, 10.0]}]}', "Unexpected element type in feature: n expecting type: int64"),
        ('{"examples": [{"n": [1.5, true]}]}', "Unexpected element type in feature: n expecting type: float"),
        ('{"examples": [{"n": ["a", 1]}]}', "Unexpected element type in feature: n expecting type: bytes"),
        ('{"examples": [{"n": [1, {"b64": "?"}]}]}', "Unexpected element type in feature: n expecting type: int64"),
        ('{"examples": [{"n": [{"b64": "?"}]}]}', "Unable to base64 decode"),
        (
            '{"examples": [{"n": [20, 18446744073709551603]}]}',
            "Feature: n has uint64_t element. Only int64_t is supported.",
        ),
        ('{"examples": [{"\\udc00": 1}]}', "Feature name is not UTF-8: \udced\udcb0\udc80"),
    ],
)
def test_what_is_no_example(body, message):
    assert refusal(body) == message


def test_integers_beyond_64_bits_are_floats_and_floats_beyond_32_infinite():
    [example] = decoded('{"examples": [{"a": 18446744073709551616, "b": [1e300, -1e300]}]}')
    assert example == {"a": ("float_list", [2.0**64]), "b": ("float_list", [math.inf, -math.inf])}


VALUE = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**64 - 1), st.floats(), st.text(max_size=3),
    st.just({"b64": "aGk="}), st.just({"b64": "?"}), st.just({}), st.just([1]),
)  # fmt: skip
EXAMPLE = st.dictionaries(st.text(max_size=3), VALUE | st.lists(VALUE, max_size=3), max_size=3) | VALUE


@given(st.fixed_dictionaries({}, optional={"context": EXAMPLE, "examples": st.lists(EXAMPLE, max_size=3) | VALUE}))
def test_any_examples_are_taken_or_refused(document):
    try:
        examples = decode_examples(document)
    except ServingError as refused:
        examples = refused
    if isinstance(examples, list):
        assert [set(features(example)) for example in examples] == [
            set(document.get("context", {})) | set(example) for example in document["examples"]
        ]
    else:
        assert examples.code == Code.INVALID_ARGUMENT


def test_classifications_are_labels_with_scores():
    answer = encode_classifications(
        [[("car", 0.2), ("bike", 0.7), ("bus", 0.1)], [("", float(np.float32(1 / 3))), ('"', 12.0)], []]
    )
    assert answer == (
        b'{\n    "results": [[["car", 0.2], ["bike", 0.7], ["bus", 0.1]],'
        b' [["", 0.333333343], ["\\"", 12.0]], []\n    ]\n}'
    )


def test_float32_scores_have_few_digits_even_if_they_come_as_double():
    scores = np.array([0.2, 0.7], np.float32).tolist()
    answer = json.loads(encode_classifications([[("a", scores[0]), ("b", scores[1])]]))
    assert answer == {"results": [[["a", 0.2], ["b", 0.7]]]}


def test_regressions_are_numbers():
    assert encode_regressions([42.0]) == b'{\n    "results": [42.0]\n}'
    values = np.array([0.2, math.inf, 1.0, -math.inf, math.nan], np.float32).tolist()
    assert encode_regressions(values) == b'{\n    "results": [0.2, Infinity, 1.0, -Infinity, NaN]\n}'


@pytest.mark.parametrize(
    ("encode", "what"),
    [(encode_classifications, "ClassificationResults"), (encode_regressions, "RegressionResults")],
)
def test_nothing_is_no_answer(encode, what):
    with pytest.raises(ServingError, match=f"^Cannot convert empty {what} to JSON$"):
        encode([])
