"""The configuration that the stock Evaluator gets."""

import json

import pytest
import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.proto import config_pb2

from components.evaluator.eval_config import ServedModel, eval_config, with_thresholds
from schemas.roles import Roles

BINARY = Roles("income", "binary", ("no", "yes"))


def thresholds(config: config_pb2.EvalConfig) -> list[tuple[list[str], float]]:
    found = [s for s in config.metrics_specs if s.metrics[0].class_name == "Outcomes"]
    return [(list(s.model_names), json.loads(s.metrics[0].config)["threshold"]) for s in found]


def test_overall_comes_first_and_each_group_of_columns_is_a_slice() -> None:
    config = eval_config(BINARY, [("sex",), ("sex", "größe in cm")])
    assert [list(spec.feature_keys) for spec in config.slicing_specs] == [[], ["sex"], ["sex", "größe in cm"]]


def test_two_models_of_which_the_second_is_the_baseline() -> None:
    config = eval_config(BINARY)
    assert [(m.name, m.is_baseline) for m in config.model_specs] == [("candidate", False), ("baseline", True)]
    assert {m.signature_name for m in config.model_specs} == {"serving_default"}
    assert [list(m.preprocessing_function_names) for m in config.model_specs] == [["transform_features"]] * 2


@pytest.mark.parametrize(("weight", "key"), [(None, ""), ("fnlwgt", "weight")])
def test_weights_only_where_the_table_has_them(weight: str | None, key: str) -> None:
    roles = Roles("income", "binary", ("no", "yes"), weight=weight)
    assert {spec.example_weight_key for spec in eval_config(roles).model_specs} == {key}


def test_no_threshold_of_tfma_judges() -> None:
    assert not tfma.metrics.metric_thresholds_from_metrics_specs(eval_config(BINARY).metrics_specs)


def test_every_model_is_judged_at_its_own_threshold() -> None:
    config = eval_config(BINARY, threshold=0.3)
    assert thresholds(config) == [([], 0.3)]
    changed = with_thresholds(config, {"candidate": 0.4, "baseline": None})
    assert thresholds(changed) == [(["candidate"], 0.4), (["baseline"], 0.3)]
    assert thresholds(config) == [([], 0.3)]
    assert len(changed.metrics_specs) == len(config.metrics_specs) + 1


def test_names_of_another_model_can_be_given() -> None:
    config = eval_config(BINARY, served=ServedModel(signature="raw", label="y"))
    assert {(spec.signature_name, spec.label_key) for spec in config.model_specs} == {("raw", "y")}


def test_another_task_is_refused() -> None:
    with pytest.raises(ValueError, match="'ranking'; it may be binary, multiclass, regression"):
        eval_config(Roles("y", "ranking"))
