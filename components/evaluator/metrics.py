"""TFMA adapter: `components.evaluator.sums` as one TFMA metric with many values."""

from collections.abc import Iterable, Mapping
from typing import Any

import apache_beam as beam
import numpy as np
from tensorflow_model_analysis.metrics import metric_types, metric_util

from components.evaluator.sums import LabelSums, sums_for


class RowSums(beam.CombineFn):
    """One pass over a slice's rows.

    names : keys under which label, scores and weight may lie inside what TFMA hands over (model, prediction key).
    """

    def __init__(self, key: metric_types.MetricKey, empty: tuple[str, int, float], names: tuple[str, ...]) -> None:
        self._key = key
        self._empty = empty
        self._names = names

    def create_accumulator(self) -> LabelSums:
        return sums_for(*self._empty)

    def add_input(self, accumulator: LabelSums, element: metric_types.StandardMetricInputs) -> LabelSums:
        scores = self._vector(element.predictions)
        weight = self._vector(element.example_weights)[0] if self._key.example_weighted else 1.0
        accumulator.add(self._vector(element.labels)[0], scores, weight)
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[LabelSums]) -> LabelSums:
        merged = self.create_accumulator()
        for one in accumulators:
            merged.merge(one)
        return merged

    def extract_output(self, accumulator: LabelSums) -> dict[metric_types.MetricKey, float]:
        return {self._key._replace(name=name): value for name, value in accumulator.values().items()}

    def _vector(self, value: Any) -> list[float]:
        for name in self._names:
            if isinstance(value, Mapping) and name in value:
                value = value[name]
        found: list[float] = np.asarray(value, dtype=np.float64).ravel().tolist()
        return found


def _computations(
    eval_config: Any = None, model_name: str = "", example_weighted: bool = False, **config: Any
) -> metric_types.MetricComputations:
    """The parameters are named as TFMA passes them.  config : those of `Outcomes`, and the metric's own name."""
    empty = (config["task"], config["classes"], config["threshold"])
    of_model = {"model_name": model_name, "example_weighted": example_weighted}
    keys = [metric_types.MetricKey(name=value, **of_model) for value in sums_for(*empty).values()]
    prediction_keys = {spec.prediction_key for spec in eval_config.model_specs} if eval_config else set()
    combiner = RowSums(keys[0], empty, (model_name, "", *sorted(prediction_keys)))
    return [metric_types.MetricComputation(keys=keys, preprocessors=None, combiner=combiner)]


class Outcomes(metric_types.Metric):
    """Every value of `components.evaluator.sums` for a task, named as there."""

    def __init__(self, task: str, classes: int = 0, threshold: float = 0.5, name: str = "outcomes") -> None:
        computations = metric_util.merge_per_key_computations(_computations)
        super().__init__(computations, name=name, task=task, classes=classes, threshold=threshold)


metric_types.register_metric(Outcomes)
