import datetime
import decimal
import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import sluicegate
from schemas import release
from schemas.errors import DataError, ModelError
from schemas.reading import Reading
from schemas.release import Release
from sluicegate.serving import predictor as predictor_module
from tests.sluicegate.serving import our_models, tiny_models

SIZE, WORD = "größe in m", "a word"
ROWS = [
    {SIZE: 0.25, "code": 3, WORD: "yes", "flag": "true"},
    {SIZE: None, "code": None, WORD: None, "flag": None},
    {SIZE: -2.5, "code": 7, WORD: "no", "flag": "false"},
]


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    base = tmp_path_factory.mktemp("ours") / "shop"
    for version in (1, 2, 10):
        our_models.save(base, version)
    return base


@pytest.fixture(scope="module")
def model(base):
    with sluicegate.load(base / "1") as loaded:
        yield loaded


def expected(rows):
    return np.array([our_models.positive(row) for row in rows], np.float32)


def test_importing_loads_nothing_heavy():
    code = "import sys, sluicegate; print(sorted({'numpy', 'pyarrow', 'tensorflow', 'tfx'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_predicting_needs_neither_tfx_nor_beam(base):
    code = (
        "import sys, sluicegate\n"
        "rows = [{'größe in m': '1', 'code': 1, 'a word': '', 'flag': True}]\n"
        f"print(sluicegate.load({str(base)!r}).predict(rows).to_pylist())\n"
        "print([name for name in ('tfx', 'apache_beam', 'ml_metadata') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    answer, heavy = done.stdout.splitlines()
    assert "'decision': 'yes'" in answer
    assert heavy == "[]"


def test_dicts(model):
    found = model.predict(ROWS)
    np.testing.assert_allclose(found.scores[:, 1], expected(ROWS), rtol=1e-6)
    np.testing.assert_allclose(found.scores.sum(axis=1), 1, rtol=1e-6)
    assert found.scores.dtype == np.float32
    assert found.classes == ("no", "yes")
    assert found.decisions.tolist() == ["yes", "no", "no"]
    assert len(found) == 3


def test_predictions_as_rows_and_as_arrow(model):
    found = model.predict(ROWS)
    assert found.to_pylist()[0] == {
        "decision": "yes",
        "score_no": pytest.approx(1 - our_models.positive(ROWS[0]), abs=1e-6),
        "score_yes": pytest.approx(our_models.positive(ROWS[0]), abs=1e-6),
    }
    assert found.to_arrow().schema.names == ["decision", "score_no", "score_yes"]


FORMS = {
    "dicts that lack keys": lambda: [{k: v for k, v in row.items() if v is not None} for row in ROWS],
    "texts": lambda: [{k: "" if v is None else f" {v} " for k, v in row.items()} for row in ROWS],
    "NaN": lambda: [{k: float("nan") if v is None else v for k, v in row.items()} for row in ROWS],
    "DataFrame": lambda: pd.DataFrame(ROWS),
    "DataFrame of categories": lambda: pd.DataFrame(ROWS).astype({WORD: "category", "flag": "category"}),
    "DataFrame of Int64": lambda: pd.DataFrame(ROWS).astype({"code": "Int64"}),
    "DataFrame of many indexes": lambda: pd.DataFrame(ROWS, index=[5, 5, 5]),
    "Table": lambda: pa.Table.from_pylist(ROWS),
    "Table of chunks": lambda: pa.concat_tables(
        [pa.Table.from_pylist(ROWS[:1]), pa.Table.from_pylist(ROWS[1:])], promote_options="permissive"
    ),
    "RecordBatch": lambda: pa.RecordBatch.from_pylist(ROWS),
    "dict of lists": lambda: {name: [row[name] for row in ROWS] for name in ROWS[0]},
    "dict of arrays": lambda: {
        SIZE: np.array([0.25, np.nan, -2.5], np.float32),
        "code": pa.array([3, None, 7], pa.uint8()),
        WORD: pd.Series(["yes", None, "no"]),
        "flag": np.array([True, None, False], object),
    },
    "mixed types": lambda: {
        SIZE: ["0.25", None, -2.5],
        "code": [3.0, "", "7"],
        WORD: ["yes", float("nan"), "no"],
        "flag": ["TRUE", "", False],
    },
    "extra columns": lambda: [{**row, "label": object(), "id": number} for number, row in enumerate(ROWS)],
    "decimals": lambda: [{**row, SIZE: None if row[SIZE] is None else decimal.Decimal(str(row[SIZE]))} for row in ROWS],
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_the_same_rows_is_the_same(model, form):
    np.testing.assert_allclose(model.predict(FORMS[form]()).scores[:, 1], expected(ROWS), rtol=1e-6)


def test_a_number_for_a_text_column_is_its_text():
    from sluicegate.serving import rows
    from sluicegate.serving.rows import Input

    inputs = [Input("w", "w", Reading())]
    day = datetime.datetime(2024, 1, 31, 10)  # noqa: DTZ001
    for values, texts in [
        ([3, None], [b"3", b""]),
        ([3.0, 2.5], [b"3", b"2.5"]),
        ([True, False], [b"true", b"false"]),
        ([day, None], [b"2024-01-31T10:00:00", b""]),
        ([day.date()], [b"2024-01-31"]),
        ([b"\xc3\xa4", None], ["ä".encode(), b""]),
        ([3, "x", True, None, 2.0], [b"3", b"x", b"true", b"", b"2"]),
    ]:
        columns = rows.read({"w": values}, ["w"])
        found = rows.tensors(inputs, columns.arrays, len(values), rows.in_memory)
        assert found["w"].tolist() == texts


def test_only_a_column_of_booleans_forgets_its_case(model):
    a, b = model.predict([{**ROWS[0], "flag": "True"}, {**ROWS[0], "flag": "true"}]).scores[:, 1]
    assert a == b
    upper, lower = model.predict([{**ROWS[0], WORD: "YES"}, {**ROWS[0], WORD: "yes"}]).scores[:, 1]
    assert upper != lower


def test_texts_that_mean_nothing_are_the_callers_word(base):
    rows = [{**ROWS[0], SIZE: "?", WORD: "NA"}]
    blank = [{**ROWS[0], SIZE: None, WORD: None}]
    found = sluicegate.load(base, missing=("?", "NA")).predict(rows)
    np.testing.assert_allclose(found.scores[:, 1], expected(blank), rtol=1e-6)


def test_no_rows_are_no_answers(model):
    for rows in ([], {}, pd.DataFrame(ROWS)[:0], pa.Table.from_pylist(ROWS)[:0]):
        found = model.predict(rows)
        assert found.scores.shape == (0, 2)
        assert found.to_pylist() == []


def test_many_rows_go_in_batches_and_keep_their_order(model, monkeypatch):
    monkeypatch.setattr(predictor_module, "BATCH_ROWS", 7)
    many = [{**ROWS[0], SIZE: number / 100} for number in range(100)]
    np.testing.assert_allclose(model.predict(many).scores[:, 1], expected(many), rtol=1e-6)
    assert model.predict(many[:14]).scores.shape == (14, 2)
    with pytest.raises(DataError, match=r"row 93 \(from 0\), column 'code'"):
        model.predict([*many[:93], {**ROWS[0], "code": "x"}])


def test_a_column_that_no_row_has(model):
    rows = [{"Größe in M": 1.0, "code": 1}]
    with pytest.raises(DataError) as caught:
        model.predict(rows)
    said = str(caught.value)
    for name in (SIZE, WORD, "flag"):
        assert f"column {name!r}" in said
    assert "did you mean 'Größe in M'?" in said
    assert "allow_missing=True" in said
    found = model.predict(rows, allow_missing=True)
    np.testing.assert_allclose(found.scores[:, 1], expected([{"code": 1}]), rtol=1e-6)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{**ROWS[0]}, {**ROWS[0], SIZE: "tall"}], ["row 1 (from 0), column 'größe in m'", "'tall'", "a number"]),
        ([{**ROWS[0], "code": "3.5"}], ["'3.5'", "a whole number of 64 bits"]),
        ([{**ROWS[0], "code": 3.5}], ["3.5", "a whole number of 64 bits"]),
        ([{**ROWS[0], "code": 2**70}], [str(2**70), "a whole number of 64 bits"]),
        ([{**ROWS[0], "code": "9999999999999999999"}], ["'9999999999999999999'"]),
        ([{**ROWS[0], SIZE: [1, 2]}], ["column 'größe in m'", "one number, text, boolean or date per row"]),
        ([{**ROWS[0], SIZE: object()}], ["column 'größe in m'", "one number, text"]),
        ([ROWS[0], 3], ["row 1 (from 0)", "a int", "a dict per row"]),
        (ROWS[0], ["in", "put a single row into a list"]),
        ({SIZE: [1, 2], "code": [1]}, ["columns of one length"]),
        ("rows", ["a str", "a list of dicts"]),
        (pd.DataFrame([[1, 2]], columns=["code", "code"]), ["the name stands twice"]),
    ],
)
def test_rows_that_cannot_be_scored(model, rows, said):
    with pytest.raises(DataError) as caught:
        model.predict(rows)
    for part in said:
        assert part in str(caught.value)


