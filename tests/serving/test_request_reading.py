"""What the quick look at a request lets through is what schemas/cells.py reads; all else is read by it, or refused."""

import numpy as np
import pytest

from schemas.reading import Reading
from serving.request_reading import RequestReader
from serving.rows import Input
from serving.status import Code, ServingError

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
        "age": np.full(rows, 39.0), "size": np.full(rows, 1.5), "word": np.array([b"w"] * rows, object),
        "member": np.array([b"TRUE"] * rows, object), "when": np.array([b"2024-01-31 10:00:00+00"] * rows, object),
    }  # fmt: skip
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


def test_dates_in_examples_are_looked_at_and_all_else_is_tensorflows_business():
    from tensorflow.core.example.example_pb2 import Example

    def example(**values):
        one = Example()
        for name, value in values.items():
            one.features.feature[name].bytes_list.value.append(value)
        return one.SerializeToString()

    right = {
        "examples": texts(example(when=b"2024-01-31"), example(when=b" 2024-01-31 10:00 Z"), example(word=b"x"), b"")
    }
    assert READER.read("serving_default", right) is right
    assert READER.read("serving_default", given := {"examples": texts(b"no example")}) is given
    with pytest.raises(ServingError, match=r"row 1 .*'when'.*2024-02-30"):
        READER.read("serving_default", {"examples": texts(example(), example(when=b"2024-02-30"))})


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


def test_what_json_gives_is_read():
    assert READER.column("member", [True, "FALSE", None]).tolist() == [b"true", b"false", b""]
    np.testing.assert_array_equal(READER.column("age", ["39", None, 40]), [39.0, np.nan, 40.0])
    assert READER.column("word", [9007199254740993, "x"]).tolist() == [b"9007199254740993", b"x"]
    assert READER.column("unknown", [1]) is None
    with pytest.raises(ServingError, match=r"row 1 .*'years old'"):
        READER.column("age", [1, "tall"])


def test_a_model_that_does_not_say_how_it_reads_has_no_reader(tmp_path):
    assert RequestReader.of(tmp_path, {}) is None
    assert RequestReader.of(tmp_path, {"inputs": {"x": {"input": "x", "example_dtype": "int64"}}}) is None
    said = {"inputs": {"x": {"input": "x", "example_dtype": "int64", "reading": {"type": "int"}}}}
    assert RequestReader.of(tmp_path, said) is not None
