"""What is written is what is read, for every task, and no more than was asked for."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.predictions import Answers
from schemas.scored_rows import (
    FILE_NAME,
    METADATA_KEY,
    About,
    ScoredRows,
    Texts,
    arrow_schema,
    read,
    read_about,
    save,
    to_table,
    write,
)

BINARY = About(
    "binary",
    ("<=50K", ">50K"),
    0.4,
    0.5,
    "test",
    ("sex", "größe"),
    ("key", "count"),
    "w",
    baseline_version=3,
    slices=("region",),
)


def binary_rows(about=BINARY):
    one, other = np.float32([0.9, 0.1, 0.25, 0.4]), np.float32([0.1, 0.9, 0.75, 0.6])
    ids = np.empty(4, object)
    ids[:] = ["a", None, "ü", "a"]
    columns = {
        "row": np.arange(4),
        "id_key": ids,
        "id_count": np.array([1, 2, None, 2**60], object),
        "label": np.array([0, 1, -1, 1]),
        "decision": np.array([0, 1, 1, 1]),
        "score_<=50K": one,
        "score_>50K": other,
        "weight": np.array([1, 0.5, 2, 1]),
        "slice_region": Texts.of(["n", "s", None, "n"]),
        "group_sex": Texts.of(["M", None, "F", "M"]),
        "group_größe": np.array([1.5, np.nan, 3, 4]),
        "baseline_decision": np.array([1, 1, 0, 0]),
        "baseline_score_<=50K": other,
        "baseline_score_>50K": one,
    }
    return ScoredRows(about, {name: columns[name] for name in about.columns})


def same(one, other):
    if isinstance(one, Texts):
        return one.texts().tolist() == other.texts().tolist()
    return np.array_equal(one, other, equal_nan=one.dtype.kind == "f") and one.dtype == other.dtype


def test_what_is_saved_is_read(tmp_path):
    rows = binary_rows()
    save(rows, tmp_path / "new")
    found = read(tmp_path / "new")
    assert found.about == BINARY == read_about(tmp_path / "new")
    assert list(found.columns) == list(rows.columns)
    assert [name for name in rows.columns if not same(rows[name], found[name])] == []
    assert found.scores.tolist() == np.stack([rows["score_<=50K"], rows["score_>50K"]], axis=1).tolist()
    assert found.baseline_scores.tolist() == found.scores[:, ::-1].tolist()
    assert (found.label.tolist(), found.decision.tolist()) == ([0, 1, -1, 1], [0, 1, 1, 1])
    assert found.baseline_decision.tolist() == [1, 1, 0, 0]
    assert (found.has_baseline, len(found)) == (True, 4)
    assert found.ids("count").tolist() == [1, 2, None, 2**60]
    assert found.weight.tolist() == [1, 0.5, 2, 1]


def test_the_file_is_the_documented_one(tmp_path):
    path = save(binary_rows(), tmp_path)
    assert path.name == FILE_NAME
    schema = pq.read_schema(path)
    assert {field.name: str(field.type) for field in schema} == {
        "row": "int64", "id_key": "string", "id_count": "int64", "label": "string", "decision": "string",
        "score_<=50K": "float", "score_>50K": "float", "weight": "double", "group_sex": "string",
        "group_größe": "double", "slice_region": "string", "baseline_decision": "string", "baseline_score_<=50K": "float",
        "baseline_score_>50K": "float",
    }  # fmt: skip
    assert pq.read_table(path).column("label").to_pylist() == ["<=50K", ">50K", None, ">50K"]
    assert pq.read_table(path).column("group_größe").to_pylist() == [1.5, None, 3, 4]
    assert json.loads(schema.metadata[METADATA_KEY]) == {
        "task": "binary", "classes": ["<=50K", ">50K"], "threshold": 0.4, "baseline_threshold": 0.5, "split": "test",
        "sensitive": ["sex", "größe"], "ids": ["key", "count"], "weight": "w", "baseline_version": 3,
        "baseline_note": "", "released_version": None, "cluster": [], "caution": "", "slices": ["region"],
    }  # fmt: skip
    assert schema.equals(arrow_schema(BINARY, {"count": "int"}, {"größe": "float"}), check_metadata=True)


def test_only_what_is_asked_for_is_read_and_the_rest_says_how_to_get_it(tmp_path):
    save(binary_rows(), tmp_path)
    found = read(tmp_path, ["label", "group_sex"])
    assert sorted(found.columns) == ["group_sex", "label"]
    with pytest.raises(KeyError, match="'weight' of the scored rows was not read"):
        _ = found.weight
    with pytest.raises(KeyError, match="'group_race' of the scored rows is not in the file"):
        found.group("race")
    with pytest.raises(KeyError, match="no column group_race, sex; they have row, id_key"):
        read(tmp_path, ["sex", "label", "group_race"])


def test_without_a_released_model_its_columns_are_absent(tmp_path):
    about = About("binary", ("no", "yes"), baseline_note="no model was released yet")
    assert about.columns == ("row", "label", "decision", "score_no", "score_yes", "weight")
    assert not about.has_baseline
    assert About("binary", ("no", "yes"), baseline_version=0).columns[-1] == "baseline_score_yes"
    with pytest.raises(KeyError, match="baseline_decision"):
        _ = ScoredRows(about, {}).baseline_decision


def test_regression(tmp_path):
    about = About("regression", baseline_version=1, sensitive=("label",))
    assert about.columns == ("row", "label", "value", "weight", "group_label", "baseline_value")
    columns = {
        "row": np.arange(3),
        "label": np.array([1.5, np.nan, 2.0]),
        "value": np.float32([1, 2, 3]),
        "weight": np.ones(3),
        "group_label": Texts.of(["x", "y", None]),
        "baseline_value": np.float32([3, 2, 1]),
    }
    save(ScoredRows(about, columns), tmp_path)
    found = read(tmp_path)
    assert [name for name in columns if not same(columns[name], found[name])] == []
    assert (found.scores.tolist(), found.baseline_scores.shape) == ([[1], [2], [3]], (3, 1))
    assert about.answers == Answers("regression")


def test_batches_become_row_groups_and_dictionaries_of_their_own_one_column(tmp_path):
    about = About("multiclass", ("a", "b"), sensitive=("g",))
    schema = arrow_schema(about, {}, {})
    parts = [("x", "a", 2), (None, None, 1), ("y", "b", 3), ("x", "a", 1)]
    batches = [
        pa.table([pa.array([0] * n), [label] * n, ["a"] * n, pa.array([0.5] * n, pa.float32()),
                  pa.array([0.5] * n, pa.float32()), pa.array([1.0] * n), pa.array([group] * n, pa.string())],
                 schema=schema)
        for group, label, n in parts
    ]  # fmt: skip
    assert write((batch for batch in batches), schema, tmp_path / FILE_NAME) == 7
    assert pq.ParquetFile(tmp_path / FILE_NAME).num_row_groups == 4
    found = read(tmp_path)
    assert found.group("g").texts().tolist() == ["x", "x", None, "y", "y", "y", "x"]
    assert found.label.tolist() == [0, 0, -1, 1, 1, 1, 0]


def test_no_rows(tmp_path):
    about = About("binary", ("no", "yes"), sensitive=("g",), ids=("i",))
    write([], arrow_schema(about, {}, {}), tmp_path / FILE_NAME)
    found = read(tmp_path)
    assert (len(found), found.scores.shape, found.group("g").texts().tolist()) == (0, (0, 2), [])
    assert found.label.dtype == np.int64


@given(st.lists(st.one_of(st.none(), st.text(max_size=3))))
def test_texts_are_what_they_were_made_of(cells):
    found = Texts.of(cells)
    assert found.texts().tolist() == [cell or None for cell in cells]
    assert (len(found), len(set(found.values))) == (len(cells), len(found.values))


def test_rows_lack_a_column_of_the_file():
    rows = binary_rows()
    with pytest.raises(KeyError, match="weight"):
        to_table(ScoredRows(BINARY, {name: rows[name] for name in rows.columns if name != "weight"}))


def test_rows_of_one_key_have_one_number_and_a_row_without_a_key_has_its_own(tmp_path):
    about = About("regression", cluster=("patient",))
    schema = arrow_schema(about, {}, {})
    columns = {
        "row": [0, 1, 2, 3, 4],
        "label": [1.0] * 5,
        "value": [1.0] * 5,
        "weight": [1.0] * 5,
        "cluster": [2**62, None, -5, 2**62, None],
    }
    write([pa.table(columns, schema)], schema, tmp_path / FILE_NAME)
    found = read(tmp_path, ["cluster"]).cluster
    assert found.dtype == np.int64
    assert found[0] == found[3]
    assert sorted(set(found.tolist())) == [0, 1, 2, 3]
    save(read(tmp_path), tmp_path / "again")
    np.testing.assert_array_equal(read(tmp_path / "again").cluster[[0, 3, 2]], found[[0, 3, 2]])


def test_rows_without_keys_have_no_clusters_and_older_files_are_read(tmp_path):
    save(binary_rows(), tmp_path)
    assert read(tmp_path).cluster is None
    older = json.loads(BINARY.to_json())
    del older["cluster"], older["caution"]
    assert About.from_json(json.dumps(older)) == BINARY
