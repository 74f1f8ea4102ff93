"""The real executor on Examples that ExampleGen wrote, with SavedModels, against the models called directly."""

import csv
import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from tfx.types.standard_artifacts import Model

from components.example_gen.executor import write_examples
from components.score.executor import _cluster
from components.score.shards import BATCH_ROWS
from schemas.errors import DataError, ModelError, SettingsError
from schemas.file_names import MODEL_DESCRIPTION
from schemas.predictions import Answers
from schemas.roles import Roles
from schemas.scored_rows import Texts, read
from sluicegate.tables.columns.inspection import examine
from sluicegate.tables.columns.profiling import tables_of
from sluicegate.tables.source import Source, SplitRule
from tests.components import tiny_model
from tests.components.score.world import Scored, records_in, score, shards_of, table_of, tiny
from tests.components.through_executor import artifact
from tests.models.conftest import ODD_ROLES, odd_rows, train
from tests.models.table import schema_of

BINARY = Answers("binary", ("no", "yes"), 0.4)
ROLES = Roles("y", "binary", BINARY.classes)
SENSITIVE = ({"column": "Größe in m", "bins": [0]}, "2nd/flag", "code", "customer id", "a b")
UNLABELLED = (3, 250)


@dataclass(frozen=True)
class Odd:
    """A table with odd names, from CSV to a trained model and its predictions.  frame : the test rows."""

    frame: pd.DataFrame
    records: list[bytes]
    model: Path
    scored: Scored


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    folder = tmp_path_factory.mktemp("odd")
    splits = {"train": odd_rows(1200, 1), "eval": odd_rows(300, 2), "test": odd_rows(400, 3)}
    splits["test"].loc[5, "2nd/flag"] = None
    trained = train(splits, ODD_ROLES, folder / "trained")
    (folder / "model").mkdir()
    (folder / "trained" / "model").rename(folder / "model" / "Format-Serving")
    table = pd.concat([frame.assign(split=name) for name, frame in splits.items()])
    table.to_csv(folder / "odd.csv", index=False, quoting=csv.QUOTE_MINIMAL)
    roles = trained.roles
    source = Source(str(folder / "odd.csv"), roles.label, split=SplitRule("split"), positive="ja", weight=roles.weight,
                    ids=roles.ids, kinds={name: kind for name, kind in roles.kinds.items() if name != "code"})  # fmt: skip
    # The schema keeps integer codes integers, as a curated one does; the settings' word would make them text.
    schema = schema_of(splits["train"])
    write_examples(tables_of(examine(source, schema))["test"], str(folder / "written"))
    records = records_in(folder / "written")
    for row in UNLABELLED:
        example = tf.train.Example.FromString(records[row])
        del example.features.feature[roles.label]
        records[row] = example.SerializeToString()
    examples = shards_of(folder / "examples", records, 150, 0, 249, 1)
    scored = score(examples, folder / "model", roles, folder / "out", SENSITIVE)
    return Odd(splits["test"].reset_index(drop=True), records, folder / "model", scored)


def test_scores_are_the_models_own_in_the_order_of_the_shards(odd):
    model = tf.saved_model.load(str(odd.model / "Format-Serving"))
    direct = model.signatures["serving_default"](examples=tf.constant(odd.records))["scores"].numpy()
    found = odd.scored.rows
    assert found["row"].tolist() == list(range(400))
    np.testing.assert_allclose(found.scores, direct, atol=2e-7)
    assert len(np.unique(direct[:, 1])) > 300
    threshold = model.decision_threshold.numpy()
    assert found.about.threshold == pytest.approx(threshold)
    np.testing.assert_array_equal(found.decision, (found.scores[:, 1] >= found.about.threshold).astype(int))
    assert 0 < found.decision.sum() < 400


