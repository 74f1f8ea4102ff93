"""ExplanationReport through its executor: a real SavedModel, real examples in two files, a real file of scored rows."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tfx.types.artifact_utils import encode_split_names
from tfx.types.standard_artifacts import Examples, Model

from components.explanation_report.component import ExplanationReport
from pipeline.settings.declaration import section
from schemas import explanation_evidence, scored_rows, verdict
from schemas.artifacts import ExplanationEvidence, GateVerdict, Predictions
from schemas.document import to_text
from schemas.errors import DataError, ModelError
from schemas.predictions import SCORE
from schemas.scored_rows import About, ScoredRows, Texts
from sluicegate.explanation import rows
from sluicegate.explanation.model import RawModel
from sluicegate.explanation.rows import read_columns
from sluicegate.explanation.wanted import Wanted
from sluicegate.fairness.policy import Fairness
from tests.components.through_executor import artifact, run

ROWS = 900
CLASSES = ("<=50K", ">50K")
COLUMNS = ["age", "hours per week", "gain", "größe", "years", "sex"]
RNG = np.random.default_rng(2)
RAW: dict[str, Any] = {
    "age": RNG.integers(17, 90, ROWS).astype(float),
    "hours per week": np.where(RNG.random(ROWS) < 0.1, np.nan, RNG.integers(1, 90, ROWS)),
    "gain": np.round(RNG.exponential(1, ROWS), 3).astype(np.float32).astype(float),
    "größe": RNG.normal(size=ROWS).astype(np.float32).astype(float),
    "years": RNG.integers(0, 16, ROWS).astype(float),
    "sex": RNG.choice([b"Female", b"Male", b""], ROWS, p=[0.45, 0.5, 0.05]).astype(object),
}
INTEGERS = {"age", "hours per week", "years"}


class Net(tf.Module):
    """sigmoid of a weighted sum of the columns; a missing number counts as its column's usual value."""

    def __init__(self) -> None:
        super().__init__()
        self.weights = tf.Variable([0.04, 0.03, 0.8, -0.5, 0.15, 0.6], dtype=tf.float64)
        self.centres = tf.constant([45.0, 45, 1, 0, 8], tf.float64)

    def signature(self) -> Any:
        specs = {f"in_{j}": tf.TensorSpec([None], tf.string if name == "sex" else tf.float64, name=f"in_{j}")
                 for j, name in enumerate(COLUMNS)}  # fmt: skip
        return tf.function(self._raw).get_concrete_function(**specs)

    def _raw(self, **inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        numbers = [inputs[f"in_{j}"] - self.centres[j] for j in range(5)]
        known = [tf.where(tf.math.is_nan(one), tf.zeros_like(one), one) for one in numbers]
        male = tf.cast(inputs["in_5"] == "Male", tf.float64)
        total = tf.linalg.matvec(tf.stack([*known, male], axis=1), self.weights)
        positive = tf.cast(tf.sigmoid(total), tf.float32)
        return {"scores": tf.stack([1 - positive, positive], axis=1)}


def save_model(folder: Path, described: bool = True) -> Path:
    net, path = Net(), folder / "Format-Serving"
    tf.saved_model.save(net, str(path), {"serving_raw": net.signature()})
    inputs = {name: {"input": f"in_{j}", "dtype": "string" if name == "sex" else "float64",
                     "example_dtype": _example_dtype(name), "kind": "category" if name == "sex" else "number"}
              for j, name in enumerate(COLUMNS)}  # fmt: skip
    if described:
        (path / "assets.extra").mkdir()
        (path / "assets.extra" / "model.json").write_text(json.dumps({"inputs": inputs}))
    return path


def _example_dtype(name: str) -> str:
    return "string" if name == "sex" else "int64" if name in INTEGERS else "float32"


def write_examples(folder: Path) -> Path:
    split = folder / "Split-test"
    split.mkdir(parents=True)
    for number, part in enumerate((range(400), range(400, ROWS))):
        with tf.io.TFRecordWriter(str(split / f"data-{number}.gz"), "GZIP") as file:
            for row in part:
                features = {name: _feature(name, RAW[name][row]) for name in COLUMNS}
                features = {name: one for name, one in features.items() if one is not None}
                file.write(tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString())
    return split


def _feature(name: str, value: Any) -> Any:
    if name == "sex":
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value])) if value else None
    if np.isnan(value):
        return None
    if name in INTEGERS:
        return tf.train.Feature(int64_list=tf.train.Int64List(value=[int(value)]))
    # Of several values in a cell the first counts.
    return tf.train.Feature(float_list=tf.train.FloatList(value=[value, -99.0] if name == "größe" else [value]))


