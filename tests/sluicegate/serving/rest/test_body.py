"""Bodies: which are JSON objects, and what is said of the others, byte for byte as RapidJSON 1.1.0 says it."""

import json
import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sluicegate.serving.rest.body import EXACT_BYTES, parse, signature_name
from sluicegate.serving.rest.reader import read
from sluicegate.serving.status import Code, ServingError

INFINITE = float("inf")


def refusal(call, *arguments) -> str:
    with pytest.raises(ServingError) as refused:
        call(*arguments)
    assert refused.value.code == Code.INVALID_ARGUMENT
    return refused.value.message


@pytest.mark.parametrize(
    ("body", "document"),
    [
        (b'{"a": [1, 2.5, "x", true, false, null, {}, []]}', {"a": [1, 2.5, "x", True, False, None, {}, []]}),
        (b'\xef\xbb\xbf {"a": 1}', {"a": 1}),
        (b' \t\r\n{"a": 1}X', {"a": 1}),
        (b'{"a": 1} {"b": 2}', {"a": 1}),
        (b'{"a": 1}\xff\x00', {"a": 1}),
        (b'{"a": [Infinity, -Infinity, Inf, -Inf]}', {"a": [INFINITE, -INFINITE, INFINITE, -INFINITE]}),
        (b'{"a": [Infinity, {"b": [-Infinity]}]}', {"a": [INFINITE, {"b": [-INFINITE]}]}),
        (b'{"a": [-0, -0.0, 1e2, 1E+2, 12e-1]}', {"a": [0, -0.0, 100.0, 100.0, 1.2]}),
        (
            b'{"a": [18446744073709551615, 18446744073709551616, -9223372036854775808, -9223372036854775809]}',
            {"a": [2**64 - 1, 2.0**64, -(2**63), -(2.0**63)]},
        ),
        (b'{"a": [Inf, 18446744073709551615, 18446744073709551616]}', {"a": [INFINITE, 2**64 - 1, 2.0**64]}),
        (b'{"a": [Infinity, 18446744073709551616]}', {"a": [INFINITE, 2.0**64]}),
        (b'{"a": "\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00"}', {"a": '"\\/\b\f\n\r\té😀'}),
        (
            b'{"a": Inf, "b": "\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00"}',
            {"a": INFINITE, "b": '"\\/\b\f\n\r\té😀'},
        ),
        (b'{"a": [Infinity, "\\ud83d\\ude00"]}', {"a": [INFINITE, "😀"]}),
        (b'{"a": "\xff\\ud83d\\ude00"}', {"a": "\udcff😀"}),
        (b'{"a": "\\\\ud83d\\udc00"}', {"a": "\\ud83d" + "\udced\udcb0\udc80"}),
        (b'{"a\xff": "\xe9"}', {"a\udcff": "\udce9"}),
        (b'{"a": "\\udc00"}', {"a": b"\xed\xb0\x80".decode("utf-8", "surrogateescape")}),
    ],
)
def test_what_the_body_begins_with_is_its_document(body, document):
    parsed = parse(body)
    assert parsed == document
    assert repr(parsed) == repr(document)  # 1 is not 1.0, -0.0 is not 0.0


