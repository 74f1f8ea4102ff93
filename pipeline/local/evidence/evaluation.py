"""TFMA's result as tables and curves: every metric on every slice, ROC, precision-recall, calibration, confusion."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import tensorflow_model_analysis as tfma

from components.quality_gate.evaluation import read_slices
from components.quality_gate.slices import OVERALL, SliceResult, metric_rows
from schemas.evidence import EvaluationEvidence, MetricRow
from schemas.roles import Roles

#: Where models/signatures.py leaves what the model knows of itself.
DESCRIPTION = Path("Format-Serving", "assets.extra", "model.json")
Plots = dict[str, dict[str, Any]]


def read(evaluation: Path, model: Path, roles: Roles) -> EvaluationEvidence:
    """`evaluation` and `model` are folders of TFX's ModelEvaluation and Model artifacts."""
    slices = read_slices(str(evaluation))
    rows = metric_rows(roles.task, slices["candidate"], slices.get("baseline", ()))
    overall = next((s for s in slices["candidate"] if s.name == OVERALL), None)
    plots = _plots(evaluation)
    roc, pr = _curves(plots)
    return EvaluationEvidence(
        task=roles.task,
        rows=_rows(rows),
        metrics=rows,
        classes=roles.classes,
        threshold=_threshold(model),
        roc=roc,
        pr=pr,
        calibration=_calibration(plots),
        confusion=_confusion(overall, plots, roles),
    )


def _rows(rows: Iterable[MetricRow]) -> int:
    return next((row.rows for row in rows if row.slice == OVERALL), 0)


def _threshold(model: Path) -> float | None:
    path = model / DESCRIPTION
    return json.loads(path.read_text(encoding="utf-8")).get("threshold") if path.exists() else None


def _plots(evaluation: Path) -> Plots:
    """The candidate's plots of all rows, by sub key ("", "classId:1")."""
    specs = json.loads((evaluation / "eval_config.json").read_text(encoding="utf-8"))["evalConfig"]["modelSpecs"]
    name = next((spec["name"] for spec in specs if not spec.get("isBaseline")), "") if len(specs) > 1 else None
    result = tfma.load_eval_result(str(evaluation), model_name=name)
    return next(((outputs or {}).get("", {}) for key, outputs in result.plots if not key), {})


def _of(plots: Plots, name: str) -> dict[str, Any]:
    return next((plot[name] for plot in plots.values() if name in plot), {})


def _curves(plots: Plots) -> tuple[tuple[tuple[float, float], ...], tuple[tuple[float, float], ...]]:
    """(ROC, precision-recall): points by rising false positive rate, and by rising recall."""
    roc, pr = [], []
    for at in _of(plots, "confusionMatrixAtThresholds").get("matrices", []):
        count = {
            name: float(at.get(name, 0.0))
            for name in ("truePositives", "falsePositives", "trueNegatives", "falseNegatives")
        }
        positives = count["truePositives"] + count["falseNegatives"]
        negatives = count["falsePositives"] + count["trueNegatives"]
        said = count["truePositives"] + count["falsePositives"]
        if positives and negatives:
            roc.append((count["falsePositives"] / negatives, count["truePositives"] / positives))
        if positives and said:
            pr.append((count["truePositives"] / positives, count["truePositives"] / said))
    return tuple(sorted(set(roc))), tuple(sorted(set(pr)))


def _calibration(plots: Plots) -> tuple[tuple[float, float, float], ...]:
    points = []
    for bucket in _of(plots, "calibrationHistogramBuckets").get("buckets", []):
        weight = float(bucket.get("numWeightedExamples", 0.0))
        if weight > 0:
            mean, label = (
                float(bucket.get(key, 0.0)) / weight for key in ("totalWeightedRefinedPrediction", "totalWeightedLabel")
            )
            points.append((mean, label, weight))
    return tuple(points)


def _two_by_two(overall: SliceResult) -> tuple[tuple[float, ...], ...]:
    """Counts at the model's threshold, back from the shares that the Evaluator summed exactly."""
    whole, rows = overall.whole, overall.whole.get("weighted_rows", float(overall.rows))
    positives = whole.get("label_mean", 0.0) * rows
    said = whole.get("predicted_positive_rate", 0.0) * rows
    recall = whole.get("recall", 0.0)
    hits = recall * positives if math.isfinite(recall) else 0.0
    return ((rows - positives - said + hits, said - hits), (positives - hits, hits))


def _confusion(overall: SliceResult | None, plots: Plots, roles: Roles) -> tuple[tuple[float, ...], ...]:
    if roles.task == "binary" and overall is not None:
        return _two_by_two(overall)
    matrices = _of(plots, "multiClassConfusionMatrixAtThresholds").get("matrices", [])
    if not matrices:
        return ()
    size = len(roles.classes)
    counts = [[0.0] * size for _ in range(size)]
    for entry in matrices[0].get("entries", []):
        true, said = int(entry.get("actualClassId", 0)), int(entry.get("predictedClassId", 0))
        if 0 <= true < size and 0 <= said < size:
            counts[true][said] = float(entry.get("numWeightedExamples", 0.0))
    return tuple(map(tuple, counts))
