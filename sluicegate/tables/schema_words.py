"""What a TFMD schema says about the columns, in this step's words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tensorflow_metadata.proto.v0 import schema_pb2


@dataclass(frozen=True)
class SchemaColumn:
    """type : "int", "float", "text" or None where the schema is silent.  kind : likewise.  domain : allowed texts."""

    type: str | None = None
    kind: str | None = None
    domain: tuple[str, ...] = ()

    def overruled_by(self, kind: str | None) -> SchemaColumn:
        """Without type and kind, where the settings call the column something else: theirs is the newer word."""
        return self if kind in (None, self.kind) or self.kind is None else replace(self, type=None, kind=None)

    def of_type(self, said: str | None) -> SchemaColumn:
        """With the type that `columns.types` says, one of source.TYPES; another type than the schema's makes another kind."""
        kept = "text" if said == "boolean" else said
        if kept in (None, self.type):
            return self
        return replace(self, type=kept, kind="category" if kept == "text" else "number")


def schema_columns(schema: schema_pb2.Schema | None) -> dict[str, SchemaColumn]:
    """Per column of the schema; empty without one."""
    if schema is None:
        return {}
    from tensorflow_metadata.proto.v0 import schema_pb2

    types = {schema_pb2.INT: "int", schema_pb2.FLOAT: "float", schema_pb2.BYTES: "text"}
    shared = {domain.name: tuple(domain.value) for domain in schema.string_domain}
    found = {}
    for feature in schema.feature:
        kind = types.get(feature.type)
        dates = feature.WhichOneof("domain_info") in ("time_domain", "time_of_day_domain")
        is_category = kind == "text" or (feature.HasField("int_domain") and feature.int_domain.is_categorical)
        domain = shared.get(feature.domain, ()) if feature.HasField("domain") else tuple(feature.string_domain.value)
        found[feature.name] = SchemaColumn(
            kind, "date" if dates else "category" if is_category else "number" if kind else None, domain
        )
    return found
