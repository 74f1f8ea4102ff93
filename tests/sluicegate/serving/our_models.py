"""A version as the Trainer leaves it, without training: serving_raw's answers are a known function of four columns."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

CLASSES = {"binary": ("no", "yes"), "multiclass": ("a", "b", "c"), "regression": ()}
THRESHOLD = 0.6
#: Column, its key in the signature, its type in the examples.
COLUMNS = (("größe in m", "grosse_in_m", "float32"), ("code", "code", "int64"), ("a word", "a_word", "string"),
           ("flag", "flag", "string"))  # fmt: skip


def number(row: Any) -> Any:
    """What the model computes for a row of clean values; None is missing."""
    size, code = row.get("größe in m"), row.get("code")
    return (
        (-1.0 if size is None else size)
        + (0.0 if code is None else code / 10)
        + (row.get("a word") == "yes")
        + 2.0 * (row.get("flag") == "true")
    )


def positive(row: Any) -> Any:
    """The score of "yes" in the binary model."""
    return 1 / (1 + np.exp(-number(row)))


class Ours(tf.Module):
    def __init__(self, task: str) -> None:
        super().__init__()
        self._task = task
        # Read by the vocabulary's lines in assets/categories, as models/signatures.py exports them.
        self.known = None

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.string if dtype == "string" else tf.float64, name=key) for _, key, dtype in COLUMNS
        ]
    )
    def serve(self, grosse_in_m: Any, code: Any, a_word: Any, flag: Any) -> Any:
        size = tf.where(tf.math.is_nan(grosse_in_m), tf.constant(-1.0, tf.float64), grosse_in_m)
        level = tf.where(tf.math.is_nan(code), tf.constant(0.0, tf.float64), code / 10)
        total = size + level + tf.cast(a_word == "yes", tf.float64) + 2 * tf.cast(flag == "true", tf.float64)
        total = tf.cast(total, tf.float32)
        if self._task == "regression":
            return {"scores": total[:, None]}
        if self._task == "multiclass":
            return {"scores": tf.nn.softmax(-tf.square(total[:, None] - tf.range(3.0)))}
        return {"scores": tf.stack([1 - tf.sigmoid(total), tf.sigmoid(total)], axis=1)}


def save(base: Path, version: int = 1, task: str = "binary") -> Path:
    folder = base / str(version)
    model = Ours(task)
    tf.saved_model.save(model, str(folder), signatures={"serving_raw": model.serve})
    (folder / "assets" / "categories").write_text("a_word=yes\na_word=no\nflag=false\nflag=true\n")
    (folder / "assets.extra").mkdir()
    (folder / "assets.extra" / "model.json").write_text(json.dumps(described(task)))
    return folder


def described(task: str = "binary") -> dict[str, Any]:
    return {
        "format_version": 1,
        "task": task,
        "classes": CLASSES[task],
        "threshold": THRESHOLD if task == "binary" else None,
        "label": "label",
        "weight": None,
        "inputs": {
            name: {"input": key, "dtype": "string" if dtype == "string" else "float64", "example_dtype": dtype,
                   "kind": "category" if dtype == "string" else "number"}
            for name, key, dtype in COLUMNS
        },
    }  # fmt: skip