def test_label_weight_ids_and_groups_are_the_tables(odd):
    found, frame = odd.scored.rows, odd.frame
    label = frame["label/text"].map({"nein": 0, "ja": 1}).to_numpy().copy()
    label[list(UNLABELLED)] = -1
    assert found.label.tolist() == label.tolist()
    assert found.weight.tolist() == frame["row weight"].tolist()
    assert found.ids("customer id").tolist() == frame["customer id"].tolist()
    assert found.group("customer id").texts().tolist() == frame["customer id"].tolist()
    assert found.group("2nd/flag").texts().tolist() == [None if pd.isna(v) else v for v in frame["2nd/flag"]]
    assert found.group("code").texts().tolist() == frame["code"].astype(str).tolist(), "kind: category"
    np.testing.assert_allclose(found.group("Größe in m"), frame["Größe in m"], rtol=1e-7)
    np.testing.assert_allclose(found.group("a b"), frame["a b"], rtol=1e-6)
    assert np.isnan(found.group("a b")).sum() > 10


def test_what_the_artifact_says(odd):
    about = odd.scored.rows.about
    assert (about.task, about.classes, about.split) == ("binary", ("nein", "ja"), "test")
    assert about.sensitive == ("Größe in m", "2nd/flag", "code", "customer id", "a b")
    assert (about.ids, about.weight) == (("customer id",), "row weight")
    assert (about.baseline_version, about.baseline_note) == (None, "no model was released yet")
    assert odd.scored.int_property("rows") == 400
    assert odd.scored.int_property("baseline_version") is None
    assert odd.scored.files == ["predictions.parquet"]


@pytest.mark.parametrize("name", ["2nd/flagg", "split"])
def test_a_sensitive_column_that_is_not_in_the_examples_is_refused(odd, tmp_path, name):
    examples = shards_of(tmp_path / "examples", odd.records[:20], 20)
    with pytest.raises(SettingsError, match="not in the examples") as refused:
        score(examples, odd.model, ODD_ROLES, tmp_path / "out", [name])
    assert ("did you mean '2nd/flag'?" in str(refused.value)) == (name == "2nd/flagg")


def test_a_feature_without_any_value_in_the_split_is_a_group_of_its_own(odd, tmp_path):
    records = []
    for record in odd.records[:20]:
        example = tf.train.Example.FromString(record)
        example.features.feature.pop("2nd/flag", None)
        records.append(example.SerializeToString())
    scored = score(shards_of(tmp_path / "examples", records, 20), odd.model, ODD_ROLES, tmp_path / "out", ["2nd/flag"])
    assert scored.rows.group("2nd/flag").texts().tolist() == [None] * 20


def rows_of(folder, count=50, **more):
    x = np.linspace(-3, 3, count).tolist()
    return table_of(folder, x=x, y=["yes" if v > 0 else "no" for v in x], **more), np.array(x)


def test_several_batches_and_shards_number_their_rows_through(tmp_path):
    count = BATCH_ROWS + 900
    x = np.linspace(-3, 3, 2 * count).astype(np.float32)
    folder, _ = rows_of(tmp_path / "all", 2 * count)
    examples = shards_of(tmp_path / "examples", records_in(folder / "Split-test"), count, count)
    found = score(examples, tiny(tmp_path / "m", BINARY), ROLES, tmp_path / "out").rows
    assert found["row"].tolist() == list(range(2 * count))
    np.testing.assert_allclose(found.scores, tiny_model.scores("binary", x, 1.5), atol=1e-6)
    np.testing.assert_array_equal(found.label, x > 0)


def test_the_released_model_answers_on_the_same_rows_at_its_own_threshold(tmp_path):
    examples, x = rows_of(tmp_path / "e")
    released = artifact(Model, tiny(tmp_path / "r", Answers("binary", ("no", "yes"), 0.7), 0.5), version=4, empty=0)
    scored = score(examples, tiny(tmp_path / "m", BINARY), ROLES, tmp_path / "out", baseline=released)
    found, theirs = scored.rows, tiny_model.scores("binary", x, 0.5)
    np.testing.assert_allclose(found.baseline_scores, theirs, atol=1e-6)
    np.testing.assert_array_equal(found.baseline_decision, theirs[:, 1] >= 0.7)
    np.testing.assert_array_equal(found.decision, tiny_model.scores("binary", x, 1.5)[:, 1] >= 0.4)
    assert (found.about.baseline_version, found.about.baseline_threshold) == (4, 0.7)
    assert scored.int_property("baseline_version") == 4


