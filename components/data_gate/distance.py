"""Distances as TFDV measures them against the schema's comparators: skew between splits, drift from released train data.

TFDV says "training and serving" of the two sides of skew; here they are the train split and another one. It says "previous
and current" of drift; here they are the train split of the released model and this run's.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2, statistics_pb2

from components.data_gate.core import (
    BASELINE_MISSING,
    DISTANCE_PREFIX,
    DRIFT_PREFIX,
    NOT_MEASURED,
    TRAIN,
    WHOLE_TABLE,
    Finding,
    Released,
    findings,
)

#: TFDV's measure: (kind of its anomaly, words).
MEASURES = {
    "L_INFTY": ("comparator_l_infty_high", "largest difference of one value's share (L-infinity)"),
    "JENSEN_SHANNON_DIVERGENCE": ("comparator_jensen_shannon_divergence_high", "Jensen-Shannon divergence"),
    "NORMALIZED_ABSOLUTE_DIFFERENCE": (
        "comparator_normalized_absolute_difference_high",
        "normalized absolute difference",
    ),
}
#: Stands for "no limit" where TFDV wants one before it measures.
NO_LIMIT = math.inf
_SCHEMA_TYPES = {
    statistics_pb2.FeatureNameStatistics.INT: schema_pb2.INT,
    statistics_pb2.FeatureNameStatistics.FLOAT: schema_pb2.FLOAT,
    statistics_pb2.FeatureNameStatistics.STRING: schema_pb2.BYTES,
}


@dataclass(frozen=True)
class Distance:
    """How far one column is from another one of its name.

    measure : "l_infinity" or "jensen_shannon", in words of ours.  limit : None where the schema has none.
    """

    column: str
    measure: str
    value: float
    limit: float | None


def skew(train: Any, other: Any, schema: Any, split: str) -> tuple[Finding, ...]:
    """The distance of `split` from train: one finding per column and comparator, above its limit or not.

    train, other : statistics_pb2.DatasetFeatureStatisticsList; `other` is that of `split`.
    """
    if not any(feature.HasField("skew_comparator") for feature in schema.feature):
        return ()
    anomalies = tfdv.validate_statistics(train, schema, serving_statistics=other)
    measured = [
        _finding(column, one, split, f"between {split} and {TRAIN}")
        for column, info in _by_column(anomalies)
        for one in info.skew_measurements
    ]
    return (*measured, *_without_value(anomalies, split, measured))


def drift(train: Any, before: Any | None, schema: Any, released: Released) -> tuple[Finding, ...]:
    """The distance of train from the train data of the released model, likewise, and what could not be measured.

    before : statistics of the released model's train split, or None.
    """
    columns = [feature.name for feature in schema.feature if feature.HasField("drift_comparator")]
    if not columns or released.version == 0:
        return ()
    if before is None:
        return (Finding(TRAIN, WHOLE_TABLE, BASELINE_MISSING, _sentence(released.reason), is_anomaly=False),)
    anomalies = tfdv.validate_statistics(train, schema, previous_statistics=before)
    words = f"between {TRAIN} and the train data of {released.name}"
    measured = [
        _as_drift(_finding(column, one, TRAIN, words))
        for column, info in _by_column(anomalies)
        for one in info.drift_measurements
    ]
    there, known = column_names(train), {finding.column for finding in measured}
    missing = [column for column in columns if column in there and column not in known]
    return (*measured, *(_not_measured(column, released) for column in missing))


def of_every_column(train: Any, schema: Any, *, other: Any = None, before: Any = None) -> tuple[Distance, ...]:
    """The distance of train from `other` (another split) or from `before` (released train data), limit or not.

    Columns that TFDV cannot measure, because one side lacks them or they have no values there, are left out.
    """
    comparator = "skew_comparator" if other is not None else "drift_comparator"
    sides = {"serving_statistics": other} if other is not None else {"previous_statistics": before}
    anomalies = tfdv.validate_statistics(train, _comparing_all(train, schema, comparator), **sides)
    return tuple(
        Distance(column, _measure(one), one.value, None if one.threshold == NO_LIMIT else one.threshold)
        for column, info in _by_column(anomalies)
        for one in (info.skew_measurements if other is not None else info.drift_measurements)
    )


def _comparing_all(train: Any, schema: Any, comparator: str) -> Any:
    """A schema of comparators: the given ones, and for a column without one that of its type, without limit."""
    given = {feature.name: feature for feature in schema.feature if feature.HasField(comparator)}
    compared = schema_pb2.Schema()
    for feature in (f for one in train.datasets for f in one.features if f.type in _SCHEMA_TYPES):
        name = "/".join(feature.path.step) or feature.name
        column = compared.feature.add(name=name, type=_SCHEMA_TYPES[feature.type])
        limits = getattr(column, comparator)
        if name in given:
            limits.CopyFrom(getattr(given[name], comparator))
        elif feature.type == statistics_pb2.FeatureNameStatistics.STRING:
            limits.infinity_norm.threshold = NO_LIMIT
        else:
            limits.jensen_shannon_divergence.threshold = NO_LIMIT
    return compared


def _measure(measured: Any) -> str:
    name = anomalies_pb2.DriftSkewInfo.Measurement.Type.Name(measured.type)
    return {"L_INFTY": "l_infinity"}.get(name, name.lower().removesuffix("_divergence"))


def column_names(statistics: Any) -> frozenset[str]:
    """The columns that statistics_pb2.DatasetFeatureStatisticsList tells of."""
    return frozenset("/".join(f.path.step) or f.name for one in statistics.datasets for f in one.features)


def _by_column(anomalies: Any) -> Iterator[tuple[str, Any]]:
    for info in anomalies.drift_skew_info:
        yield "/".join(info.path.step), info


def _finding(column: str, measured: Any, split: str, between: str) -> Finding:
    kind, words = MEASURES[anomalies_pb2.DriftSkewInfo.Measurement.Type.Name(measured.type)]
    # A distance that is not a number was not shown to be below its limit.
    above = not measured.value <= measured.threshold
    detail = f"{words} {between} is {measured.value:.4g}, allowed {measured.threshold:.4g}"
    return Finding(split, column, kind, detail, measured.value, measured.threshold, is_anomaly=above)


def _without_value(anomalies: Any, split: str, measured: list[Finding]) -> list[Finding]:
    """What TFDV found fault with and gave no distance for."""
    known = {(f.column, f.kind) for f in measured}
    return [f for f in findings(anomalies, split) if f.is_distance and (f.column, f.kind) not in known]


def _as_drift(finding: Finding) -> Finding:
    return replace(finding, kind=finding.kind.replace(DISTANCE_PREFIX, DRIFT_PREFIX, 1))


def _not_measured(column: str, released: Released) -> Finding:
    detail = f"The train data of {released.name} have no values of '{column}' to compare with, or of another type than the schema's."
    return Finding(TRAIN, column, NOT_MEASURED, detail, is_anomaly=False)


def _sentence(reason: str) -> str:
    return f"Drift cannot be told: {reason}. Set data_gate.policy.{BASELINE_MISSING} to warn until a new version is released."
