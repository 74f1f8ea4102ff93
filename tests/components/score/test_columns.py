"""Cells out of serialized tf.Examples, against what the Transform graph and plain Python make of them."""

import math

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from components.score.columns import Columns, dtypes_in, wanted
from components.score.core import Sensitive
from models import preprocessing, raw_columns
from schemas.roles import Roles

LISTS = {bytes: "bytes_list", int: "int64_list", float: "float_list"}
CLASSES = (
    "1",
    "-2",
    "2.5",
    "0.10000000149011612",
    "9007199254740992",
    "1e+20",
    "100000000000000000000",
    "3",
    "yes",
    "ß",
)


def example(**cells):
    """None: the feature is absent.  []: it is there without a value."""
    made = tf.train.Example()
    for name, cell in cells.items():
        values = cell if isinstance(cell, list) else [] if cell is None else [cell]
        if cell is not None:
            getattr(made.features.feature[name], LISTS[type(values[0])] if values else "bytes_list").value.extend(
                values
            )
    return made.SerializeToString()


def take(rows, roles, sensitive=()):
    """The arrays as Python lists, the words, and the columns."""
    batch = tf.constant([example(**row) for row in rows])
    dtypes, _ = dtypes_in([batch], wanted(roles, sensitive))
    columns = Columns(roles, tuple(sensitive), dtypes)
    arrays, words = columns.arrays(columns.parse(batch), len(rows))
    return {name: array.to_pylist() for name, array in arrays.items()}, words, columns


def transformed_label(rows, roles):
    """What training sees: -1 or NaN where the label is unknown."""
    dtype = {bytes: tf.string, int: tf.int64, float: tf.float32}[next(type(r["y"]) for r in rows if r["y"] is not None)]
    batch = tf.constant([example(**row) for row in rows])
    sparse = tf.io.parse_example(batch, {"y": tf.io.VarLenFeature(dtype)})["y"]
    return preprocessing._label(raw_columns.first_values(sparse), roles).numpy().tolist()


CELLS = st.one_of(
    st.lists(st.sampled_from([None, *(c.encode() for c in CLASSES), b"", b"no", b" yes", b"\xff"]), min_size=1),
    st.lists(
        st.one_of(st.none(), st.sampled_from([1, -2, 3, 2**53 + 1, 7]), st.integers(-(2**63), 2**63 - 1)), min_size=1
    ),
    st.lists(
        st.one_of(
            st.none(),
            st.sampled_from([1.0, 2.5, 0.1, 1e20, 3.0, math.inf, math.nan]),
            st.floats(width=32, allow_subnormal=False),
        ),
        min_size=1,
    ),
).filter(lambda cells: any(cell is not None for cell in cells))

#: TensorFlow's first call takes longer than Hypothesis allows an example.
patient = settings(deadline=None)


@patient
@given(CELLS)
def test_a_class_is_known_exactly_where_training_knows_it(cells):
    rows, roles = [{"y": cell} for cell in cells], Roles("y", "multiclass", CLASSES)
    found, _, _ = take(rows, roles)
    expected = [None if place < 0 else CLASSES[place] for place in transformed_label(rows, roles)]
    assert found["label"] == expected


@patient
@given(CELLS.filter(lambda cells: not any(isinstance(c, bytes) for c in cells)))
def test_a_number_is_known_exactly_where_training_knows_it(cells):
    rows, roles = [{"y": cell} for cell in cells], Roles("y", "regression")
    found, _, _ = take(rows, roles)
    with np.errstate(over="ignore"):
        ours = np.array([math.nan if v is None else v for v in found["label"]], np.float64).astype(np.float32)
    np.testing.assert_array_equal(ours, np.array(transformed_label(rows, roles), np.float32))


