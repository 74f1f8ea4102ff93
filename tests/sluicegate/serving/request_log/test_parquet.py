"""What comes back from Parquet is what was offered."""

import itertools
import math
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from sluicegate.serving.exchange import Exchange, Part, Together
from sluicegate.serving.request_log import kinds, reading
from sluicegate.serving.request_log.settings import RequestLogSettings
from tests.sluicegate.serving.request_log.exchanges import example, exchange, frame_of, texts, writer_of, written


def logged(folder, *exchanges, model="census", **settings):
    """Writes and reads."""
    writer = written(RequestLogSettings(folder, **settings), *exchanges)
    assert (writer.written, writer.failed) == (len(exchanges), 0)
    return reading.read(folder, model)


def test_a_line_for_each_row(tmp_path):
    table = logged(tmp_path, exchange("r1"), exchange("r2", arm="canary", weight=0.1, version=8))
    lines = table.to_pylist()
    assert lines[1] == {
        "request_id": "r1",
        "row": 1,
        "received": datetime(2023, 11, 14, 22, 13, 20, 250_000, UTC),
        "model": "census",
        "version": 7,
        "signature": "serving_raw",
        "api": "Predict",
        "arm": "stable",
        "weight": 0.9,
        "latency_ms": 12.5,
        "input_age": 50.0,
        "input_job": "Farmer",
        "output_scores": [0.5, 0.5],
    }
    assert [(line["request_id"], line["row"]) for line in lines] == [("r1", 0), ("r1", 1), ("r2", 0), ("r2", 1)]
    assert reading.requests(table)["request_id"].to_pylist() == ["r1", "r2"]
    assert reading.inputs_of(table) == ["age", "job"]


def test_requests_of_different_sizes_and_shapes_are_one_table(tmp_path):
    table = logged(
        tmp_path,
        exchange("one", inputs={"x": np.array([1], np.int64)}, outputs={"y": np.array([[1.0]], np.float32)}),
        exchange("three", inputs={"x": np.array([[1, 2]] * 3)}, outputs={"y": np.ones((3, 2), np.float32)}),
        exchange("none", inputs={"x": np.zeros(0, np.int64)}, outputs={"y": np.zeros((0, 1), np.float32)}),
    )
    assert table["input_x"].to_pylist() == [[1], [1, 2], [1, 2], [1, 2]]
    assert table["output_y"].to_pylist() == [[1.0], [1.0, 1.0], [1.0, 1.0], [1.0, 1.0]]


def test_a_request_without_a_common_first_dimension_is_one_line(tmp_path):
    table = logged(
        tmp_path,
        exchange(inputs={"x": np.array([1, 2, 3]), "k": np.array(2)}, outputs={"top": np.array([3, 2])}),
        exchange("r2", inputs={}, outputs={}),
    )
    assert table.select(["row", "input_x", "input_k", "output_top"]).to_pylist() == [
        {"row": 0, "input_x": [1, 2, 3], "input_k": 2, "output_top": [3, 2]},
        {"row": 0, "input_x": None, "input_k": None, "output_top": None},
    ]


def test_examples_become_columns(tmp_path):
    rows = texts(example(age=[39], job=[b"Clerk"]), example(age=[], job=[b"Farmer"], tags=[b"a", b"b"]), b"")
    table = logged(tmp_path, exchange(inputs={"examples": rows}, outputs={"scores": np.zeros(3, np.float32)}))
    assert reading.inputs_of(table) == ["age", "job", "tags"]
    assert table.select(["input_age", "input_job", "input_tags"]).to_pylist() == [
        {"input_age": 39, "input_job": "Clerk", "input_tags": None},
        {"input_age": None, "input_job": "Farmer", "input_tags": ["a", "b"]},
        {"input_age": None, "input_job": None, "input_tags": None},
    ]


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(lambda: (b"\n\x03abc", b"plain"), id="texts"),
        pytest.param(lambda: (example(age=[1]), b"\n\x03abc"), id="one of them is no Example"),
        pytest.param(lambda: (example(age=[1]) + b"\x12\x00", b""), id="a SequenceExample"),
        pytest.param(lambda: (b"\xff\xfe", b""), id="not even UTF-8"),
    ],
)
def test_what_cannot_be_read_as_examples_is_kept_as_bytes(tmp_path, rows):
    values = rows()
    table = logged(tmp_path, exchange(inputs={"examples": texts(*values)}, outputs={}))
    assert table["input_examples"].cast(pa.binary()).to_pylist() == list(values)


