"""A body read piece by piece gives the same tensors, or the same refusal, as one that is parsed at once."""

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sluicegate.serving.rest import body, encode, examples, leaves, long_body
from sluicegate.serving.rest.decode import decode
from sluicegate.serving.rest.long_answer import encode_long
from sluicegate.serving.rest.long_body import LongList, parse_long
from sluicegate.serving.signature import TensorSpec
from sluicegate.serving.status import ServingError, invalid

MANY = settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
TYPES = ("DT_FLOAT", "DT_DOUBLE", "DT_INT32", "DT_INT64", "DT_BOOL", "DT_STRING", "DT_COMPLEX64")

numbers = st.integers(-(2**70), 2**70) | st.integers(0, 9) | st.floats(allow_nan=True) | st.sampled_from([0.1, 1e300])
texts = st.text(st.characters(codec="utf-8"), max_size=6) | st.sampled_from(['",[', "\\", '\\"', "]}", "é\U0001f600"])
scalars = numbers | texts | st.none() | st.booleans() | st.sampled_from([{"b64": "AAE="}, {"b64": "*"}, {"z": [1]}])
regular = st.lists(st.integers(0, 4), max_size=4).flatmap(
    lambda shape: st.sampled_from([numbers, st.integers(0, 99), texts]).flatmap(lambda leaf: _of_shape(leaf, shape))
)
anything = regular | st.recursive(scalars, lambda inner: st.lists(inner, max_size=4), max_leaves=12)
rows = st.lists(st.fixed_dictionaries({"a": anything, "b": texts}), min_size=1, max_size=6) | st.lists(
    st.dictionaries(st.sampled_from("abc"), anything, max_size=3), max_size=4
)
alike = anything.flatmap(
    lambda value: st.lists(st.fixed_dictionaries({"a": st.just(value), "b": texts}), min_size=1, max_size=6)
)
documents = st.one_of(
    st.fixed_dictionaries({"instances": regular | rows | alike | anything}),
    st.fixed_dictionaries({"inputs": st.fixed_dictionaries({"a": anything, "b": anything}) | anything}),
    st.dictionaries(st.sampled_from(["instances", "inputs", "signature_name", "x"]), anything, max_size=3),
    anything,
)


def _of_shape(leaf, shape):
    return st.lists(_of_shape(leaf, shape[1:]), min_size=shape[0], max_size=shape[0]) if shape else leaf


class Reads:
    """Reads a column as a model of this project does: refuses a text, and says in which row."""

    def column(self, key, values):
        if key != "a":
            return None
        for row, value in enumerate(values):
            if isinstance(value, str):
                raise invalid(f"row {row}: {value!r}")
        return np.array([value is None for value in values])


#: What becomes of a document's text: oddities that TensorFlow Serving takes, and faults.
CHANGES = [
    ("0.1", "-NaN"),
    ("0.1", "Inf"),
    ("0.1", "01"),
    ("0.1", "1e999"),
    ("a", "\\ud83d\\ude00"),
    ("\\u", "\\ud800\\u"),
]
DAMAGE = st.tuples(st.integers(0, 200), st.sampled_from(b'[]{},:" \\\x00\xff1n-'), st.integers(0, 1))


@st.composite
def texts_of(draw):
    document = draw(documents)
    text = json.dumps(document, ensure_ascii=draw(st.booleans()), indent=draw(st.sampled_from([None, 1])))
    old, new = draw(st.sampled_from([*CHANGES, ("", "")]))
    if old:
        text = text.replace(old, new, 1 if draw(st.booleans()) else -1)
    # Half a surrogate pair in a member that another of the same name replaces: only small bodies are forgiven it.
    elif draw(st.booleans()) and text.startswith("{") and text != "{}":
        text = text[:-1] + "," + text[1:]
    raw = bytearray(text.encode("utf-8", "surrogatepass"))
    for place, byte, length in draw(st.lists(DAMAGE, max_size=2)):
        raw[place : place + length] = bytes([byte])
    before, behind = (
        draw(st.sampled_from([b"", b"", b" ", b"\xef\xbb\xbf"])),
        draw(st.sampled_from([b"", b"", b"}x", b"\xff"])),
    )
    return before + bytes(raw) + behind


def outcome(parse, raw, inputs, reads):
    try:
        document = parse(raw)
        body.signature_name(document)
        found = decode(document, inputs, reads)
    except ServingError as refusal:
        return refusal.code, refusal.message
    return found.row_format, [(name, a.dtype, a.shape, repr(a.tolist())) for name, a in found.inputs.items()]