@pytest.mark.parametrize("body", [b'{"a": [NaN]}', b'{"a": [-NaN]}', b'{"a": [NaN]} X'])
def test_nan_is_a_number(body):
    assert math.isnan(parse(body)["a"][0])


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "The document is empty"),
        (b" \n", "The document is empty. at offset: 2"),
        (b"\0{}", "The document is empty. at offset: 0"),
        (b"]", "The document is empty. at offset: 0"),
        (b"\xef\xbb\xbf", "The document is empty. at offset: 3"),
        (b"0.", "Miss fraction part in number. at offset: 2"),
        (b"1e {}", "Miss exponent in number. at offset: 2"),
        (b"instances = [1, 2]", "Invalid value. at offset: 0"),
        (b'{"instances": [1, 2', "Missing a comma or ']' after an array element. at offset: 19"),
        (b'{"instances": [1 2]}', "Missing a comma or ']' after an array element. at offset: 17"),
        (b'{"a": 01}', "Missing a comma or '}' after an object member. at offset: 7"),
        (b'{"a": 1', "Missing a comma or '}' after an object member. at offset: 7"),
        (b'{"a": Infinityi}', "Missing a comma or '}' after an object member. at offset: 14"),
        (b'{"a" 1}', "Missing a colon after a name of object member. at offset: 5"),
        (b"{", "Missing a name for object member. at offset: 1"),
        (b"{a: 1}", "Missing a name for object member. at offset: 1"),
        (b'{"a": 1,}', "Missing a name for object member. at offset: 8"),
        (b'{"a":', "Invalid value. at offset: 5"),
        (b'{"a":}', "Invalid value. at offset: 5"),
        (b'{"a": [', "Invalid value. at offset: 7"),
        (b'{"a": [,1]}', "Invalid value. at offset: 7"),
        (b'{"a": [1,]}', "Invalid value. at offset: 9"),
        (b'{"a": tru}', "Invalid value. at offset: 9"),
        (b'{"a": nil}', "Invalid value. at offset: 7"),
        (b'{"a": fALSE}', "Invalid value. at offset: 7"),
        (b'{"a": Nope}', "Invalid value. at offset: 7"),
        (b'{"a": -}', "Invalid value. at offset: 7"),
        (b'{"a": +1}', "Invalid value. at offset: 6"),
        (b'{"a": .5}', "Invalid value. at offset: 6"),
        (b"{\"a\": 'x'}", "Invalid value. at offset: 6"),
        (b'{"a": 1.}', "Miss fraction part in number. at offset: 8"),
        (b'{"a": 1.e5}', "Miss fraction part in number. at offset: 8"),
        (b'{"a": 1e}', "Miss exponent in number. at offset: 8"),
        (b'{"a": 1e+}', "Miss exponent in number. at offset: 9"),
        (b'{"a": 1e309}', "Number too big to be stored in double. at offset: 6"),
        (b'{"a": [Infinity, -1e999]}', "Number too big to be stored in double. at offset: 17"),
        (b'{"a": ' + b"9" * 5000 + b"}", "Number too big to be stored in double. at offset: 6"),
        (b'{"a": "x', "Missing a closing quotation mark in string. at offset: 8"),
        (b'{"a": "x\0"}', "Missing a closing quotation mark in string. at offset: 8"),
        (b'{"a": "x\n"}', "Invalid escape character in string. at offset: 8"),
        (b'{"a": "x\\y"}', "Invalid escape character in string. at offset: 8"),
        (b'{"a": "x\\', "Invalid escape character in string. at offset: 8"),
        (b'{"a": "\\u12g4"}', "Incorrect hex digit after \\u escape in string. at offset: 7"),
        (b'{"a": "\\ud800\\u12g4"}', "Incorrect hex digit after \\u escape in string. at offset: 7"),
        (b'{"a": "\\ud800"}', "The surrogate pair in string is invalid. at offset: 7"),
        (b'{"a": "\\ud800\\u0041"}', "The surrogate pair in string is invalid. at offset: 7"),
        (b'{"a": NaN, "b": "\\uD800"}', "The surrogate pair in string is invalid. at offset: 17"),
    ],
)
def test_a_wrong_body_is_told_where_it_is_wrong(body, message):
    assert refusal(parse, body) == f"JSON Parse error: {message}"