def test_features_with_the_name_of_an_input_stay_in_their_bytes(tmp_path):
    value = example(age=[1])
    table = logged(tmp_path, exchange(inputs={"examples": texts(value), "age": np.array([2])}, outputs={}))
    assert table["input_age"].to_pylist() == [2]
    assert table["input_examples"].cast(pa.binary()).to_pylist() == [value]


def test_a_wider_type_begins_a_file_once(tmp_path):
    values = [np.array([1]), np.array([0.5]), np.array([2]), np.array([1.5])]
    exchanges = [exchange(str(n), inputs={"x": v}, outputs={}) for n, v in enumerate(values)]
    writer = writer_of(RequestLogSettings(tmp_path))
    for e in exchanges:
        writer.write([frame_of(e)])
    writer.close()
    assert len(reading.files(tmp_path, "census")) == 2
    assert reading.read(tmp_path, "census")["input_x"].to_pylist() == [1.0, 0.5, 2.0, 1.5]


def test_signatures_have_files_of_their_own_that_read_as_one(tmp_path):
    exchanges = [
        exchange(str(n), signature=("raw", "other")[n % 2], inputs={"ab"[n % 2]: np.array([n])}, outputs={})
        for n in range(10)
    ]
    table = logged(tmp_path, *exchanges)
    assert len(reading.files(tmp_path, "census")) == 2
    assert sorted(x for x in table["input_a"].to_pylist() if x is not None) == [0, 2, 4, 6, 8]
    assert sorted(x for x in table["input_b"].to_pylist() if x is not None) == [1, 3, 5, 7, 9]


def test_a_client_that_makes_up_features_cannot_widen_the_table_without_end(tmp_path, monkeypatch):
    monkeypatch.setattr("sluicegate.serving.request_log.parquet.MOST_COLUMNS", 13)
    exchanges = [exchange(str(n), inputs={"examples": texts(example(**{f"f{n}": [n]}))}, outputs={}) for n in range(9)]
    table = logged(tmp_path, *exchanges)
    assert table.num_rows == 9
    assert table.num_columns == 13


def test_reading_some_columns_since_a_time(tmp_path):
    early, late = exchange("early"), exchange("late", received=1_700_000_100.0)
    logged(tmp_path, early, late)
    since = datetime.fromtimestamp(1_700_000_050, UTC)
    table = reading.read(tmp_path, "census", columns=["request_id", "input_age"], since=since)
    assert table.to_pydict() == {"request_id": ["late", "late"], "input_age": [39.0, 50.0]}


def test_a_column_whose_name_has_a_dot_is_itself(tmp_path):
    logged(tmp_path, exchange(inputs={"a": np.array([1]), "a.b": np.array([2])}, outputs={}))
    assert reading.read(tmp_path, "census", ["input_a"]).to_pydict() == {"input_a": [1]}
    assert reading.read(tmp_path, "census", ["input_a.b"]).to_pydict() == {"input_a.b": [2]}


def test_nothing_logged_is_an_empty_table(tmp_path):
    table = reading.read(tmp_path / "nowhere", "census")
    assert table.num_rows == 0
    assert "request_id" in table.column_names


# -- by hypothesis

DTYPES = [np.float32, np.float64, np.int8, np.int64, np.uint8, np.bool_]


@st.composite
def tensors(draw, rows):
    result = {}
    for name in draw(st.sets(st.text(max_size=5).filter(lambda s: s.isprintable()), max_size=4)):
        inner = draw(st.sampled_from([(), (1,), (2,), (2, 3)]))
        if draw(st.booleans()):
            result[name] = draw(arrays.arrays(draw(st.sampled_from(DTYPES)), (rows, *inner)))
        else:
            count = rows * math.prod(inner)
            values = draw(st.lists(st.text(max_size=6), min_size=count, max_size=count))
            result[name] = texts(*[v.encode("utf-8", "surrogatepass") for v in values]).reshape(rows, *inner)
    return result


