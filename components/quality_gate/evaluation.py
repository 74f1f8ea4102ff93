"""Reads a TFMA result into plain slices; the one place that knows TFMA's result shape."""

import json
import math
import numbers
from pathlib import Path
from typing import Any

import tensorflow_model_analysis as tfma

from components.quality_gate.slices import SliceResult

CLASS_KEY = "classId:"
CONFIG_NAME = "eval_config.json"


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
