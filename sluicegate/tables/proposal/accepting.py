"""A proposed schema, loosened where a split of the very table it was made from would break it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from schemas.roles import SPLITS
from schemas.table import MAX_DOMAIN
from sluicegate.tables.columns.columns import TypedColumn
from sluicegate.tables.columns.inspection import Examined

if TYPE_CHECKING:
    from tensorflow_metadata.proto.v0 import schema_pb2


def accepting(schema: schema_pb2.Schema, examined: Examined) -> schema_pb2.Schema:
    """The same schema, changed in place: domains hold the categories of every split, and no split lacks too many values."""
    columns = {column.name: column for column in examined.columns}
    for feature in schema.feature:
        column = columns[feature.name]
        _widen_domain(feature, column)
        _lower_presence(feature, column, examined)
    return schema


def _widen_domain(feature: schema_pb2.Feature, column: TypedColumn) -> None:
    domain = feature.string_domain.value
    if not feature.HasField("string_domain") or not feature.HasField("distribution_constraints"):
        return
    seen = set(domain)
    more = sorted(value for value in column.column.values.to_pylist() if value not in seen)
    if len(domain) + len(more) <= MAX_DOMAIN:
        domain.extend(more)
        return
    # More than a list should hold: these are a vocabulary, not a domain.
    feature.ClearField("string_domain")
    feature.ClearField("distribution_constraints")


def _lower_presence(feature: schema_pb2.Feature, column: TypedColumn, examined: Examined) -> None:
    if not column.column.missing():
        return
    for split in SPLITS:
        rows = examined.splits.rows(split)
        seen = 1 - column.column.missing(rows) / max(len(rows), 1)
        share = max(0.0, math.floor(seen * 100 - 1) / 100)
        feature.presence.min_fraction = min(feature.presence.min_fraction, share)
    feature.presence.min_count = 1 if feature.presence.min_fraction else 0