@st.composite
def parts(draw):
    """One request by itself, or several of those that ran together, in any order."""
    if draw(st.booleans()):
        rows = draw(st.integers(1, 3))
        return [Part(Together(draw(tensors(rows)), draw(tensors(rows))))]
    sizes = draw(st.lists(st.integers(1, 3), min_size=1, max_size=4))
    rows = sum(sizes) + draw(st.integers(0, 2))
    together = Together({"x": np.arange(rows), **draw(tensors(rows))}, draw(tensors(rows)))
    found = [Part(together, sum(sizes[:n]), size) for n, size in enumerate(sizes)]
    return draw(st.lists(st.sampled_from(found), min_size=1, max_size=4, unique_by=id))


@st.composite
def exchanges(draw):
    return [
        Exchange(
            draw(st.text(max_size=10)),
            draw(st.floats(0, 4e9)),
            "census",
            draw(st.integers(0, 2**63 - 1)),
            draw(st.sampled_from(["a", "b"])),
            "Predict",
            draw(st.sampled_from(["stable", "canary", "shadow"])),
            draw(st.floats(0, 1)),
            draw(st.floats(0, 100)),
            part,
        )
        for part in draw(parts())
    ]


def leaves(value):
    """The values of nested lists in order; how deep they lie may be another's doing, who sent a list."""
    return [leaf for item in value for leaf in leaves(item)] if isinstance(value, list) else [value]


def same(got, want):
    """Equal up to what a wider type does to a value: in a column of texts 1 is "1" and False may have been 0 before."""
    if isinstance(got, str):
        got = got.encode()
    if not isinstance(got, bytes) or isinstance(want, bytes):
        return got == want or math.isclose(got, want, rel_tol=1e-6) or (math.isnan(got) and math.isnan(want))
    text = got.decode()
    number = float({"true": "1", "false": "0"}.get(text, text))
    return same(number, want) or bool(np.float32(number) == np.float32(want))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(exchanges(), min_size=1, max_size=4))
def test_any_exchanges_come_back(tmp_path_factory, offered):
    numbered = [e._replace(request_id=f"{n} {e.request_id}") for n, e in enumerate(itertools.chain(*offered))]
    lines = logged(tmp_path_factory.mktemp("log"), *numbered).to_pylist()
    by_key = {(line["request_id"], line["row"]): line for line in lines}
    for e in numbered:
        sizes = [array.shape[0] for array in (*e.part.inputs.values(), *e.part.outputs.values())]
        for row in range(sizes[0] if sizes else 1):
            line = by_key.pop((e.request_id.encode("utf-8", "backslashreplace").decode(), row))
            assert (line["arm"], line["version"], line["weight"]) == (e.arm, e.version, e.weight)
            for prefix, tensors_ in (("input_", e.part.inputs), ("output_", e.part.outputs)):
                for name, array in tensors_.items():
                    got, want = leaves(line[prefix + name]), array[row : row + 1].ravel().tolist()
                    assert len(got) == len(want)
                    assert all(map(same, got, want)), (name, got, want)
    assert not by_key


LEAVES = [pa.null(), pa.bool_(), pa.int64(), pa.uint8(), pa.float32(), pa.float64(), pa.string(), pa.binary()]
TYPES = [kind for leaf in LEAVES for kind in (leaf, pa.list_(leaf), pa.list_(pa.list_(leaf)))]


@pytest.mark.parametrize("one", TYPES, ids=str)
def test_the_join_of_two_types_holds_both(one, tmp_path: Path):
    for other in TYPES:
        joined = kinds.join(one, other)
        assert kinds.join(other, one) == joined
        assert kinds.join(joined, one) == kinds.join(joined, other) == joined
        for kind in (one, other):
            assert kinds.fit(pa.nulls(2, kind), joined).to_pylist() == [None, None]
    assert kinds.join(one, one) == one


def test_a_value_made_to_fit():
    assert kinds.fit(pa.array([1, None, 3]), pa.list_(pa.list_(pa.binary()))).to_pylist() == [[[b"1"]], None, [[b"3"]]]
    assert kinds.fit(pa.array([[], [True]]), pa.list_(pa.float64())).to_pylist() == [[], [1.0]]
