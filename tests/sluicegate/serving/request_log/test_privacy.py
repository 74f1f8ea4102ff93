"""A value that must not reach the disk is in no byte of it."""

import hashlib
import struct

import numpy as np
import pytest

from sluicegate.serving.request_log import examples, reading
from sluicegate.serving.request_log.privacy import Privacy, digest, redact
from sluicegate.serving.request_log.settings import RequestLogSettings
from tests.sluicegate.serving.request_log.exchanges import example, exchange, frame_of, texts, writer_of, written

SECRET = "correct horse battery"
NAME, CITY, INCOME, AGE = b"Ada Lovelace", b"Marylebone", 918273.625, 8_765_309_123
PRIVATE = {"leave_out": ("name", "income"), "hash_columns": ("city", "id"), "hash_secret": SECRET}
FORMS = [NAME, CITY, struct.pack("<d", INCOME), struct.pack("<f", INCOME), struct.pack("<q", AGE)]
VARINT = bytes([AGE >> 7 * k & 0x7F | (0x80 if AGE >> 7 * (k + 1) else 0) for k in range(5)])


def raw():
    return {"name": texts(NAME), "city": texts(CITY), "income": np.array([INCOME]), "id": np.array([AGE])}


def serialized():
    return example(name=[NAME], city=[CITY], income=[INCOME], id=[AGE], job=[b"countess"])


def sequence():
    inner = example(name=[NAME], city=[CITY])
    return inner + b"\x12" + bytes([len(inner) - 2]) + inner[2:]


def mangled():
    # A feature whose name is no UTF-8: TensorFlow reads it, protobuf for Python does not.
    return example(name=[NAME], city=[CITY]).replace(b"city", b"c\xffty")


ASKED = {
    "named columns": raw,
    "an Example": lambda: {"examples": texts(serialized(), example(job=[b"x"]))},
    "an Example among texts": lambda: {"examples": texts(b"plain", serialized())},
    "a SequenceExample": lambda: {"examples": texts(sequence())},
    "an Example that only TensorFlow reads": lambda: {"examples": texts(mangled())},
    "an Example with fields of the future": lambda: {"examples": texts(serialized() + b"\x12\x0c" + NAME)},
    "a matrix of Examples": lambda: {"examples": texts(serialized(), serialized()).reshape(1, 2)},
    "fixed-width texts": lambda: {"examples": np.array([serialized()]), "name": np.array([NAME.decode()])},
}


@pytest.mark.parametrize("form", ["parquet", "tfrecord"])
@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("complete", [True, False], ids=["complete", "in progress"])
def test_no_byte_of_a_private_value_is_in_the_files(tmp_path, form, asked, complete):
    settings = RequestLogSettings(tmp_path, format=form, **PRIVATE)
    writer = writer_of(settings)
    writer.write([frame_of(exchange(inputs=ASKED[asked](), outputs={"name": texts(NAME)}))])
    if complete:
        writer.close()
    found = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert writer.written == 1
    assert len(found) > 100
    for value in [*FORMS, VARINT]:
        assert value not in found
    writer.close()


def test_the_search_would_find_them(tmp_path):
    """The test above, with nothing private."""
    for form in ("parquet", "tfrecord"):
        as_example = exchange(inputs={"examples": texts(serialized())}, outputs={}, signature="x")
        written(RequestLogSettings(tmp_path, format=form), exchange(inputs=raw(), outputs={}), as_example)
        found = b"".join(path.read_bytes() for path in tmp_path.rglob(f"*.{form}"))
        assert NAME in found
        assert CITY in found
        assert struct.pack("<d", INCOME) in found


def test_a_hash_is_the_same_in_a_column_and_in_an_example(tmp_path):
    written(
        RequestLogSettings(tmp_path, **PRIVATE),
        exchange("raw", inputs=raw(), outputs={}),
        exchange("example", inputs={"examples": texts(serialized())}, outputs={}, signature="serving_default"),
    )
    one, other = reading.read(tmp_path, "census").to_pylist()
    key = hashlib.blake2b(CITY, digest_size=16, key=SECRET.encode()).hexdigest()
    assert one["input_city"] == other["input_city"] == key
    assert one["input_id"] == other["input_id"] == digest(AGE, SECRET.encode()).decode()
    assert "input_name" not in one
    assert {one["input_job"], other["input_job"]} == {None, "countess"}


def test_another_secret_gives_other_hashes():
    assert digest(b"x", b"a" * 16) != digest(b"x", b"b" * 16)
    assert Privacy.of(RequestLogSettings("log", hash_columns=("x",), hash_secret="a" * 100)).key != b"a" * 64


def test_texts_that_are_no_examples_are_left_as_they_are():
    privacy = Privacy(frozenset({"name"}), frozenset(), b"")
    asked = {"job": texts(b"Clerk", b"", b"\nnew line"), "n": np.array([1, 2, 3])}
    got = redact(exchange(inputs=asked, outputs={}), privacy).part.of.inputs
    assert all(got[name] is asked[name] for name in asked)


def test_a_missing_feature_stays_missing_when_it_is_hashed():
    privacy = Privacy(frozenset(), frozenset({"city"}), b"k" * 16)
    got = redact(exchange(inputs={"examples": texts(example(city=[], job=[b"x"]))}, outputs={}), privacy)
    features = examples.parse(got.part.inputs["examples"][0]).features.feature
    assert list(examples.values_of(features["city"])[1]) == []


def test_without_private_columns_nothing_is_copied():
    offered = exchange()
    assert redact(offered, Privacy.of(RequestLogSettings("log"))) is offered