KEYED = Source("t.csv", "y", split=SplitRule(key=("who", "where"))).split_record


def test_rows_of_one_key_are_one_cluster_over_batches_and_shards(tmp_path):
    who = ["a", "b", None, "a", None, "b"] * 2000
    where = [1, 1, None, 1, None, 2] * 2000
    folder = table_of(tmp_path / "all", x=[0.5] * 12_000, y=["no"] * 12_000, who=who, where=where)
    examples = shards_of(tmp_path / "examples", records_in(folder / "Split-test"), 9000, 3000)
    found = score(examples, tiny(tmp_path / "m", BINARY), ROLES, tmp_path / "out", split=KEYED.to_json()).rows
    assert found.about.cluster == ("who", "where")
    cluster = found.cluster.reshape(2000, 6)
    assert np.array_equal(cluster[:, 0], cluster[:, 3])
    assert [len(np.unique(cluster[:, place])) for place in range(6)] == [1, 1, 2000, 1, 2000, 1]
    assert len(np.unique(cluster)) == 3 + 4000


def test_equal_rows_that_go_together_without_named_columns_are_equal_in_all_features():
    together = SplitRule(repeats="together")
    record = Source("t.csv", "y", split=together).split_record
    inputs = frozenset({"b", "a"})
    assert _cluster(record, inputs) == ("a", "b")
    assert _cluster(Source("t.csv", "y", split=replace(together, columns=("a",))).split_record, inputs) == ("a",)
    assert _cluster(Source("t.csv", "y", split=replace(together, key=("who",))).split_record, inputs) == ("who",)
    assert _cluster(Source("t.csv", "y", split=SplitRule(repeats="apart")).split_record, inputs) == ()
    assert _cluster(None, inputs) == ()


def test_a_released_model_whose_column_was_left_out_is_said_to_be_at_a_disadvantage(tmp_path):
    examples, _ = rows_of(tmp_path / "e")
    folder = tiny(tmp_path / "r", BINARY)
    [file] = folder.rglob(MODEL_DESCRIPTION)
    file.write_text(json.dumps({**json.loads(file.read_text()), "inputs": {"x": {}, "ward": {}}}))
    released = artifact(Model, folder, version=4, empty=0, record=json.dumps({"split": json.loads(KEYED.to_json())}))
    made = score(examples, tiny(tmp_path / "m", BINARY), ROLES, tmp_path / "out", (), released, split=KEYED.to_json())
    assert made.rows.about.has_baseline
    assert made.rows.about.caution.startswith("Version 4 reads columns that this run leaves out ('ward')")


def test_a_key_that_is_not_in_the_examples_makes_no_clusters(tmp_path):
    folder = table_of(tmp_path / "all", x=[0.5] * 50, y=["no"] * 50, who=["a"] * 50)
    found = score(folder, tiny(tmp_path / "m", BINARY), ROLES, tmp_path / "out", split=KEYED.to_json()).rows
    assert found.about.cluster == ()
    assert found.cluster is None


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ({"split": json.loads(KEYED.to_json())}, ""),
        (
            {"split": {"rule": "whole_row", "label": "y", "shares": [0.8, 0.1, 0.1]}},
            "another split rule (by whole rows",
        ),
        ({}, "released without a record of its split rule"),
    ],
    ids=["same", "other", "older release"],
)
def test_a_released_model_that_may_have_trained_on_these_rows_is_said(tmp_path, record, said):
    examples, _ = rows_of(tmp_path / "e")
    released = artifact(Model, tiny(tmp_path / "r", BINARY), version=4, empty=0, record=json.dumps(record))
    made = score(examples, tiny(tmp_path / "m", BINARY), ROLES, tmp_path / "out", (), released, split=KEYED.to_json())
    assert made.rows.about.caution.startswith("Version 4 was ") if said else made.rows.about.caution == ""
    assert said in made.rows.about.caution
    first = score(examples, tiny(tmp_path / "m2", BINARY), ROLES, tmp_path / "out2", split=KEYED.to_json())
    assert first.rows.about.caution == ""


