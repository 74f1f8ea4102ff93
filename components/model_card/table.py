"""The table that the model was made of, from TFDV's statistics and the schema: rows, columns, missing cells, the label."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from schemas.model_card import Column, Label
from schemas.roles import SPLITS, Roles
from schemas.split_statistics import columns_of, rows_of

if TYPE_CHECKING:
    from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

#: schema_pb2.FeatureType's numbers.
_TYPES = {0: "not known", 1: "text", 2: "whole number", 3: "number"}
_TEXT_STATISTICS = "string_stats"

Statistics = Mapping[str, "statistics_pb2.DatasetFeatureStatisticsList"]


def rows(statistics: Statistics) -> dict[str, int]:
    """By split, in the order of SPLITS."""
    return {split: rows_of(statistics[split]) for split in SPLITS if split in statistics}


def columns(statistics: Statistics, schema: schema_pb2.Schema, roles: Roles) -> tuple[Column, ...]:
    """Every column of the schema, in its order.  A column that a split lacks is missing in all of its rows."""
    counted = rows(statistics)
    seen = {split: columns_of(statistics[split]) for split in counted}
    found = []
    for feature in schema.feature:
        missing = {}
        for split, total in counted.items():
            column = seen[split].get(feature.name)
            if total:
                missing[split] = 1.0 if column is None else _missing(column, total)
        role = _role(feature.name, roles)
        found.append(Column(feature.name, role, _type(feature), missing))
    return tuple(found)


def label(statistics: Statistics, roles: Roles) -> Label:
    """How the label is distributed; shares are of the rows that have one."""
    shares, numbers = {}, {}
    for split in rows(statistics):
        column = columns_of(statistics[split]).get(roles.label)
        if column is None:
            continue
        if roles.task == "regression":
            numbers[split] = _range(column)
        elif column.WhichOneof("stats") == _TEXT_STATISTICS:
            shares[split] = _shares(column, roles.classes)
    return Label(roles.label, roles.task, roles.classes, roles.positive or "", shares, numbers)


def _missing(column: statistics_pb2.FeatureNameStatistics, total: int) -> float:
    known = getattr(column, column.WhichOneof("stats")).common_stats.num_non_missing
    return (total - int(known)) / total


def _type(feature: schema_pb2.Feature) -> str:
    return "date" if feature.HasField("time_domain") else _TYPES.get(feature.type, _TYPES[0])


def _role(name: str, roles: Roles) -> str:
    if name in (roles.label, roles.weight):
        return "label" if name == roles.label else "weight"
    return "id" if name in roles.ids else "feature"


def _shares(column: statistics_pb2.FeatureNameStatistics, classes: tuple[str, ...]) -> dict[str, float]:
    counts = {bucket.label: bucket.sample_count for bucket in column.string_stats.rank_histogram.buckets}
    total = sum(counts.values())
    return {name: counts.get(name, 0.0) / total for name in classes} if total else {}


def _range(column: statistics_pb2.FeatureNameStatistics) -> dict[str, float]:
    found = column.num_stats
    return {
        "mean": found.mean,
        "standard deviation": found.std_dev,
        "lowest": found.min,
        "median": found.median,
        "highest": found.max,
    }