def test_all_wrong_columns_are_said_at_once(model):
    with pytest.raises(DataError) as caught:
        model.predict([{**ROWS[0], SIZE: "tall", "code": "x"}])
    assert len(caught.value.problems) == 2


def test_threads(model):
    many = [{**ROWS[0], SIZE: number / 100} for number in range(500)]
    with ThreadPoolExecutor(8) as pool:
        for found in pool.map(lambda _: model.predict(many), range(40)):
            np.testing.assert_allclose(found.scores[:, 1], expected(many), rtol=1e-6)


@pytest.mark.parametrize("task", ["multiclass", "regression"])
def test_other_tasks(tmp_path, task):
    with sluicegate.load(our_models.save(tmp_path / "m", task=task)) as loaded:
        found = loaded.predict(ROWS)
    value = our_models.number(ROWS[0])
    if task == "regression":
        assert found.scores.shape == (3, 1)
        assert found.to_pylist()[0] == {"value": pytest.approx(value)}
    else:
        assert found.decisions[0] == "c"
        assert found.to_arrow().schema.names == ["decision", "score_a", "score_b", "score_c"]


def test_which_version(base, tmp_path):
    shop = shutil.copytree(base, tmp_path / "shop")
    assert predictor_module.chosen(shop) == shop / "10"
    release.write(Release(), shop)
    assert predictor_module.chosen(shop) == shop / "10"
    release.write(Release(stable=2), shop)
    assert predictor_module.chosen(shop) == shop / "2"
    assert predictor_module.chosen(shop, 1) == shop / "1"
    assert predictor_module.chosen(shop / "1") == shop / "1"
    assert sluicegate.load(shop).version == 2