@pytest.mark.parametrize(
    ("body", "quotation"),
    [
        (b"5", "5"),
        (b"null", "null"),
        (b'"a\xff"', '"a\udcff"'),
        (b"[1, 2.5, true]", "[1, 2.5, true]"),
        (b"[1, NaN, 3]", "[1, "),
        (b"[1e-5, 1e-6, 1e-7, 1e20, 1e21]", "[0.00001, 0.000001, 1e-7, 100000000000000000000.0, 1e21]"),
        (b"[-0.0, 1.25e-8, -1.5e300, 1e2]", "[-0.0, 1.25e-8, -1.5e300, 100.0]"),
        (('["' + "é" * 127 + '", 1]').encode(), '["' + "é" * 127 + '"'),
        (b'[{"a": 1, "b": {}}]', '[{\n        "a": 1,\n        "b": {}\n    }]'),
        (b"[" * 100_000 + b"]" * 100_000, "[" * 256),
        (b'["' + b"x" * 300 + b'", 1]', '["' + "x" * 300 + '"'),
    ],
)
def test_a_body_that_is_no_object_is_quoted(body, quotation):
    assert refusal(parse, body) == f"JSON Value: {quotation} Is not object"


def test_deep_nesting_beside_the_tensors_is_read():
    nested = b"[" * 500_000 + b"]" * 500_000
    assert parse(b'{"instances": [1], "nested": ' + nested + b"}")["instances"] == [1]


def test_deep_nesting_in_place_of_a_name_is_refused():
    nested = b"[" * 500_000 + b"]" * 500_000
    document = parse(b'{"signature_name": ' + nested + b"}")
    assert refusal(signature_name, document).endswith("'signature_name' key must be a string value.")


def test_a_large_wrong_body_is_refused_at_once():
    message = f"JSON Parse error: Invalid value. In more than {EXACT_BYTES} bytes it is not told where."
    for body in (b"[" * 2 * EXACT_BYTES, b'{"instances": [' + b"1, " * EXACT_BYTES):
        assert refusal(parse, body) == message


def test_a_large_odd_body_is_read():
    values = b"1, " * EXACT_BYTES
    for odd in (b"NaN", b'"\xff"', b'NaN, "\\ud83d\\ude00"'):
        assert len(parse(b'\xef\xbb\xbf {"instances": [' + values + odd + b"]} and more")["instances"]) > EXACT_BYTES


def test_the_signature_is_named_or_the_default():
    assert signature_name({}) == ""
    assert signature_name({"signature_name": "predict_images"}) == "predict_images"
    assert refusal(signature_name, {"signature_name": 5}) == (
        'JSON Value: {\n    "signature_name": 5\n}'
        " not formatted correctly. 'signature_name' key must be a string value."
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), JSON, max_size=4), st.booleans(), st.sampled_from([None, 0, 3]))
def test_both_ways_of_reading_give_what_was_written(document, ensure_ascii, indent):
    body = json.dumps(document, ensure_ascii=ensure_ascii, indent=indent).encode()
    assert repr(parse(body)) == repr(document)
    assert repr(read(body)) == repr(document)


def outcome(call, body: bytes) -> str:
    """What is read, or why it is refused."""
    try:
        return repr(call(body))
    except ServingError as refused:
        return f"{refused.code.name} {refused.message}"


PIECES = st.lists(
    st.sampled_from([*'{}[]",:\\ 0123.eE+-é', "true", "null", "NaN", "Inf", "inity", "\\ud83d", "\\ude00", '"a"'])
)


@given(st.binary() | PIECES.map(lambda pieces: "".join(pieces).encode()))
def test_any_bytes_are_read_or_refused(body):
    assert outcome(parse, body).startswith(("{", "INVALID_ARGUMENT JSON "))


@given(st.dictionaries(st.text(max_size=3), JSON, max_size=3), st.data())
def test_a_damaged_document_is_read_or_refused_as_the_exact_reader_does(document, data):
    body = bytearray(json.dumps(document).encode())
    position = data.draw(st.integers(0, len(body) - 1))
    body[position : position + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=2) | st.just(b"NaN"))
    assume(body)
    exact, parsed = outcome(read, bytes(body)), outcome(parse, bytes(body))
    assert parsed == exact if exact.startswith(("{", "INVALID_ARGUMENT")) else parsed.endswith(" Is not object")
