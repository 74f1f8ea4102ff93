"""A first schema (TFMD) from what inspection found; a person reviews it before it becomes the contract."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from schemas.table import Column, TableProfile

if TYPE_CHECKING:
    from tensorflow_metadata.proto.v0 import schema_pb2

ENVIRONMENTS = ("TRAINING", "SERVING")
MAX_DISTANCE = 0.1
"""Of a column between two samples: ten points of share, the usual first choice. For numbers it bounds D, the largest difference of
the cumulative shares, for categories the largest difference of one value's share. It does not grow with the noise of small
tables: the gate refuses only what an interval shows to be beyond it (docs/data-gate.md)."""
_PRESENCE_MARGIN = 0.05


def infer(profile: TableProfile) -> schema_pb2.Schema:
    """The schema of the table.

    Every column has value_count 1 and no fixed shape, so that Transform parses all of them as sparse and a request
    that lacks a value is a missing value, not a parse error. Label and weight are not asked for in environment SERVING.
    """
    from tensorflow_metadata.proto.v0 import schema_pb2

    schema = schema_pb2.Schema(default_environment=ENVIRONMENTS)
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
                    comparator.infinity_norm.threshold = MAX_DISTANCE
                elif column.type != "text":
                    comparator.jensen_shannon_divergence.threshold = MAX_DISTANCE
    return schema


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
