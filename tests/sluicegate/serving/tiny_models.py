"""SavedModels small enough to save and load in a moment, whose answers tell which version gave them."""

from pathlib import Path
from typing import Any

import tensorflow as tf

STRING, FLOAT = tf.string, tf.float32


class Tiny(tf.Module):
    """y = x / 2 + offset, in every form that the API knows."""

    def __init__(self, offset: float) -> None:
        super().__init__()
        self.offset = tf.Variable(float(offset), trainable=False)

    @tf.function(input_signature=[tf.TensorSpec([None], FLOAT, name="x")])
    def half(self, x: Any) -> Any:
        return {"y": x / 2 + self.offset}

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], FLOAT, name="number"),
            tf.TensorSpec([None], STRING, name="text"),
            tf.TensorSpec([None, 2], tf.int64, name="pair"),
        ]
    )
    def named(self, number: Any, text: Any, pair: Any) -> Any:
        total = number + tf.cast(tf.reduce_sum(pair, axis=1), FLOAT)
        return {"total": total + self.offset, "echo": text, "raw_bytes": text, "pair": pair}

    @tf.function(input_signature=[tf.TensorSpec([None], STRING, name="inputs")])
    def classify(self, inputs: Any) -> Any:
        score = self._x(inputs)
        labels = tf.tile(tf.constant([["no", "yes"]]), [tf.size(inputs), 1])
        return {"classes": labels, "scores": tf.stack([1 - score, score], axis=1)}

    @tf.function(input_signature=[tf.TensorSpec([None], STRING, name="inputs")])
    def regress(self, inputs: Any) -> Any:
        return {"outputs": self._x(inputs) + self.offset}

    @tf.function(input_signature=[tf.TensorSpec([None], FLOAT, name="x")])
    def picky(self, x: Any) -> Any:
        with tf.control_dependencies([tf.debugging.assert_non_negative(x, "below zero")]):
            return {"y": tf.sqrt(x)}

    @tf.function(input_signature=[tf.TensorSpec([2, 2], FLOAT, name="matrix")])
    def fixed(self, matrix: Any) -> Any:
        return {"sum": tf.reduce_sum(matrix)}

    def _x(self, inputs: Any) -> Any:
        parsed = tf.io.parse_example(inputs, {"x": tf.io.FixedLenFeature([], FLOAT, default_value=0.0)})
        return parsed["x"]


def save(base: Path, version: int, offset: float | None = None) -> Path:
    """Saves version `version` below `base`; its offset is its number unless told otherwise."""
    model = Tiny(version if offset is None else offset)
    folder = base / str(version)
    signatures = {
        "serving_default": model.half, "named": model.named, "classify": model.classify, "regress": model.regress,
        "picky": model.picky, "fixed": model.fixed,
    }  # fmt: skip
    tf.saved_model.save(model, str(folder), signatures=signatures)
    return folder
