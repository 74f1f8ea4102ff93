"""The model called directly, and what it is asked: rows of the examples as the inputs of its signatures."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from schemas.file_names import MODEL_DESCRIPTION
from sluicegate.serving.client.asked import Tensors

EXAMPLES, COLUMNS = "serving_default", "serving_raw"


@dataclass(frozen=True)
class RequestCase:
    """What one signature is asked.

    inputs : (rows,) each.  expected : the model's own answer to all rows at once, (rows, ...) each.
    """

    signature: str
    inputs: Tensors
    expected: Tensors

    def row(self, index: int) -> Tensors:
        return {name: values[index : index + 1] for name, values in self.inputs.items()}

    def answer(self, index: int) -> Tensors:
        return {name: values[index : index + 1] for name, values in self.expected.items()}


class DirectModel:
    """A SavedModel in this process.

    Raises what TensorFlow raises for a folder that holds none.
    """

    def __init__(self, folder: Path) -> None:
        self._loaded = tf.saved_model.load(str(folder))
        self._description = _description(folder)

    def __call__(self, signature: str, inputs: Tensors) -> Tensors:
        function = self._loaded.signatures[signature]
        answer = function(
            **{name: tf.constant(values, self._inputs(signature)[name].dtype) for name, values in inputs.items()}
        )
        return {name: tensor.numpy() for name, tensor in answer.items()}

    def refuses(self, signature: str, inputs: Tensors) -> bool:
        """Whether the model itself has an error for these inputs."""
        try:
            self(signature, inputs)
        except (tf.errors.OpError, ValueError, TypeError):
            return True
        return False

    def questions(self, examples: Sequence[bytes]) -> tuple[RequestCase, ...]:
        """One per signature that can be asked with serialized tf.Examples; () where there are no rows.

        Raises tf.errors.OpError where the model has an error for them.
        """
        asked = {EXAMPLES: self._as_examples(examples), COLUMNS: self._as_columns(examples)}
        return tuple(
            RequestCase(name, inputs, self(name, inputs)) for name, inputs in asked.items() if inputs and examples
        )

    def _inputs(self, signature: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self._loaded.signatures[signature].structured_input_signature[1]
        return found

    def _as_examples(self, examples: Sequence[bytes]) -> Tensors:
        if EXAMPLES not in self._loaded.signatures:
            return {}
        inputs = self._inputs(EXAMPLES)
        if len(inputs) != 1:
            return {}
        [(name, spec)] = inputs.items()
        return {name: np.array(examples, object)} if spec.dtype == tf.string and spec.shape.rank == 1 else {}

    def _as_columns(self, examples: Sequence[bytes]) -> Tensors:
        if COLUMNS not in self._loaded.signatures or not self._description:
            return {}
        parsed = [tf.train.Example.FromString(example).features.feature for example in examples]
        return {
            column["input"]: np.array([_value(row, name, column["dtype"]) for row in parsed],
                                      object if column["dtype"] == "string" else np.float64)
            for name, column in self._description["inputs"].items()
        }  # fmt: skip


def read_rows(folder: Path, most: int) -> list[bytes]:
    """The first serialized tf.Examples in the TFRecord files of a split's folder."""
    files = sorted(str(path) for path in folder.iterdir() if path.is_file())
    return list(tf.data.TFRecordDataset(files, "GZIP").take(most).as_numpy_iterator())


def difference(answer: Tensors, expected: Tensors) -> float:
    """Largest distance, as a share of the expected value or of 1 if that is larger; infinite where they differ in kind."""
    if set(answer) != set(expected):
        return math.inf
    return max((_difference(np.asarray(answer[name]), np.asarray(expected[name])) for name in expected), default=0.0)


def not_finite(answer: Tensors) -> int:
    """How many floating-point outputs are NaN or infinite."""
    floats = (np.asarray(values) for values in answer.values())
    return sum(int((~np.isfinite(values)).sum()) for values in floats if values.dtype.kind == "f")


def _difference(one: Any, other: Any) -> float:
    if one.shape != other.shape:
        return math.inf
    if other.dtype.kind not in "fiub":
        return 0.0 if [_text(v) for v in one.ravel()] == [_text(v) for v in other.ravel()] else math.inf
    if one.dtype.kind not in "fiub":
        return math.inf
    one, other = one.astype(np.float64), other.astype(np.float64)
    same = (one == other) | (np.isnan(one) & np.isnan(other))
    with np.errstate(invalid="ignore"):
        apart = np.where(same, 0.0, np.abs(one - other) / np.maximum(1.0, np.abs(other)))
    return float(np.nan_to_num(apart, nan=math.inf, posinf=math.inf).max(initial=0.0))


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _value(row: Any, name: str, dtype: str) -> Any:
    """The first value of a column in an Example, as `serving_raw` wants it: missing is '' or NaN."""
    kind = row[name].WhichOneof("kind") if name in row else None
    values = getattr(row[name], kind).value if kind else ()
    if dtype == "string":
        return values[0] if values else b""
    return float(values[0]) if values else math.nan


def _description(folder: Path) -> dict[str, Any]:
    path = folder / MODEL_DESCRIPTION
    content = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return content if "inputs" in content else {}
