"""A served model without training: scores are a known function of one column, under the real signatures."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from schemas.roles import Roles

CLASSES = {"binary": ("<=50K", ">50K"), "multiclass": ("a", "b", "c"), "regression": ()}


@dataclass(frozen=True)
class Table:
    """Rows of a test split.  label : class index, or the number.  groups : values of column "größe in cm"."""

    task: str
    x: np.ndarray
    label: np.ndarray
    weight: np.ndarray
    sex: np.ndarray
    groups: np.ndarray

    @property
    def roles(self) -> Roles:
        return Roles("income", self.task, CLASSES[self.task], weight="weight of row")


def table(task: str, rows: int = 1200) -> Table:
    rng = np.random.default_rng(5)
    x = rng.normal(size=rows) if task != "multiclass" else rng.uniform(-0.5, 2.5, rows)
    noisy = {
        "binary": (rng.uniform(size=rows) < 1 / (1 + np.exp(-1.5 * x))).astype(int),
        "multiclass": np.clip(np.round(x + rng.normal(size=rows) / 2), 0, 2).astype(int),
        "regression": 1000 + x + rng.normal(size=rows),
    }
    groups = rng.choice(["a", "b", "Ünï"], rows, p=[0.6, 0.39, 0.01])
    return Table(task, x, noisy[task], rng.uniform(0.5, 2, rows), rng.choice(["Female", "Male"], rows), groups)


def scores(task: str, x: np.ndarray, slope: float) -> np.ndarray:
    """(rows, classes) or (rows, 1): what the model answers."""
    if task == "regression":
        return (1000 + slope * x)[:, None]
    if task == "binary":
        positive = 1 / (1 + np.exp(-slope * x))
        return np.stack([1 - positive, positive], 1)
    near = np.exp(-slope * (x[:, None] - np.arange(3)) ** 2)
    return near / near.sum(1, keepdims=True)


class Tiny(tf.Module):
    def __init__(self, task: str, slope: float) -> None:
        super().__init__()
        self._task = task
        self._slope = slope
        if CLASSES[task]:
            keys = tf.constant(CLASSES[task])
            values = tf.range(len(CLASSES[task]), dtype=tf.int64)
            self._index = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, values), -1)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def serve(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        x = tf.io.parse_example(examples, {"x": tf.io.FixedLenFeature([], tf.float32)})["x"]
        if self._task == "regression":
            return {"scores": (1000 + self._slope * x)[:, None]}
        if self._task == "binary":
            positive = tf.sigmoid(self._slope * x)
            return {"scores": tf.stack([1 - positive, positive], 1)}
        return {"scores": tf.nn.softmax(-self._slope * tf.square(x[:, None] - tf.range(3.0)))}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def transform(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        kind = tf.string if CLASSES[self._task] else tf.float32
        spec = {"income": tf.io.FixedLenFeature([1], kind), "weight of row": tf.io.FixedLenFeature([1], tf.float32)}
        parsed = tf.io.parse_example(examples, spec)
        label = self._index.lookup(parsed["income"]) if CLASSES[self._task] else parsed["income"]
        return {"label": label, "weight": parsed["weight of row"]}


def save_model(folder: Path, task: str, slope: float, threshold: float | None = None) -> Path:
    """Writes the SavedModel where TFX expects it in a Model artifact at `folder`, and model.json where it has one."""
    tiny, path = Tiny(task, slope), folder / "Format-Serving"
    tf.saved_model.save(tiny, str(path), {"serving_default": tiny.serve, "transform_features": tiny.transform})
    if threshold is not None:
        (path / "assets.extra").mkdir()
        (path / "assets.extra" / "model.json").write_text(json.dumps({"threshold": threshold}))
    return folder


def write_examples(folder: Path, rows: Table) -> Path:
    """Writes split "test" of an Examples artifact; the label is text where it is a class."""
    path = folder / "Split-test" / "data.gz"
    path.parent.mkdir(parents=True)
    classes = CLASSES[rows.task]
    with tf.io.TFRecordWriter(str(path), "GZIP") as file:
        for x, label, weight, sex, group in zip(rows.x, rows.label, rows.weight, rows.sex, rows.groups, strict=True):
            columns = {"x": x, "income": classes[label] if classes else label, "weight of row": weight}
            columns |= {"sex": sex, "größe in cm": group}
            features = {name: _feature(value) for name, value in columns.items()}
            file.write(tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString())
    return folder


def _feature(value: Any) -> tf.train.Feature:
    if isinstance(value, str):
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value.encode()]))
    return tf.train.Feature(float_list=tf.train.FloatList(value=[float(value)]))
