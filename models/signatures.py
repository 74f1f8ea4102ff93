"""The one SavedModel: Transform's graph and the network behind three signatures, and model.json beside them.

    serving_default     examples: string (n,), serialized tf.Example without label  ->  scores: float32 (n, units)
    serving_raw         one (n,) input per column: text as string, '' = missing;
                        numbers as float64, NaN = missing                           ->  scores: float32 (n, units)
    transform_features  examples: string (n,)  ->  label: (n, 1), weight: (n, 1) where the table has one

binary: two columns that sum to 1, the positive class last.  multiclass: one column per class, in order.
regression: one column, in the label's own unit; float64 where float32 would round it (roles.label_offset).
With thresholds per group the scores hold them already (decision.py), and the group's columns are inputs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf
import tensorflow_transform as tft

from models import network, raw_columns
from models.decision import DecisionRule
from models.features import Feature
from models.network import NetworkAnswer
from schemas.file_names import MODEL_DESCRIPTION
from schemas.roles import Roles

FORMAT_VERSION = 1


@dataclass(frozen=True)
class Export:
    """Everything that is served.

    features : the columns of a request.  decision : how a binary model decides; None for other tasks.
    mitigation : what model.json says about one (mitigation.describe).
    """

    model: keras.Model
    answer: NetworkAnswer
    features: tuple[Feature, ...]
    roles: Roles
    decision: DecisionRule | None
    mitigation: Mapping[str, Any] = field(default_factory=dict)

    @property
    def threshold(self) -> float | None:
        """Score of the positive class from which a row counts as positive; None unless the task is binary."""
        return self.decision.threshold if self.decision else None


def save(export: Export, transform: tft.TFTransformOutput, folder: str) -> None:
    """Writes the SavedModel and its model.json into `folder`."""
    served = Served(export, transform)
    tf.saved_model.save(served, folder, signatures=served.signatures())
    path = Path(folder) / MODEL_DESCRIPTION
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(describe(export), ensure_ascii=False, indent=1, sort_keys=True), encoding="utf-8")


def describe(export: Export) -> dict[str, Any]:
    """What a client must know, read by the server and the reports.

    inputs : per feature column, its name in `serving_raw`, the dtype there, the dtype in the examples, its kind, and how
        its cells are read (schemas/reading.py).
    columns : the same names the other way round, from the name in `serving_raw` to the table's.
    score_dtype : "float64", only where the scores are.
    mitigation, thresholds : only with a mitigation, and with thresholds per group (mitigation.describe).
    """
    return {
        "format_version": FORMAT_VERSION,
        "task": export.roles.task,
        "classes": list(export.roles.classes),
        "threshold": export.threshold,
        "label": export.roles.label,
        "weight": export.roles.weight,
        "inputs": {
            f.name: {
                "input": f.key,
                "dtype": raw_dtype(f).name,
                "example_dtype": f.dtype,
                "kind": f.kind,
                "reading": f.reading.to_json(),
            }
            for f in export.features
        },
        "columns": {f.key: f.name for f in export.features},
        **({"score_dtype": "float64"} if export.roles.label_offset else {}),
        **export.mitigation,
    }


def raw_dtype(feature: Feature) -> tf.DType:
    """The dtype of a column in `serving_raw`."""
    return tf.string if feature.dtype == "string" else tf.float64


class Served(tf.Module):
    """The exported object. It tracks plain variables, not the Keras model: its own export replaces signatures.

    decision_threshold : float32 scalar, NaN unless the task is binary; readable after tf.saved_model.load.
    """

    def __init__(self, export: Export, transform: tft.TFTransformOutput) -> None:
        super().__init__(name="sluicegate")
        self._export_features = export.features
        self._offset = export.roles.label_offset
        # Tracked, so that its vocabularies and tables travel with the model: without it they load uninitialised.
        self.transform = transform.transform_features_layer()
        self.weights = [variable.value for variable in export.model.variables]
        threshold = float("nan") if export.threshold is None else export.threshold
        self.decision_threshold = tf.Variable(threshold, trainable=False, dtype=tf.float32, name="decision_threshold")
        spec = transform.raw_feature_spec()
        names = {f.name for f in export.features}
        self._feature_spec = _Plain({name: spec[name] for name in spec if name in names})
        others = {export.roles.label, export.roles.weight}
        self._label_spec = _Plain({name: spec[name] for name in spec if name in others})
        self._score = _Plain(_scorer(export))

    def signatures(self) -> dict[str, Any]:
        """Signature name to concrete function."""
        examples = tf.TensorSpec([None], tf.string, name="examples")
        raw = {f.key: tf.TensorSpec([None], raw_dtype(f), name=f.key) for f in self._export_features}
        return {
            "serving_default": tf.function(self._serve_examples).get_concrete_function(examples=examples),
            "serving_raw": tf.function(self._serve_raw).get_concrete_function(**raw),
            "transform_features": tf.function(self._transform_label).get_concrete_function(examples=examples),
        }

    def _serve_examples(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        columns = tf.io.parse_example(examples, self._feature_spec.value)
        return {"scores": self._score.value(self.transform(columns))}

    def _serve_raw(self, /, **inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        spec = self._feature_spec.value
        columns = {f.name: _as_column(_as_stored(inputs[f.key], f), spec[f.name]) for f in self._export_features}
        return {"scores": self._score.value(self.transform(columns))}

    def _transform_label(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        transformed = self.transform(tf.io.parse_example(examples, self._label_spec.value))
        found = {name: transformed[name] for name in ("label", "weight") if name in transformed}
        return found | {"label": _in_own_unit(found["label"], self._offset)} if "label" in found else found


@dataclass(frozen=True)
class _Plain:
    """Hides a value from TensorFlow's object tracking, which wraps dictionaries and follows Keras models."""

    value: Any


def _scorer(export: Export) -> Any:
    names = [tensor.name for tensor in export.model.inputs]

    def score(transformed: Mapping[str, tf.Tensor]) -> tf.Tensor:
        logits = export.model([transformed[name] for name in names], training=False)
        scores = _in_own_unit(network.scores(logits, export.answer), export.roles.label_offset)
        if export.decision is None or not export.decision.of_group:
            return scores
        return export.decision.served(scores, transformed["group"][:, 0])

    return score


def _in_own_unit(values: tf.Tensor, offset: float) -> tf.Tensor:
    """What was trained less an offset, as float64 with it; other values as they are."""
    return tf.cast(values, tf.float64) + offset if offset else values


def _as_stored(values: tf.Tensor, feature: Feature) -> tf.Tensor:
    return values if values.dtype == tf.string else raw_columns.as_stored(values, feature.reading)


def _as_column(values: tf.Tensor, spec: Any) -> Any:
    """(n,) dense values as the parser of tf.Example would have given them."""
    is_missing = values == "" if values.dtype == tf.string else tf.math.is_nan(values)
    if isinstance(spec, tf.io.FixedLenFeature):
        return tf.reshape(tf.cast(values, spec.dtype), [-1, *spec.shape])
    rows = tf.where(~is_missing)
    columns = tf.concat([rows, tf.zeros_like(rows)], axis=1)
    shape = tf.stack([tf.size(values, out_type=tf.int64), 1])
    present = tf.boolean_mask(values, ~is_missing)
    return tf.SparseTensor(columns, present if spec.dtype == tf.string else tf.cast(present, spec.dtype), shape)
