"""Distances between splits, as TFDV measured them against the schema's skew comparators, in words of ours.

TFDV says "training and serving" of the two sides; here they are a split and the train split.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tensorflow_metadata.proto.v0 import anomalies_pb2

from components.data_gate.core import Finding, findings

#: TFDV's measure: (kind of its anomaly, words).
MEASURES = {
    "L_INFTY": ("comparator_l_infty_high", "largest difference of one value's share (L-infinity)"),
    "JENSEN_SHANNON_DIVERGENCE": ("comparator_jensen_shannon_divergence_high", "Jensen-Shannon divergence"),
    "NORMALIZED_ABSOLUTE_DIFFERENCE": (
        "comparator_normalized_absolute_difference_high",
        "normalized absolute difference",
    ),
}


def distances(anomalies: Any, split: str) -> tuple[Finding, ...]:
    """One finding per column and comparator, above its limit or not, and those that TFDV could not measure.

    anomalies : of `tfdv.validate_statistics(train, schema, serving_statistics=statistics of split)`.
    """
    measured = [finding for info in anomalies.drift_skew_info for finding in _measured(info, split)]
    known = {(f.column, f.kind) for f in measured}
    rest = [f for f in findings(anomalies, split) if f.is_distance and (f.column, f.kind) not in known]
    return (*measured, *rest)


def _measured(info: Any, split: str) -> Iterator[Finding]:
    column = "/".join(info.path.step)
    for one in info.skew_measurements:
        kind, words = MEASURES[anomalies_pb2.DriftSkewInfo.Measurement.Type.Name(one.type)]
        above = one.value > one.threshold
        detail = f"{words} between {split} and train is {one.value:.4g}, allowed {one.threshold:.4g}"
        yield Finding(split, column, kind, detail, one.value, one.threshold, is_anomaly=above)
