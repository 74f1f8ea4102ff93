"""The quick way to read many tf.Examples finds what the slow way finds, or says that it cannot."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluicegate.serving.request_log import columns, examples
from sluicegate.serving.request_log.example_parser import parse
from tests.sluicegate.serving.request_log.exchanges import example, texts

INTS = st.integers(-(2**63), 2**63 - 1)
FLOATS = st.floats(width=32, allow_nan=False)
VALUES = {"i": INTS, "f": FLOATS, "b": st.binary(max_size=200), "ä": st.text(max_size=3).map(str.encode), "j": INTS}
ROWS = st.fixed_dictionaries({}, optional={name: st.lists(one, min_size=1, max_size=3) for name, one in VALUES.items()})
FULL = {"age": [39], "wage": [1.5], "job": [b"Clerk"]}


def slow(raw):
    return {
        name: column.to_pylist() for name, column in columns.feature_columns([examples.parse(r) for r in raw]).items()
    }


def quick(raw):
    found = columns._features_in(texts(*raw))
    return {name: column.to_pylist() for name, column in found.items()}


@settings(max_examples=80, deadline=None)
@given(st.lists(ROWS.filter(bool), min_size=1, max_size=6))
def test_both_ways_find_the_same(rows):
    raw = [example(**row) for row in rows] * columns._MANY
    assert quick(raw) == slow(raw)


def test_plain_rows_go_the_quick_way():
    found = parse([example(**FULL)] * 3)
    assert {name: (one.values.tolist(), one.counts.tolist()) for name, one in found.items()} == {
        "age": ([39] * 3, [1] * 3),
        "wage": ([1.5] * 3, [1] * 3),
        "job": ([b"Clerk"] * 3, [1] * 3),
    }


def test_a_feature_that_only_a_later_row_has_is_found():
    found = parse([example(**FULL), example(**FULL, late=[7])])
    assert found["late"].counts.tolist() == [0, 1]


@pytest.mark.parametrize(
    "odd",
    [
        example(**(FULL | {"age": [b"39"]})),
        example(**FULL, empty=[]),
        example(**FULL) + b"\x1a\x01x",
        example(**FULL) + example(**FULL),
        b"\nno example",
        b"",
    ],
    ids=["another kind", "an empty list", "an unknown field", "twice", "a text", "nothing"],
)
def test_what_the_quick_way_would_lose_goes_the_slow_way(odd):
    assert parse([example(**FULL), odd]) is None
    assert parse([odd, example(**FULL)]) is None


def test_the_bytes_of_a_varint():
    values = [0, 127, 128, 2**14 - 1, 2**14, 2**56, 2**63 - 1, -1]
    found = parse([example(n=values)])
    assert found["n"].values.tolist() == values
    assert np.array_equal(found["n"].counts, [len(values)])
