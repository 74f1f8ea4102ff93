"""A first schema (TFMD) from what inspection found; a person reviews it before it becomes the contract."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from schemas.table import Column, TableProfile

if TYPE_CHECKING:
    from tensorflow_metadata.proto.v0 import schema_pb2

ENVIRONMENTS = ("TRAINING", "SERVING")
MIN_DISTANCE = 0.1
"""Smallest distance between two distributions that counts as drift; see `distance_limits`."""
MAX_FULLEST_BIN = 0.7
"""TFDV compares numbers through bins of equal width between the least and the greatest. Where one bin holds nearly
everything (amounts that are mostly 0, long tails), another greatest value moves the bins and the distance leaps: 0.196
for Adult's capital-loss between train and eval, 0.0005 once a single row of eval has train's greatest value. Samples of
one lognormal (sigma 1.5) stood 0.27 apart. Such columns get no comparator. 0.7 lies between 0.54 (hours-per-week,
steady) and 0.95 (capital-loss); where between is a choice, not a finding."""
_HISTOGRAM_BINS = 20
_PRESENCE_MARGIN = 0.05


def infer(profile: TableProfile) -> schema_pb2.Schema:
    """The schema of the table.

    Every column has value_count 1 and no fixed shape, so that Transform parses all of them as sparse and a request
    that lacks a value is a missing value, not a parse error. Label and weight are not asked for in environment SERVING.
    """
    from tensorflow_metadata.proto.v0 import schema_pb2

    schema = schema_pb2.Schema(default_environment=ENVIRONMENTS)
    texts, numbers = distance_limits(profile.rows)
    for column in profile.columns:
        feature = schema.feature.add(name=column.name)
        feature.type = {"int": schema_pb2.INT, "float": schema_pb2.FLOAT, "text": schema_pb2.BYTES}[column.type]
        feature.value_count.min = feature.value_count.max = 1
        _set_presence(feature, column, profile.rows)
        _set_domain(feature, column, profile)
        if column.role in ("label", "weight"):
            feature.not_in_environment.append("SERVING")
        if column.role != "id" and column.kind != "date":
            # Dates move on by nature and ids are new by nature: their drift says nothing.
            for comparator in (feature.drift_comparator, feature.skew_comparator):
                if column.kind == "category":
                    comparator.infinity_norm.threshold = texts
                elif column.type != "text" and (column.fullest_bin or 0) <= MAX_FULLEST_BIN:
                    comparator.jensen_shannon_divergence.threshold = numbers
    return schema


def distance_limits(rows: Mapping[str, int]) -> tuple[float, float]:
    """Limits of L-infinity (categories) and Jensen-Shannon (numbers) distance, both in [0, 1].

    0.1 is the usual first choice for both: a category moved by ten points of share, a histogram visibly moved. Small
    tables differ by more by chance alone, so the limits rise with the noise of train (n) and the smallest split (m):

    - a share's difference has a standard deviation of at most 0.5 sqrt(1/n + 1/m); three of them are allowed;
    - the Jensen-Shannon divergence in bits of two samples of one distribution with k bins is on average
      (k - 1) / (8 ln 2) (1/n + 1/m) (Grosse et al. 2002, Phys. Rev. E 65, 041905),
      here with k = 20; twice that is allowed.

    Tried on TFDV 1.21 with two samples of one distribution, 60 columns each of normal, exponential and uniform numbers:
    n, m = 270, 37 gave 0.08 on average (formula 0.105), and 1 of 180 columns passed the limit of 0.22; at 1000, 100 and
    8000, 1000 none passed. There the formula is too low (0.004 for 0.016), because a sample's range moves TFDV's bins;
    the floor of 0.1 covers it.

    >>> distance_limits({"train": 29301, "eval": 3260, "test": 15060})
    (0.1, 0.1)
    >>> distance_limits({"train": 270, "eval": 37, "test": 37})
    (0.27, 0.22)
    """
    noise = 1 / max(rows["train"], 1) + 1 / max(min(rows.values()), 1)
    texts = 1.5 * math.sqrt(noise)
    numbers = 2 * (_HISTOGRAM_BINS - 1) / (8 * math.log(2)) * noise
    return _limit(texts), _limit(numbers)


def _limit(noise: float) -> float:
    return min(1.0, max(MIN_DISTANCE, math.ceil(noise * 100) / 100))


def lowest_presence(column: Column, rows: int, smallest_split: int) -> float:
    """The share of rows that must have a value: 1 where nothing is missing.

    Otherwise the share that was seen, less 5 points or 3 standard deviations in the smallest split, in whole points.
    """
    if not column.missing:
        return 1.0
    seen = 1 - column.missing / rows
    margin = max(_PRESENCE_MARGIN, 3 * math.sqrt(seen * (1 - seen) / smallest_split))
    return max(0.0, math.floor((seen - margin) * 100) / 100)


def _set_presence(feature: schema_pb2.Feature, column: Column, rows: Mapping[str, int]) -> None:
    share = lowest_presence(column, sum(rows.values()), min(rows.values()))
    feature.presence.min_fraction = share
    feature.presence.min_count = 1 if share else 0


def _set_domain(feature: schema_pb2.Feature, column: Column, profile: TableProfile) -> None:
    from tensorflow_metadata.proto.v0 import schema_pb2

    if column.kind == "date":
        if column.type == "text":
            feature.time_domain.string_format = column.date_format or "%Y-%m-%d"
        elif column.type == "int":
            feature.time_domain.integer_format = schema_pb2.TimeDomain.UNIX_SECONDS
    elif column.role == "label" and profile.roles.classes:
        feature.string_domain.value.extend(profile.roles.classes)
    elif column.values:
        feature.string_domain.value.extend(column.values)
        # A category so rare that train has none may turn up in another split; one row in a hundred may.
        rare = max(0.01, 3 / min(profile.rows.values()))
        feature.distribution_constraints.min_domain_mass = round(max(0.0, 1 - rare), 3)
    elif column.type == "int" and column.kind == "category":
        feature.int_domain.is_categorical = True