@MANY
@example(b'{"instances": [1,2,]}', {"a": "DT_FLOAT"}, None, 1)
@example(b'{"instances": [,1,2]}', {"a": "DT_FLOAT"}, None, 1)
@example(b'{"instances": [[1,2],[3,4}]}', {"a": "DT_FLOAT"}, None, 1)
@example(b'{"instances": [[[1],[2]],[[3],[4,5]]]}', {"a": "DT_FLOAT"}, None, 2)
@example(b'{"instances": -[1,2,3]}', {"a": "DT_FLOAT"}, None, 2)
@example(b'{"instances": [[1,2,3]] [4]}', {"a": "DT_FLOAT"}, None, 2)
@example(b'{"instances": ["aaaa", "bbbb\\u0000"]}', {"a": "DT_STRING"}, None, 3)
@example(b'{"aaaaaaaaaaa": "\\u0000", "instances": ["aaaa"]}', {"a": "DT_STRING"}, None, 3)
@example(b'{"inputs": "aaaa", "inputs": ["\\u0000"]}', {"a": "DT_STRING"}, None, 3)
@given(
    texts_of(),
    st.dictionaries(st.sampled_from("ab"), st.sampled_from(TYPES), min_size=1),
    st.sampled_from([None, Reads()]),
    st.integers(1, 40),
)
def test_the_same_tensors_or_the_same_refusal(raw, types, reads, block):
    inputs = {name: TensorSpec(name, dtype, None) for name, dtype in types.items()}
    small = outcome(body.parse, raw, inputs, reads)
    for long_text in (long_body._LONG_TEXT, 1):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(long_body, "_LONG_TEXT", long_text)
            assert outcome(lambda text: parse_long(text, block), raw, inputs, reads) == small


@MANY
@given(texts_of(), st.integers(1, 40))
def test_the_same_examples(raw, block):
    def told(parse):
        try:
            return examples.decode_examples(parse(raw.replace(b"instances", b"examples")))
        except ServingError as refusal:
            return refusal.code, refusal.message

    assert told(lambda text: parse_long(text, block)) == told(body.parse)


@MANY
@given(st.lists(st.integers(0, 4), max_size=4), st.booleans(), st.integers(1, 9), st.integers(0, 2**30), st.data())
def test_the_same_answer(shape, by_row, elements, seed, data):
    random = np.random.default_rng(seed)
    kinds = {
        "float": lambda: random.random(shape).astype(np.float32),
        "whole": lambda: random.integers(0, 9, shape),
        "truth": lambda: random.random(shape) > 0.5,
        "text": lambda: _objects(random, shape),
    }
    names = data.draw(st.lists(st.sampled_from(["y", "z_bytes", 'q"%']), unique=True, max_size=3))
    outputs = {name: np.asarray(kinds[data.draw(st.sampled_from(sorted(kinds)))]()) for name in names}

    def told(print_):
        try:
            return b"".join(print_())
        except ServingError as refusal:
            return refusal.code, refusal.message

    assert told(lambda: encode_long(outputs, by_row, elements)) == told(lambda: [encode.encode(outputs, by_row)])


def _objects(random, shape):
    flat = np.empty(int(np.prod(shape)), object)
    flat[:] = [b"\xc3\xbc" * n for n in random.integers(0, 3, flat.size)]
    return flat.reshape(shape)


@given(st.text("A/+=. \n*", max_size=30), st.integers(1, 8))
def test_the_same_base64(text, piece):
    def told(decode_):
        try:
            return decode_()
        except ServingError as refusal:
            return refusal.message

    kept, leaves._BASE64_PIECE = leaves._BASE64_PIECE, piece
    try:
        long = told(lambda: leaves._from_long_base64(text))
    finally:
        leaves._BASE64_PIECE = kept
    assert long == told(lambda: leaves.decode_base64({"b64": text}))


def test_long_lists_stay_text_until_they_are_looked_at():
    document = parse_long(json.dumps({"instances": [[0.25] * 300_000, [0.5] * 300_000]}).encode())
    rows = document["instances"]
    assert isinstance(rows, LongList)
    assert [len(row) for row in rows] == [300_000, 300_000]
    assert rows[0][0] == 0.25
    found = decode(document, {"x": TensorSpec("x", "DT_FLOAT", None)}).inputs["x"]
    assert found.shape == (2, 300_000)
    assert found[1].min() == 0.5


def test_a_first_row_that_promises_more_than_the_body_holds_is_not_believed():
    """A million rows as long as the first one would be a terabyte."""
    raw = b'{"instances": [[' + b"1," * 10**6 + b"1]" + b",1" * 10**6 + b"]}"
    with pytest.raises(ServingError, match="1 of 'instances' list"):
        decode(parse_long(raw), {"x": TensorSpec("x", "DT_FLOAT", None)})


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_nesting_without_end_is_refused(opening):
    with pytest.raises(ServingError):
        parse_long(b'{"instances": ' + opening * 2 * 10**6)
