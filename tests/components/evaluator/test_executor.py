"""A real TFMA run over a tiny model: every metric, slice and baseline against scikit-learn on the same rows."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow_model_analysis as tfma
from sklearn import metrics
from tensorflow_model_analysis.proto import config_pb2
from tfx.components.evaluator import executor as stock
from tfx.types import standard_artifacts
from tfx.utils import proto_utils

from components.evaluator.executor import Executor
from schemas.file_names import MODEL_DESCRIPTION
from tests.components.evaluated import CANDIDATE, RELEASED
from tests.components.evaluator.tfma_result import SliceResult, read_slices, value_of
from tests.components.tiny_model import scores

#: TFMA's areas come from a histogram of 10,000 bins.
BINNED = 2e-4
pytestmark = pytest.mark.filterwarnings("ignore:invalid value encountered in divide:RuntimeWarning")
Evaluation = Callable[[str, bool], Any]


def expected(run: Any, chosen: np.ndarray, model: tuple[float, float]) -> dict[str, float]:
    task, label, weight = run.table.task, run.table.label[chosen], run.table.weight[chosen].astype(np.float32)
    answer, given = scores(task, run.table.x[chosen], model[0]), {"sample_weight": weight}
    if task == "regression":
        return {
            "r2": metrics.r2_score(label, answer[:, 0], **given),
            "rmse": metrics.root_mean_squared_error(label, answer[:, 0], **given),
            "mae": metrics.mean_absolute_error(label, answer[:, 0], **given),
            "mse": metrics.mean_squared_error(label, answer[:, 0], **given),
        }
    if task == "multiclass":
        areas = [metrics.roc_auc_score(label == k, answer[:, k], **given) for k in range(3)]
        return {
            "accuracy": metrics.accuracy_score(label, answer.argmax(1), **given),
            "log_loss": metrics.log_loss(label, answer, **given),
            "macro_auc": float(np.mean(areas)),
        }
    positive = answer[:, 1]
    said = positive >= model[1]
    return {
        "auc": metrics.roc_auc_score(label, positive, **given),
        "auc_pr": metrics.average_precision_score(label, positive, **given),
        "accuracy": metrics.accuracy_score(label, said, **given),
        "log_loss": metrics.log_loss(label, positive, **given),
        "brier": metrics.brier_score_loss(label, positive, **given),
        "precision": metrics.precision_score(label, said, **given),
        "recall": metrics.recall_score(label, said, **given),
        "f1": metrics.f1_score(label, said, **given),
        "calibration_ratio": float(weight @ positive / (weight @ label)),
    }


def rows_of(run: Any, result: SliceResult) -> np.ndarray:
    columns = {"sex": run.table.sex, "größe in cm": run.table.groups}
    return np.logical_and.reduce([np.ones(len(run.table.x), bool), *(columns[c] == v for c, v in result.key)])


def assert_right(run: Any, result: SliceResult, model: tuple[float, float]) -> None:
    chosen = rows_of(run, result)
    assert result.rows == chosen.sum()
    weight = run.table.weight[chosen]
    assert result.whole["weighted_rows"] == pytest.approx(weight.sum(), rel=1e-5)
    assert result.effective_rows == pytest.approx(weight.sum() ** 2 / (weight**2).sum(), rel=1e-5)
    for metric, value in expected(run, chosen, model).items():
        # Average precision is a step function, TFMA's area is interpolated between the steps.
        tolerance = {"auc": BINNED, "macro_auc": BINNED, "auc_pr": 8e-3}.get(metric, 1e-5)
        assert value_of(metric, run.table.task, result) == pytest.approx(value, abs=tolerance, rel=1e-5), metric


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_both_models_on_every_large_slice(evaluation: Evaluation, task: str) -> None:
    run = evaluation(task, True)
    found = read_slices(run.evaluation.uri)
    assert set(found) == {"candidate", "baseline"}
    for role, model in (("candidate", CANDIDATE), ("baseline", RELEASED)):
        large = [result for result in found[role] if rows_of(run, result).sum() >= 100]
        assert {r.name for r in large} >= {"overall", "sex=Female", "größe in cm=a, sex=Male"}
        for result in large:
            assert_right(run, result, model)


def test_slices_may_be_small_and_not_ascii(evaluation: Evaluation) -> None:
    names = {result.name for result in read_slices(evaluation("binary", True).evaluation.uri)["candidate"]}
    assert len(names) == 1 + 2 + 6
    assert "größe in cm=Ünï, sex=Male" in names


def test_an_empty_baseline_is_dropped_and_changes_nothing(evaluation: Evaluation) -> None:
    first, later = evaluation("binary", False), evaluation("binary", True)
    found = read_slices(first.evaluation.uri)
    assert set(found) == {"candidate"}
    overall = next(result for result in found["candidate"] if not result.key)
    assert_right(first, overall, CANDIDATE)
    again = next(result for result in read_slices(later.evaluation.uri)["candidate"] if not result.key)
    assert {k: overall.whole[k] for k in overall.whole} == pytest.approx(again.whole, rel=1e-6)


def test_a_baseline_of_other_classes_is_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TFMA would count the rows of one model's classes in sums of the other's, and end the run there."""
    given: dict[str, Any] = {}
    monkeypatch.setattr(stock.Executor, "Do", lambda self, inputs, outputs, properties: given.update(inputs))
    for name, classes in (("model", ["a", "b", "c"]), ("baseline_model", ["a", "b"])):
        file = tmp_path / name / "Format-Serving" / MODEL_DESCRIPTION
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps({"task": "multiclass", "classes": classes, "threshold": None}))
        given[name] = [standard_artifacts.Model()]
        given[name][0].uri = str(tmp_path / name)
    asked, properties = dict(given), {"eval_config": proto_utils.proto_to_json(config_pb2.EvalConfig())}
    given.clear()
    Executor().Do(asked, {}, properties)
    assert set(given) == {"model"}


def test_plots_of_a_binary_model_are_there_for_the_report(evaluation: Evaluation) -> None:
    result = tfma.load_eval_result(evaluation("binary", False).evaluation.uri)
    plots = dict(result.plots)[()][""]["classId:1"]
    assert set(plots) == {"calibrationHistogramBuckets", "confusionMatrixAtThresholds"}
    assert len(plots["confusionMatrixAtThresholds"]["matrices"]) > 100


def test_the_confusion_matrix_of_a_multiclass_model_is_there(evaluation: Evaluation) -> None:
    run = evaluation("multiclass", True)
    result = tfma.load_eval_result(run.evaluation.uri, model_name="candidate")
    plots = dict(result.plots)[()][""][""]
    assert set(plots) == {"multiClassConfusionMatrixAtThresholds"}
