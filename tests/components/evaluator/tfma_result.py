"""TFMA's result as plain slices, for the tests of the Evaluator: nothing in the project reads its numbers."""

import json
import math
import numbers
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tensorflow_model_analysis as tfma

CLASS_KEY = "classId:"
CONFIG_NAME = "eval_config.json"
#: Our names () to TFMA's; None where we derive the value ourselves.
TFMA_NAMES: Mapping[str, Mapping[str, str | None]] = {
    "binary": {
        "auc": "auc",
        "auc_pr": "auc_precision_recall",
        "accuracy": "binary_accuracy",
        "log_loss": "binary_crossentropy",
        "brier": "mean_squared_error",
        "precision": "precision",
        "recall": "recall",
        "f1": "f1_score",
        "calibration_ratio": "calibration",
    },
    "multiclass": {
        "accuracy": "sparse_categorical_accuracy",
        "log_loss": "sparse_categorical_crossentropy",
        "macro_auc": None,
    },
    "regression": {"r2": None, "rmse": None, "mae": "mean_absolute_error", "mse": "mean_squared_error"},
}
SliceKey = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class SliceResult:
    """What TFMA measured on one group of rows.

    key : ((column, value), ...); () is all rows.
    whole : metrics by TFMA's names (components/evaluator/sums.py).
    by_class : class index to the metrics of that class against the rest.
    """

    key: SliceKey
    whole: Mapping[str, float]
    by_class: Mapping[int, Mapping[str, float]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """
        >>> SliceResult((("race", "White"), ("sex", "Female")), {}).name
        'race=White, sex=Female'
        """
        return ", ".join(f"{column}={value}" for column, value in self.key) or "overall"

    @property
    def columns(self) -> frozenset[str]:
        return frozenset(column for column, _ in self.key)

    @property
    def rows(self) -> int:
        return int(self.whole.get("rows", 0))

    @property
    def effective_rows(self) -> float:
        """Kish's number of equally weighted rows; the number of rows where there are no weights."""
        return self.whole.get("kish_rows", 0.0)


def value_of(metric: str, task: str, result: SliceResult) -> float | None:
    """One of our metrics; None where it is not defined on these rows (NaN, a class is missing).

    r2 : 1 - mse / variance of the label on the same rows (not a squared correlation: a shifted prediction loses).
    macro_auc : plain mean of one-against-rest AUCs, and only where every class occurs.
    """
    if metric == "macro_auc":
        values = [one.get("auc", math.nan) for one in result.by_class.values()]
        value = sum(values) / len(values) if values else math.nan
    elif metric == "rmse":
        value = math.sqrt(result.whole.get("mean_squared_error", math.nan))
    elif metric == "r2":
        variance = result.whole.get("label_variance", math.nan)
        value = 1 - result.whole.get("mean_squared_error", math.nan) / variance if variance > 0 else math.nan
    else:
        positive = result.by_class.get(1, {}) if task == "binary" else {}
        value = {**result.whole, **positive}.get(TFMA_NAMES[task][metric] or "", math.nan)
    return value if math.isfinite(value) and _is_defined(metric, task, result) else None


def _is_defined(metric: str, task: str, result: SliceResult) -> bool:
    """TFMA answers 0 for an area where a class is missing; that is no measurement."""
    positives = result.whole.get("positive_rows", 0.0)
    if task == "binary" and metric == "auc":
        return 0 < positives < result.rows
    return positives > 0 if metric == "auc_pr" else result.rows > 0


def read_slices(folder: str) -> dict[str, list[SliceResult]]:
    """TFMA's result in `folder`: "candidate" and, where a released model was there, "baseline" to their slices."""
    config = json.loads((Path(folder) / CONFIG_NAME).read_text(encoding="utf-8"))["evalConfig"]
    specs = config["modelSpecs"]
    if len(specs) == 1:
        return {"candidate": _slices(tfma.load_eval_result(folder))}
    names = {"baseline" if spec.get("isBaseline") else "candidate": spec["name"] for spec in specs}
    return {role: _slices(tfma.load_eval_result(folder, model_name=name)) for role, name in names.items()}


def _slices(result: Any) -> list[SliceResult]:
    return [_slice(key, outputs.get("", {})) for key, outputs in result.slicing_metrics]


def _slice(key: Any, by_sub_key: dict[str, dict[str, Any]]) -> SliceResult:
    numbers_by_key = {sub: _numbers(metrics) for sub, metrics in by_sub_key.items()}
    by_class = {int(s[len(CLASS_KEY) :]): v for s, v in numbers_by_key.items() if s.startswith(CLASS_KEY)}
    return SliceResult(
        key=tuple((str(column), _text(value)) for column, value in key),
        whole=numbers_by_key.get("", {}),
        by_class=by_class,
    )


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _numbers(metrics: dict[str, Any]) -> dict[str, float]:
    """The plain numbers; differences to the baseline are ours to judge, so TFMA's are left out."""
    found = {}
    for name, value in metrics.items():
        number = value.get("doubleValue", math.nan) if not name.endswith("_diff") and "doubleValue" in value else None
        if number is not None:
            found[name] = float(number) if isinstance(number, numbers.Real | str) else math.nan
    return found
