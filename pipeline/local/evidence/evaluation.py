"""What was measured on the test rows: the quality gate's exact metrics, and the curves of TFMA's result."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import tensorflow_model_analysis as tfma

from schemas import evidence
from schemas.evidence import EvaluationEvidence

Plots = dict[str, dict[str, Any]]


def read(evaluation: Path, measured: Path) -> EvaluationEvidence | None:
    """Metrics, threshold and confusion from `measured`, the quality gate's folder; ROC, precision-recall and calibration from TFMA's.

    None where the gate measured nothing.
    """
    found = evidence.read(EvaluationEvidence, measured)
    if found is None:
        return None
    plots = _plots(evaluation)
    roc, pr = _curves(plots)
    return replace(found, roc=roc, pr=pr, calibration=_calibration(plots))


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
