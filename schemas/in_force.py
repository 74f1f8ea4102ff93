"""The schema that a run goes by: the settings' file, amended where the settings themselves say otherwise.

`init` writes schema and settings side by side. Whoever then writes `columns.kinds` or `columns.leave_out` into the settings
has said the newer word, so the schema follows: it is a copy for the run, the file stays as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from schemas.table import Column

if TYPE_CHECKING:
    from tensorflow_metadata.proto.v0 import schema_pb2

_DOMAINS = ("int_domain", "float_domain", "string_domain", "domain", "time_domain", "time_of_day_domain")
_FIRST_DISTANCE = 0.1
"""As sluicegate/tables/proposal/inference.py: the usual first limit for a column whose distance is measured in another unit from now on."""


def amended(
    schema: schema_pb2.Schema, columns: Iterable[Column], gone: Collection[str]
) -> tuple[schema_pb2.Schema, list[str]]:
    """A copy that fits the columns as they were read, and a sentence per change; equal to `schema` where none is needed.

    columns : what is kept, with the types that the settings' word and the values settled.
    gone : columns that the settings drop (`columns.leave_out`, the split's column); nobody asks for them.
    """
    from tensorflow_metadata.proto.v0 import schema_pb2

    copy, notes = schema_pb2.Schema(), []
    copy.CopyFrom(schema)
    dropped = [feature.name for feature in copy.feature if feature.name in gone]
    for feature in [one for one in copy.feature if one.name in dropped]:
        copy.feature.remove(feature)
    notes += [f"Column '{name}' of the schema is not asked for: the settings leave it out." for name in dropped]
    read = {column.name: column for column in columns}
    types = {"int": schema_pb2.INT, "float": schema_pb2.FLOAT, "text": schema_pb2.BYTES}
    names = {number: name for name, number in schema_pb2.FeatureType.items()}
    for feature in copy.feature:
        column = read.get(feature.name)
        if column is None or feature.type in (types[column.type], schema_pb2.TYPE_UNKNOWN):
            continue
        notes.append(
            f"Column '{feature.name}' is read as {names[types[column.type]]}, a {column.kind}, "
            f"not as the schema's {names[feature.type]}."
        )
        _change_type(feature, types[column.type], column)
    return copy, notes


def _change_type(feature: schema_pb2.Feature, to: int, column: Column) -> None:
    """Another type: the old one's domain says nothing any more, and distances are measured in another unit."""
    feature.type = to
    for field in _DOMAINS:
        if feature.HasField(field):
            feature.ClearField(field)
    feature.ClearField("distribution_constraints")
    for name in ("drift_comparator", "skew_comparator"):
        if not feature.HasField(name):
            continue
        feature.ClearField(name)
        comparator = getattr(feature, name)
        if column.kind == "category":
            comparator.infinity_norm.threshold = _FIRST_DISTANCE
        elif column.kind == "number":
            comparator.jensen_shannon_divergence.threshold = _FIRST_DISTANCE
