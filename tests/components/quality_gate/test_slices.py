"""Our metrics out of TFMA's values: defined where they are, None where they are not."""

import math

import pytest

from components.quality_gate.intervals import hanley_mcneil, wilson
from components.quality_gate.slices import TFMA_NAMES, SliceResult, interval_of, metric_rows, value_of
from pipeline.settings import METRICS


def binary(rows: float = 200, positives: float = 80, **more: float) -> SliceResult:
    whole = {
        "rows": rows,
        "kish_rows": rows,
        "positive_rows": positives,
        "label_mean": positives / rows if rows else math.nan,
        "binary_accuracy": 0.8,
        "precision": 0.75,
        "recall": 0.6,
        "predicted_positive_rate": 0.3,
    }
    return SliceResult((), whole | more, {1: {"auc": 0.85, "auc_precision_recall": 0.7}})


def regression(mse: float = 2.0, variance: float = 8.0) -> SliceResult:
    return SliceResult((), {"rows": 50, "kish_rows": 50, "mean_squared_error": mse, "label_variance": variance})


def test_every_metric_a_limit_may_name_has_a_source() -> None:
    assert {task: tuple(names) for task, names in TFMA_NAMES.items()} == METRICS


def test_names_of_slices() -> None:
    assert SliceResult((), {}).name == "overall"
    assert SliceResult((("größe in cm", "a"), ("sex", "Male")), {}).name == "größe in cm=a, sex=Male"


def test_binary_values_come_from_the_whole_or_the_positive_class() -> None:
    assert value_of("accuracy", "binary", binary()) == 0.8
    assert value_of("auc", "binary", binary()) == 0.85


@pytest.mark.parametrize("positives", [0, 200])
def test_auc_of_one_class_is_not_defined(positives: float) -> None:
    assert value_of("auc", "binary", binary(positives=positives)) is None
    assert interval_of("auc", "binary", binary(positives=positives)) is None


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_not_finite_is_none(bad: float) -> None:
    assert value_of("accuracy", "binary", binary(binary_accuracy=bad)) is None


def test_no_rows_no_values() -> None:
    empty = binary(rows=0, positives=0)
    assert [value_of(metric, "binary", empty) for metric in TFMA_NAMES["binary"]] == [None] * 9


def test_macro_auc_is_the_mean_and_needs_every_class() -> None:
    whole = {"rows": 9.0, "kish_rows": 9.0}
    assert value_of("macro_auc", "multiclass", SliceResult((), whole, {0: {"auc": 0.5}, 1: {"auc": 0.9}})) == 0.7
    assert value_of("macro_auc", "multiclass", SliceResult((), whole, {0: {"auc": 0.5}, 1: {"auc": math.nan}})) is None
    assert value_of("macro_auc", "multiclass", SliceResult((), whole)) is None


def test_r2_and_rmse_are_derived() -> None:
    assert value_of("r2", "regression", regression()) == pytest.approx(0.75)
    assert value_of("rmse", "regression", regression()) == pytest.approx(math.sqrt(2))
    assert value_of("r2", "regression", regression(variance=0.0)) is None


def test_intervals_use_the_right_denominators() -> None:
    ends = {metric: interval_of(metric, "binary", binary()) for metric in ("accuracy", "recall", "precision")}
    assert ends["accuracy"] == wilson(0.8, 200)
    assert interval_of("auc", "binary", binary()) == hanley_mcneil(0.85, 80, 120)
    assert ends["recall"] == wilson(0.6, 80)
    assert ends["precision"] == wilson(0.75, 60)
    assert interval_of("log_loss", "binary", binary(binary_crossentropy=0.4)) is None


def test_weights_widen_intervals() -> None:
    even, uneven = interval_of("accuracy", "binary", binary()), interval_of("accuracy", "binary", binary(kish_rows=50))
    assert uneven[1] - uneven[0] > 1.5 * (even[1] - even[0])


def test_metric_rows_put_overall_first_and_the_released_value_beside() -> None:
    group = SliceResult((("sex", "F"),), binary().whole, binary().by_class)
    rows = metric_rows("binary", [group, binary()], [binary(binary_accuracy=0.7)])
    assert [row.slice for row in rows] == ["overall"] * 9 + ["sex=F"] * 9
    accuracy = next(row for row in rows if row.name == "accuracy")
    assert (accuracy.value, accuracy.baseline, accuracy.rows) == (0.8, 0.7, 200)
    assert accuracy.low < 0.8 < accuracy.high
    assert next(row for row in rows if row.slice == "sex=F").baseline is None
