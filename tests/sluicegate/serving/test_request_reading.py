"""What the quick look at a request lets through is what sluicegate/tables/cells.py reads; all else is read by it, or refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.reading import Reading
from sluicegate.serving.request_reading import RequestReader
from sluicegate.serving.rest.decode import decode
from sluicegate.serving.rows import Input
from sluicegate.serving.signature import TensorSpec
from sluicegate.serving.status import Code, ServingError

READER = RequestReader(
    [
        Input("years old", "age", Reading("int", ("NA",))),
        Input("size", "size", Reading("float")),
        Input("word", "word", Reading(missing=("NA",))),
        Input("member", "member", Reading(boolean=True)),
        Input("when", "when", Reading(date="iso")),
    ]
)


def request(rows=1, **more):
    right = {
        "age": np.full(rows, 39.0),
        "size": np.full(rows, 1.5),
        "word": np.array([b"w"] * rows, object),
        "member": np.array([b"TRUE"] * rows, object),
        "when": np.array([b"2024-01-31 10:00:00+00"] * rows, object),
    }
    return {**right, **more}


def texts(*values):
    return np.array(values, object)


@pytest.mark.parametrize("rows", [1, 3, 500])
def test_a_right_request_goes_through_as_it_is(rows):
    given = request(rows, age=np.where(np.arange(rows) % 2, np.nan, 39.0), word=texts(*["ä".encode()] * rows))
    assert READER.read("serving_raw", given) is given


def test_other_signatures_are_not_looked_at():
    given = {"examples": texts(b"x")}
    assert READER.read("transform_features", given) is given


def example(**features):
    """A list of ints, floats or bytes per feature."""
    from tensorflow.core.example.example_pb2 import Example

    one = Example()
    for name, values in features.items():
        feature = one.features.feature[name.replace("_", " ")]
        kind = {int: feature.int64_list, float: feature.float_list, bytes: feature.bytes_list}[type(values[0])]
        kind.value.extend(values)
    return one.SerializeToString()


def features_of(given, reader=READER):
    from tensorflow.core.example.example_pb2 import Example

    [text] = reader.read("serving_default", {"examples": texts(given)})["examples"]
    found = {name: one for name, one in Example.FromString(text).features.feature.items() if one.WhichOneof("kind")}
    return {name: list(getattr(one, one.WhichOneof("kind")).value) for name, one in found.items()}


def test_right_examples_go_through_as_they_are():
    right = example(years_old=[39], size=[1.5], word=[b"w"], member=[b"TRUE"], when=[b"2024-01-31"], other=[1.5])
    for rows in (texts(right, example(when=[b"2024-01-31T10:00:00Z"]), b""), texts(b"no example"), texts()):
        tensors = {"examples": rows}
        assert READER.read("serving_default", tensors) is tensors
    # TensorFlow refuses what is no text at all.
    assert READER.read("serving_default", tensors := {"examples": np.zeros(1)}) is tensors


#: What another type may mean, and what the model's own is.
SAME_VALUE = [
    ({"years_old": [39.0]}, {"years old": [39]}),
    ({"years_old": [b" 39.0 "]}, {"years old": [39]}),
    ({"years_old": [b"9223372036854775807"]}, {"years old": [2**63 - 1]}),
    ({"years_old": [b"NA"]}, {}),
    ({"size": [3]}, {"size": [3.0]}),
    ({"size": [b"1.5", b"7"]}, {"size": [1.5]}),
    ({"size": [b""]}, {}),
    ({"word": [2**62 + 1]}, {"word": [b"4611686018427387905"]}),
    ({"word": [39.0]}, {"word": [b"39"]}),
    ({"word": [0.1]}, {"word": [b"0.1"]}),
    ({"member": [1]}, {"member": [b"1"]}),
    ({"when": [b" 2024-01-31 10:00 Z"]}, {"when": [b"2024-01-31T10:00:00"]}),
]


@pytest.mark.parametrize(("given", "right"), SAME_VALUE)
def test_a_value_of_another_type_is_read_where_it_means_the_same(given, right):
    rest = {"other": [b"x"], "size": [1.5], "word": [b"w"]}
    rest = {name: values for name, values in rest.items() if name not in given}
    assert features_of(example(**given, **rest)) == {**rest, **right}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"years_old": [38.7]}, "'years old': got 38.7"),
        ({"years_old": [b"tall"]}, "'years old': got 'tall', allowed is a whole"),
        ({"size": [b"big"]}, "'size': got 'big', allowed is a number"),
        ({"when": [20240131]}, "'when': got '20240131'"),
        ({"when": [b"2024-02-30"]}, "'when': got '2024-02-30'"),
        ({"word": [1e20]}, "'word': got"),
    ],
)
def test_what_no_column_of_that_type_holds_is_refused_with_place_and_remedy(given, said):
    rows = texts(example(), example(word=[b"w"]), example(**given))
    with pytest.raises(ServingError, match="correct the cell") as caught:
        READER.read("serving_default", {"examples": rows})
    assert caught.value.code is Code.INVALID_ARGUMENT
    assert f"row 2 (from 0), column {said}" in caught.value.message


def test_rows_of_several_types_are_each_read_and_the_first_fault_is_named_by_its_row():
    def read(*rows):
        return READER.read("serving_default", {"examples": texts(*rows)})["examples"].tolist()

    rows = [example(size=[1.5]), example(size=[3]), example(size=[b"2.5"]), example(word=[b"w"])]
    assert read(*rows) == [rows[0], example(size=[3.0]), example(size=[2.5]), rows[3]]
    with pytest.raises(ServingError, match=r"row 3 .*'size'.*'x'"):
        read(rows[0], example(size=[b"1"]), rows[1], example(size=[b"x"]))


@given(
    st.dictionaries(st.text(min_size=1, max_size=200), st.sampled_from(["int", "float", "text"]), max_size=12),
    st.data(),
)
@settings(max_examples=60, deadline=None)
def test_the_quick_look_overlooks_no_feature_of_another_type(columns, data):
    from tensorflow.core.example.example_pb2 import Example

    reader = RequestReader([Input(name, f"k{i}", Reading(kind)) for i, (name, kind) in enumerate(columns.items())])
    lists = {
        "int": ("int64_list", [7, -1, 2**40]),
        "float": ("float_list", [1.0, 300.0]),
        "text": ("bytes_list", [b"5", b"5" * 300]),
    }
    one = Example()
    is_right = True
    for name, kind in columns.items():
        written = data.draw(st.sampled_from([kind, kind, kind, "int", "float", "text", ""]))
        if written:
            field, values = lists[written]
            getattr(one.features.feature[name], field).value.append(data.draw(st.sampled_from(values)))
        is_right &= written in (kind, "")
    tensors = {"examples": texts(one.SerializeToString())}
    try:
        assert (reader.read("serving_default", tensors) is tensors) == is_right
    except ServingError:
        assert not is_right


@pytest.mark.parametrize("rows", [1, 500])
@pytest.mark.parametrize(
    ("column", "value", "said"),
    [("age", 38.7, "38.7"), ("age", np.inf, "inf"), ("age", 2.0**63, "9.2"), ("word", b"\xff", "UTF"),
     ("when", b"0000-00-00", "0000-00-00"), ("when", b"2024-02-30", "2024-02-30"), ("when", b"20240131", "20240131")],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_place_and_remedy(column, value, said, rows):
    given = request(rows)
    given[column] = given[column].copy()
    given[column][-1] = value
    with pytest.raises(ServingError) as caught:
        READER.read("serving_raw", given)
    assert caught.value.code is Code.INVALID_ARGUMENT
    assert said in caught.value.message
    assert "column" in caught.value.message
    if column != "word":
        assert f"row {rows - 1}" in caught.value.message
        assert "correct the cell" in caught.value.message


def test_a_column_of_another_type_is_read_and_hides_no_other():
    given = request(2, word=np.array([2**62 + 1, 7]), member=np.array([True, False]), age=texts(b" 39.0 ", b"NA"))
    found = READER.read("serving_raw", given)
    assert found["word"].tolist() == [str(2**62 + 1).encode(), b"7"]
    assert found["member"].tolist() == [b"true", b"false"]
    np.testing.assert_array_equal(found["age"], [39.0, np.nan])
    with pytest.raises(ServingError, match="when"):
        READER.read("serving_raw", {**given, "when": texts(b"yesterday", b"")})


@pytest.mark.parametrize(
    "text", [b"2024-01-31T10:00:00,5 Z", b"2024-01-31 24:00:00", b"\xc2\xa02024-01-31", b"2016-12-31 23:59:60"]
)
def test_an_unusual_date_is_asked_of_the_grammar(text):
    assert READER.read("serving_raw", request(when=texts(text)))["when"][0].startswith((b"2024-0", b"2017-01-01"))


def test_the_last_whole_number_of_64_bits_is_one_however_often_it_is_read():
    once = READER.column("age", [str(2**63 - 1)])
    assert once[0] < 2.0**63
    tensors = request(age=once)
    assert READER.read("serving_raw", tensors) is tensors


def test_what_json_gives_is_read():
    assert READER.column("member", [True, "FALSE", None]).tolist() == [b"true", b"false", b""]
    np.testing.assert_array_equal(READER.column("age", ["39", None, 40]), [39.0, np.nan, 40.0])
    assert READER.column("word", [9007199254740993, "x"]).tolist() == [b"9007199254740993", b"x"]
    assert READER.column("unknown", [1]) is None
    with pytest.raises(ServingError, match=r"row 1 .*'years old'"):
        READER.column("age", [1, "tall"])


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"age": "39", "size tall": 1}, "does not have named input: size tall"),
        ({"age": "39"}, "keys must be equal to: age,size"),
        ({"age": "39", "size": [1, "x"]}, "String is not of expected type: double"),
        ({"age": "tall", "size": 1}, "allowed is a whole number"),
    ],
)
def test_a_text_that_the_model_reads_is_not_blamed_for_another_fault(row, said):
    inputs = {name: TensorSpec(f"{name}:0", "DT_DOUBLE", None) for name in ("age", "size")}
    with pytest.raises(ServingError, match=said):
        decode({"instances": [row]}, inputs, READER)


def test_a_model_that_does_not_say_how_it_reads_has_no_reader(tmp_path):
    assert RequestReader.of(tmp_path, {}) is None
    assert RequestReader.of(tmp_path, {"inputs": {"x": {"input": "x", "example_dtype": "int64"}}}) is None
    said = {"inputs": {"x": {"input": "x", "example_dtype": "int64", "reading": {"type": "int"}}}}
    assert RequestReader.of(tmp_path, said) is not None