def write_scores(folder: Path, scores: np.ndarray) -> None:
    about = About("binary", CLASSES, 0.5, sensitive=("sex", "age"))
    label = (np.random.default_rng(1).random(len(scores)) < scores[:, 1]).astype(np.int64)
    columns = {
        "row": np.arange(len(scores)), "label": label, "weight": np.ones(len(scores)),
        "decision": (scores[:, 1] >= 0.5).astype(np.int64),
        **{SCORE + name: scores[:, j] for j, name in enumerate(CLASSES)},
        "group_sex": Texts.of(value.decode() for value in RAW["sex"][: len(scores)]),
        "group_age": RAW["age"][: len(scores)],
    }  # fmt: skip
    scored_rows.save(ScoredRows(about, columns), folder)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explained")
    model = RawModel(save_model(folder / "model"))
    write_examples(folder / "examples")
    write_scores(folder / "predictions", model(RAW))
    return folder


def reported(world: Path, out: Path, **explanation: Any) -> tuple[Any, verdict.Verdict]:
    examples = artifact(Examples, world / "examples")
    examples.split_names = encode_split_names(["test"])
    inputs = {"examples": examples, "model": artifact(Model, world / "model"),
              "predictions": artifact(Predictions, world / "predictions")}  # fmt: skip
    outputs = {
        "verdict": artifact(GateVerdict, out / "verdict"),
        "report": artifact(ExplanationEvidence, out / "report"),
    }
    fairness = section(Fairness, sensitive=["sex", {"column": "age", "bins": [25, 60]}])
    asked = {"rows": 300, "repeats": 3, "references": 20, "shown": 1, "monotone": {"age": "up"}, **explanation}
    run(ExplanationReport, inputs, outputs, explanation_json=to_text(section(Wanted, **asked)),
        fairness_json=to_text(fairness), seed=7)  # fmt: skip
    return explanation_evidence.read(outputs["report"].uri), verdict.read(outputs["verdict"].uri)


def test_a_real_model_is_explained_and_the_explanation_holds(world: Path, tmp_path: Path) -> None:
    evidence, judged = reported(world, tmp_path)
    assert judged.status is verdict.Status.PASSED, [m for m in judged.measurements if m.status != "PASSED"]
    assert {one.name for one in evidence.checks} >= {"matches_predictions", "parameter_randomisation", "fidelity"}
    [same] = [one for one in evidence.checks if one.name == "matches_predictions"]
    assert (same.value or 0) < 1e-6
    assert evidence.columns == tuple(COLUMNS)
    assert evidence.rows_in_split == ROWS
    shown = {row.row: {c.column: c.value for c in row.contributions} for row in evidence.local}
    for row, values in shown.items():
        assert values["sex"] == (RAW["sex"][row].decode() or "(missing)")
        assert values["age"] == f"{RAW['age'][row]:g}"
    assert {one.column: one.is_input for one in evidence.flips} == {"sex": True, "age": True}
    assert {one.group for one in evidence.recourse} == {"Female", "Male", "(missing)"}
    assert not {c.column for one in evidence.local if one.counterfactual for c in one.counterfactual.changes} & {"sex"}


def test_shuffled_weights_are_another_model_and_leave_the_true_one_alone(world: Path) -> None:
    model = RawModel(world / "model" / "Format-Serving")
    before = model(RAW)
    first = model.shuffled(1)(RAW)
    assert np.abs(first - before).max() > 0.05
    assert np.abs(model.shuffled(2)(RAW) - first).max() > 0.01
    np.testing.assert_array_equal(model.shuffled(1)(RAW), first)
    np.testing.assert_array_equal(model(RAW), before)


def test_chosen_rows_are_read_from_every_file_with_what_they_lack(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "ROWS_PER_PARSE", 100)
    model, numbers = RawModel(world / "model" / "Format-Serving"), np.array([0, 5, 399, 400, 899])
    found = read_columns(world / "examples" / "Split-test", model.inputs, numbers, ROWS)
    for name in COLUMNS:
        np.testing.assert_array_equal(found[name], RAW[name][numbers])


def test_predictions_of_other_rows_are_refused(world: Path) -> None:
    model = RawModel(world / "model" / "Format-Serving")
    with pytest.raises(DataError, match="900 rows"):
        read_columns(world / "examples" / "Split-test", model.inputs, np.arange(10), ROWS - 1)


def test_a_model_without_raw_columns_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"model\.json") as caught:
        RawModel(save_model(tmp_path, described=False))
    assert "explanation: off" in str(caught.value)


def test_switched_off_leaves_an_empty_folder_and_no_pass(world: Path, tmp_path: Path) -> None:
    evidence, judged = reported(world, tmp_path, enabled=False)
    assert evidence is None
    assert (judged.passed, judged.reason) == (False, "not_configured")


def test_scores_of_rows_in_another_order_turn_everything_red(world: Path, tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(world / "examples")
    (tmp_path / "model").symlink_to(world / "model")
    write_scores(tmp_path / "predictions", np.roll(RawModel(world / "model" / "Format-Serving")(RAW), 1, axis=0))
    _, judged = reported(tmp_path, tmp_path / "out")
    assert judged.status is verdict.Status.FAILED
    assert "matches_predictions_failed" in {m.reason for m in judged.refusals}
