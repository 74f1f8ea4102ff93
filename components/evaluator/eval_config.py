"""What TFMA's Evaluator measures on the test split: our metrics under TFMA's names, overall and per slice.

No threshold stands here: TFMA measures, QualityGate judges.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from google.protobuf.json_format import ParseDict
from tensorflow_model_analysis.proto import config_pb2

from schemas.roles import TASKS, Roles

#: Points on the ROC and precision-recall curves of the report.
CURVE_POINTS = 200
#: Bins of the calibration curve, from score 0 to 1.
CALIBRATION_BINS = 10
OURS = "components.evaluator.metrics"
CANDIDATE, BASELINE = "candidate", "baseline"
#: Column of the positive class in the scores of a binary model.
POSITIVE = {"class_ids": {"values": [1]}}


@dataclass(frozen=True)
class ServedModel:
    """Names under which the SavedModel answers.

    preprocessing : the signature that turns serialized Examples into {label, weight}.
    scores : key of the prediction; None where the signature has one output, which is then the prediction itself.
    """

    signature: str = "serving_default"
    preprocessing: str = "transform_features"
    label: str = "label"
    weight: str = "weight"
    scores: str = "scores"


def eval_config(
    roles: Roles,
    slices: Iterable[Sequence[str]] = (),
    *,
    threshold: float = 0.5,
    served: ServedModel = ServedModel(),
) -> config_pb2.EvalConfig:
    """The configuration of TFX's Evaluator.

    roles : task and classes; with a weight column, metrics count each row with its weight (row counts stay plain).
    slices : groups of raw columns; the overall slice is always there.
    threshold : score in (0, 1) from which a row counts as positive, where a model does not bring its own.

    Raises ValueError for a task that is none of the three.
    """
    if roles.task not in TASKS:
        raise ValueError(f"task is {roles.task!r}; it may be {', '.join(TASKS)}")
    classes = len(roles.classes)
    model = _model(served, weighted=roles.weight is not None)
    config = {
        "model_specs": [{**model, "name": CANDIDATE}, {**model, "name": BASELINE, "is_baseline": True}],
        "slicing_specs": [{}, *({"feature_keys": list(columns)} for columns in slices)],
        "metrics_specs": [_outcomes(roles.task, classes, threshold), *_curves(roles.task, classes)],
    }
    return ParseDict(config, config_pb2.EvalConfig())


def with_thresholds(config: config_pb2.EvalConfig, thresholds: Mapping[str, float | None]) -> config_pb2.EvalConfig:
    """A copy of `config` that judges each named model at its own threshold (None: at that of `config`).

    Models that are not named are not judged at all, so all models of the run have to be.
    """
    changed = config_pb2.EvalConfig()
    changed.CopyFrom(config)
    del changed.metrics_specs[:]
    for spec in config.metrics_specs:
        if spec.metrics[0].class_name != "Outcomes":
            changed.metrics_specs.add().CopyFrom(spec)
            continue
        for model, threshold in thresholds.items():
            changed.metrics_specs.add(metrics=[_at(spec.metrics[0], threshold)], model_names=[model])
    return changed


def _at(outcomes: config_pb2.MetricConfig, threshold: float | None) -> config_pb2.MetricConfig:
    own = {} if threshold is None else {"threshold": threshold}
    settings = json.dumps({**json.loads(outcomes.config), **own})
    return config_pb2.MetricConfig(class_name=outcomes.class_name, module=outcomes.module, config=settings)


def _model(served: ServedModel, weighted: bool) -> dict[str, Any]:
    model = {
        "signature_name": served.signature,
        "preprocessing_function_names": [served.preprocessing],
        "label_key": served.label,
        "prediction_key": served.scores,
    }
    return {**model, "example_weight_key": served.weight} if weighted else model


def _metric(class_name: str, module: str = "", **config: Any) -> dict[str, Any]:
    return {"class_name": class_name, "module": module, **({"config": json.dumps(config)} if config else {})}


def _outcomes(task: str, classes: int, threshold: float) -> dict[str, Any]:
    return {"metrics": [_metric("Outcomes", OURS, task=task, classes=classes, threshold=threshold)]}


def _curves(task: str, classes: int) -> list[dict[str, Any]]:
    """What needs the order of all scores; TFMA shares one histogram of 10,000 bins among them."""
    if task == "binary":
        plots = (
            _metric("ConfusionMatrixPlot", num_thresholds=CURVE_POINTS),
            _metric("CalibrationPlot", num_buckets=CALIBRATION_BINS),
        )
        return [{"metrics": [_metric("AUC"), _metric("AUCPrecisionRecall"), *plots], "binarize": POSITIVE}]
    if task == "multiclass":
        # TFMA's own macro average writes a proto into the metric's name, so the average is taken in QualityGate.
        one_against_rest = {"class_ids": {"values": list(range(classes))}}
        return [
            {"metrics": [_metric("MultiClassConfusionMatrixPlot")]},
            {"metrics": [_metric("AUC")], "binarize": one_against_rest},
        ]
    return []
