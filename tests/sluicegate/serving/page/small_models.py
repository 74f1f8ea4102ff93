"""SavedModels that load in no time: one as Sluicegate exports them, and the same without its description."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import tensorflow as tf

#: The score of "yes" is a sigmoid of `size`, and 1 more of it for "red".
DESCRIPTION = {
    "classes": ["no", "yes"],
    "label": "bought",
    "threshold": 0.5,
    "weight": float("nan"),
    "inputs": {
        "Colour": {
            "input": "colour",
            "kind": "category",
            "dtype": "string",
            "example_dtype": "string",
            "examples": ["red", "blue"],
        },
        "Size": {
            "input": "size",
            "kind": "number",
            "dtype": "float64",
            "example_dtype": "float32",
            "examples": [0.25],
        },
        "Count": {"input": "count", "kind": "number", "dtype": "float64", "example_dtype": "int64"},
    },
}


class Small(tf.Module):
    """Signatures by name, as models/signatures.py has them."""

    def raw(self, colour: tf.Tensor, size: tf.Tensor, count: tf.Tensor) -> dict[str, tf.Tensor]:
        size = tf.where(tf.math.is_nan(size), tf.zeros_like(size), size)
        logit = size + tf.cast(colour == "red", tf.float64) - 0.01 * count
        yes = tf.cast(tf.sigmoid(logit), tf.float32)
        return {"scores": tf.stack([1 - yes, yes], axis=1)}

    def examples(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        spec = {
            "Colour": tf.io.FixedLenFeature([], tf.string, ""),
            "Size": tf.io.FixedLenFeature([], tf.float32, float("nan")),
            "Count": tf.io.FixedLenFeature([], tf.int64, 0),
        }
        columns = tf.io.parse_example(examples, spec)
        return self.raw(columns["Colour"], *(tf.cast(columns[name], tf.float64) for name in ("Size", "Count")))

    def table(self, values: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"sums": tf.reduce_sum(values, axis=1)}


def save(folder: Path, description: dict[str, Any] | None) -> None:
    small = Small()
    texts, numbers = tf.TensorSpec([None], tf.string), tf.TensorSpec([None], tf.float64)
    signatures = {
        "serving_default": tf.function(small.examples).get_concrete_function(examples=texts),
        "serving_raw": tf.function(small.raw).get_concrete_function(colour=texts, size=numbers, count=numbers),
        "table": tf.function(small.table).get_concrete_function(values=tf.TensorSpec([None, 2], tf.float32)),
    }
    tf.saved_model.save(small, str(folder), signatures=signatures)
    if description is not None:
        (folder / "assets.extra").mkdir()
        (folder / "assets.extra" / "model.json").write_text(json.dumps(description), encoding="utf-8")