def test_a_version_that_is_not_there(base, tmp_path):
    shop = shutil.copytree(base, tmp_path / "shop")
    with pytest.raises(ModelError, match=r"(?s)version 7 is not there.*1, 2, 10"):
        predictor_module.chosen(shop, 7)
    release.write(Release(stable=3), shop)
    with pytest.raises(ModelError, match=r"version 3, which release\.json calls stable"):
        sluicegate.load(shop)
    (shop / "release.json").write_text("{")
    with pytest.raises(ModelError, match=r"release\.json cannot be used"):
        sluicegate.load(shop)


def test_folders_without_a_model(tmp_path):
    with pytest.raises(ModelError, match="no such folder"):
        sluicegate.load(tmp_path / "none")
    with pytest.raises(ModelError, match="no version"):
        sluicegate.load(tmp_path)


def test_any_other_savedmodel_is_refused_by_what_it_lacks(tmp_path):
    with pytest.raises(ModelError, match=r"no assets\.extra/model\.json"):
        sluicegate.load(tiny_models.save(tmp_path, 1))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format_version": 2}, "format version 2"),
        ({"inputs": {}}, "signatures: serving_raw"),
        ({"inputs": {"x": {"input": "x", "example_dtype": "string"}}}, "signatures: serving_raw"),
        ({"classes": None}, "without classes"),
        (None, "model.json"),
    ],
)
def test_a_description_that_does_not_fit(base, tmp_path, change, said):
    folder = shutil.copytree(base / "1", tmp_path / "1")
    content = {**our_models.described(), **(change or {})}
    text = json.dumps({key: value for key, value in content.items() if value is not None or key == "threshold"})
    (folder / "assets.extra" / "model.json").write_text(text if change else "{")
    with pytest.raises(ModelError, match=said):
        sluicegate.load(folder)


def test_a_torn_model(base, tmp_path):
    folder = shutil.copytree(base / "1", tmp_path / "1")
    (folder / "saved_model.pb").write_bytes(b"torn")
    with pytest.raises(ModelError, match="a complete SavedModel"):
        sluicegate.load(folder)