def test_a_number_label_that_is_held_as_text_is_read_as_training_reads_it():
    rows = [{"y": y} for y in (b" 2.5 ", b"1e3", b"+7", b"two", b"nan", b"inf", b"", None)]
    found, _, _ = take(rows, Roles("y", "regression"))
    assert found["label"] == [2.5, 1000.0, 7.0, None, None, None, None, None]
    assert [v if math.isfinite(v) else None for v in transformed_label(rows, Roles("y", "regression"))] == found[
        "label"
    ]


def test_ids_keep_their_type_and_missing_is_null():
    rows = [{"a": b"\xc3\xbc", "b": 2**60, "c": 0.1}, {"a": b"", "b": None, "c": math.nan}, {"a": [], "b": [3, 4]}]
    found, _, columns = take(rows, Roles("y", "binary", ("0", "1"), ids=("a", "b", "c", "none")))
    assert (found["id_a"], found["id_b"], found["id_c"]) == (["ü", None, None], [2**60, None, 3], [0.1, None, None])
    assert columns.id_kinds == {"a": "text", "b": "int", "c": "float", "none": "text"}
    assert found["id_none"] == found["label"] == [None, None, None]
    assert found["weight"] == [1.0, 1.0, 1.0]


def test_bytes_that_are_no_utf8_stay_one_group():
    found, _, _ = take([{"g": b"a\xff"}, {"g": b"a\xff"}, {"g": b"a"}], Roles("y", "regression"), [Sensitive("g")])
    assert found["group_g"] == ["a�", "a�", "a"]


def test_numbers_of_groups_are_those_that_were_written_so_that_bins_begin_where_they_say():
    rows = [{"g": value} for value in (0.7, 0.1, 40.0, None)]
    found, _, columns = take(rows, Roles("y", "regression"), [Sensitive("g", True)])
    assert found["group_g"] == [0.7, 0.1, 40.0, None]
    assert np.float32(0.7).astype(float) < 0.7, "as float32 it would fall below a bin that begins at 0.7"
    assert columns.group_kinds == {"g": "float"}


@pytest.mark.parametrize(("kind", "expected"), [("category", ["3", "3", None]), ("number", [3.0, 3.0, None])])
def test_integer_codes_are_groups_of_text_where_the_user_calls_them_categories(kind, expected):
    roles = Roles("y", "regression", kinds={"g": kind})
    assert take([{"g": 3}, {"g": 3}, {"g": None}], roles, [Sensitive("g")])[0]["group_g"] == expected


def test_an_ids_column_of_text_with_bins_is_numbers_and_words_in_it_are_told():
    rows = [{"g": b"39"}, {"g": b" +2.5 "}, {"g": b"old"}, {"g": None}, {"g": b"older"}]
    roles = Roles("y", "regression", ids=("g",))
    found, words, columns = take(rows, roles, [Sensitive("g", True)])
    assert found["group_g"][:2] == [39.0, 2.5]
    assert found["group_g"][3] is None
    assert found["id_g"] == ["39", " +2.5 ", "old", None, "older"]
    assert words == {"g": ("old", 2)}
    assert columns.group_kinds == {"g": "float"}
    assert take(rows, roles, [Sensitive("g")])[0]["group_g"] == found["id_g"]


def test_weights_are_one_where_missing():
    rows = [{"w": 2.5}, {"w": None}, {"w": math.nan}, {"w": 0.0}]
    assert take(rows, Roles("y", "regression", weight="w"))[0]["weight"] == [2.5, 1.0, 1.0, 0.0]
    assert take([{"w": 3}, {"w": None}], Roles("y", "regression", weight="w"))[0]["weight"] == [3.0, 1.0]


def test_the_dtype_of_a_column_is_found_wherever_its_first_value_stands():
    early = [example(a=b"x", late=None, never=None)] * 1500
    late = [example(a=b"x", late=None)] * 1200 + [example(a=b"x", late=3)]
    found, seen = dtypes_in([tf.constant(early), tf.constant(late)], ["a", "late", "never"])
    assert found == {"a": "string", "late": "int64"}
    assert seen == {"a"}
