"""TFX adapter: the stock Evaluator's executor, for a baseline that may be empty or of other classes, and models with own thresholds."""

from typing import Any

from tensorflow_model_analysis.proto import config_pb2
from tfx.components.evaluator import executor as stock
from tfx.utils import path_utils, proto_utils

from components.evaluator.core import answer_alike, decision_threshold
from components.evaluator.eval_config import BASELINE, CANDIDATE, with_thresholds

Artifacts = dict[str, list[Any]]


class Executor(stock.Executor):
    """TFX's work on what remains after a baseline is taken out that is marked `empty`, or answers another question."""

    def Do(self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]) -> None:
        given = {key: artifacts for key, artifacts in input_dict.items() if artifacts}
        if _is_empty(given.get("baseline_model", [])) or not _answer_alike(given):
            given.pop("baseline_model", None)
        config = proto_utils.json_to_proto(exec_properties["eval_config"], config_pb2.EvalConfig())
        config = with_thresholds(config, _thresholds(given))
        super().Do(given, output_dict, {**exec_properties, "eval_config": proto_utils.proto_to_json(config)})


def _is_empty(baselines: list[Any]) -> bool:
    return not baselines or baselines[0].get_int_custom_property("empty") == 1


def _answer_alike(given: Artifacts) -> bool:
    return answer_alike(*(path_utils.serving_model_path(given[key][0].uri) for key in ("model", "baseline_model")))


def _thresholds(given: Artifacts) -> dict[str, float | None]:
    """The thresholds that the models bring themselves (None: it does not say), by the name of their model spec."""
    folders = {CANDIDATE: given.get("model"), BASELINE: given.get("baseline_model")}
    return {k: decision_threshold(path_utils.serving_model_path(a[0].uri)) for k, a in folders.items() if a}