def emptied(folder: Path) -> Path:
    (folder / "Format-Serving" / "assets.extra" / "model.json").unlink()
    return folder


def broken(folder: Path) -> Path:
    (folder / "Format-Serving" / "saved_model.pb").write_bytes(b"not a graph")
    return folder


def mislabelled(folder: Path) -> Path:
    """A regression that says that it is binary."""
    described = tiny(folder / "binary", BINARY) / "Format-Serving" / "assets.extra" / "model.json"
    described.replace(tiny(folder, Answers("regression")) / "Format-Serving" / "assets.extra" / "model.json")
    return folder


def needs_more(folder: Path) -> Path:
    """A model that has an error for examples without the column `gone`."""

    class More(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
        def serve(self, examples):
            gone = tf.io.parse_example(examples, {"gone": tf.io.FixedLenFeature([], tf.float32)})["gone"]
            return {"scores": tf.stack([1 - gone, gone], axis=1)}

    tiny(folder, BINARY)
    model = More()
    tf.saved_model.save(model, str(folder / "Format-Serving"), {"serving_default": model.serve})
    return folder


@pytest.mark.parametrize(
    ("make", "properties", "note"),
    [
        (lambda folder: folder, {"empty": 1}, "no model was released yet"),
        (lambda folder: tiny(folder, Answers("multiclass", ("a", "b", "c"))), {}, "has task multiclass with classes"),
        (lambda folder: tiny(folder, Answers("regression")), {}, "has task regression, the new one task binary"),
        (lambda folder: emptied(tiny(folder, BINARY)), {}, "nothing says what its scores stand for"),
        (lambda folder: broken(tiny(folder, BINARY)), {}, "the released model cannot answer: "),
        (mislabelled, {}, "of shape (50, 1) where (50, 2) is due"),
        (needs_more, {}, "the released model cannot answer: InvalidArgumentError"),
    ],
    ids=["empty", "other classes", "other task", "foreign", "broken", "mislabelled", "asks for a column that is gone"],
)
def test_a_released_model_that_cannot_be_compared_leaves_no_columns_and_says_why(tmp_path, make, properties, note):
    examples, x = rows_of(tmp_path / "e")
    released = artifact(Model, make(tmp_path / "r"), version=4, **properties)
    scored = score(examples, tiny(tmp_path / "m", BINARY), ROLES, tmp_path / "out", baseline=released)
    assert note in scored.rows.about.baseline_note
    assert (scored.rows.about.baseline_version, scored.int_property("baseline_version")) == (None, None)
    assert (scored.rows.about.released_version, scored.rows.about.has_release) == (
        (None, False) if properties else (4, True)
    )
    assert not [name for name in scored.rows.columns if name.startswith("baseline_")]
    np.testing.assert_allclose(scored.rows.scores, tiny_model.scores("binary", x, 1.5), atol=1e-6)


def test_a_released_model_that_gives_up_midway_leaves_no_half_columns(tmp_path):
    sizes = (30, 20)
    rows = [
        tf.train.Example(
            features=tf.train.Features(
                feature={
                    "x": tiny_model._feature(0.5),
                    "y": tiny_model._feature("no"),
                    **({"gone": tiny_model._feature(0.5)} if row < sizes[0] else {}),
                }
            )
        ).SerializeToString()
        for row in range(sum(sizes))
    ]
    released = artifact(Model, needs_more(tmp_path / "r"), version=4)
    examples = shards_of(tmp_path / "e", rows, *sizes)
    found = score(examples, tiny(tmp_path / "m", BINARY), ROLES, tmp_path / "out", baseline=released).rows
    assert len(found) == 50
    assert "cannot answer" in found.about.baseline_note
    assert (found.about.baseline_version, found.about.released_version) == (None, 4)
    assert "baseline_decision" not in found.columns


def test_multiclass(tmp_path):
    answers = Answers("multiclass", ("a", "b", "c"))
    x = np.linspace(-1, 3, 60)
    examples = table_of(tmp_path / "e", x=x.tolist(), y=["abcd"[i % 4] for i in range(60)])
    found = score(
        examples, tiny(tmp_path / "m", answers), Roles("y", "multiclass", answers.classes), tmp_path / "o"
    ).rows
    np.testing.assert_allclose(found.scores, tiny_model.scores("multiclass", x, 1.5), atol=1e-6)
    assert found.decision.tolist() == found.scores.argmax(axis=1).tolist()
    assert found.label.tolist() == [0, 1, 2, -1] * 15, "a class that the model does not know is an unknown label"
    assert "score_b" in found.columns


def test_regression_with_a_released_model(tmp_path):
    answers, x = Answers("regression"), np.linspace(-1, 3, 60)
    labels = [None if row == 7 else float(row) for row in range(60)]
    examples = table_of(tmp_path / "e", x=x.tolist(), y=labels, who=["Ünï", None, "b"] * 20)
    roles = Roles("y", "regression")
    released = artifact(Model, tiny(tmp_path / "r", answers, 0.5), version=2)
    found = score(examples, tiny(tmp_path / "m", answers), roles, tmp_path / "o", ["who"], released).rows
    np.testing.assert_allclose(found.scores, tiny_model.scores("regression", x, 1.5), rtol=1e-6)
    np.testing.assert_allclose(found.baseline_scores, tiny_model.scores("regression", x, 0.5), rtol=1e-6)
    assert np.isnan(found.label[7])
    assert np.delete(found.label, 7).tolist() == [float(row) for row in range(60) if row != 7]
    group = found.group("who")
    assert isinstance(group, Texts)
    assert (group.values, group.codes[:4].tolist()) == (("Ünï", "b"), [0, -1, 1, 0])
    assert "decision" not in found.columns


def test_the_columns_of_slices_come_along(tmp_path):
    cells = {
        "x": [0.1, 0.2, 0.3, 0.4],
        "y": ["yes", "no", "yes", "no"],
        "who": ["a", None, "a", "b"],
        "n": [1, 1, 1, None],
    }
    examples = table_of(tmp_path / "e", **cells)
    found = score(examples, tiny(tmp_path / "m", BINARY), ROLES, tmp_path / "out", slices=["who", "n", "x"]).rows
    assert found["slice_who"].texts().tolist() == ["a", None, "a", "b"]
    assert found["slice_n"].texts().tolist() == ["1", "1", "1", None]
    assert found["slice_x"].texts().tolist() == ["0.1", "0.2", "0.3", "0.4"]


def test_a_split_without_rows_is_a_table_without_rows(tmp_path):
    examples = shards_of(tmp_path / "e", [], 0)
    scored = score(examples, tiny(tmp_path / "m", BINARY), ROLES, tmp_path / "out", ["sex"])
    assert (len(scored.rows), scored.int_property("rows")) == (0, 0)
    assert read(scored.artifact.uri).group("sex").texts().tolist() == []


def test_words_in_a_sensitive_column_with_bins_are_counted_over_all_batches_and_shards(tmp_path):
    count = BATCH_ROWS + 20
    folder, _ = rows_of(
        tmp_path / "all", 2 * count, age=[f"old {r}" if r % 10 == 7 else "30" for r in range(2 * count)]
    )
    examples = shards_of(tmp_path / "examples", records_in(folder / "Split-test"), count, count)
    roles = Roles("y", "binary", BINARY.classes, ids=("age",))
    said = rf"'old 7' \({len(range(7, 2 * count, 10))} rows hold no number\)"
    with pytest.raises(DataError, match=said):
        score(examples, tiny(tmp_path / "m", BINARY), roles, tmp_path / "out", [{"column": "age", "bins": [30]}])


def test_a_model_of_other_classes_than_the_table_is_refused(tmp_path):
    examples, _ = rows_of(tmp_path / "e")
    with pytest.raises(ModelError, match="cannot be scored"):
        score(examples, tiny(tmp_path / "m", Answers("binary", ("yes", "no"))), ROLES, tmp_path / "out")
