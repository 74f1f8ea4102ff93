"""What each column of the table becomes: a number, a category or a date. Pure: no TensorFlow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from tensorflow_metadata.proto.v0 import schema_pb2

from models.served_names import served_names
from schemas.errors import DataError, Problem
from schemas.reading import FLOAT, INT, ISO, TEXT, Reading
from schemas.roles import Roles

KINDS = ("number", "category", "date")
DATE_PARTS = ("month", "weekday", "hour")
_TYPES: Mapping[str, str] = {"int64": INT, "float32": FLOAT, "string": TEXT}
_TIME_DOMAINS = ("time_domain", "time_of_day_domain")


@dataclass(frozen=True)
class Feature:
    """One input column of the network.

    name : the column's name in the table, any text.
    kind : "number", "category" or "date".
    dtype : how the examples hold it: "int64", "float32" or "string".
    key : the name TensorFlow sees: ASCII letters, digits and underscores, unique in the table.
    reading : how its cells are read.
    """

    name: str
    kind: str
    dtype: str
    key: str
    reading: Reading = field(default_factory=Reading)


def settle(schema: schema_pb2.Schema, roles: Roles) -> Roles:
    """Roles whose `kinds` also say what only the schema knows: integer codes and time domains.

    Transform hands the preprocessing function dtypes and no schema, so this must happen before the graph is built.
    """
    known = {f.name: "category" for f in schema.feature if f.type == schema_pb2.INT and f.int_domain.is_categorical}
    known |= {
        f.name: "date"
        for f in schema.feature
        if f.type == schema_pb2.BYTES and f.WhichOneof("domain_info") in _TIME_DOMAINS
    }
    return replace(roles, kinds={**known, **roles.kinds})


def from_dtypes(dtypes: Mapping[str, str], roles: Roles) -> tuple[Feature, ...]:
    """The features of a table known by column name and dtype ("int64", "float32", "string"), ordered by name."""
    others = {roles.label, roles.weight, *roles.ids}
    names = sorted(name for name in dtypes if name not in others)
    problems = [p for name in names for p in _problems(name, dtypes[name], roles.kinds.get(name))]
    if not names:
        problems = [
            Problem(
                "the schema", "no feature column", "at least one column besides label, weight and ids", "Add a column."
            )
        ]
    if problems:
        raise DataError("The table's columns cannot be used as features.", *problems)
    kinds = {name: roles.kinds.get(name) or ("category" if dtypes[name] == "string" else "number") for name in names}
    return tuple(
        Feature(n, kinds[n], dtypes[n], key, _reading(n, kinds[n], dtypes[n], roles))
        for n, key in zip(names, served_names(names), strict=True)
    )


def _reading(name: str, kind: str, dtype: str, roles: Roles) -> Reading:
    """As ingest settled it; a table that never went through ingest has plain cells."""
    if name in roles.readings:
        return replace(roles.readings[name], type=_TYPES[dtype])
    return Reading(_TYPES[dtype], date=ISO if kind == "date" else "")


def with_columns(
    features: tuple[Feature, ...], dtypes: Mapping[str, str], names: Iterable[str], roles: Roles
) -> tuple[Feature, ...]:
    """The features and, after them, columns that are none (such as ids) but must come with every request, too."""
    known = {f.name for f in features}
    more = [name for name in names if name not in known]
    keys = served_names([f.name for f in features] + more)[len(features) :]
    return features + tuple(_other(name, dtypes[name], key, roles) for name, key in zip(more, keys, strict=True))


def _other(name: str, dtype: str, key: str, roles: Roles) -> Feature:
    kind = "category" if dtype == "string" else "number"
    return Feature(name, kind, dtype, key, _reading(name, kind, dtype, roles))


def _problems(name: str, dtype: str, kind: str | None) -> Iterable[Problem]:
    place = f"column '{name}'"
    if dtype not in _TYPES:
        yield Problem(
            place, f"type {dtype or 'unknown'}", "int64, float32 or string", "Convert the column, or name it an id."
        )
    if kind is not None and kind not in KINDS:
        yield Problem(place, f"kind {kind!r}", ", ".join(KINDS), "Correct the column's kind in the settings.")
    if kind == "date" and dtype != "string":
        yield Problem(
            place,
            f"kind date with type {dtype}",
            "ISO text such as 2014-05-16",
            "Use kind number, or write dates as text.",
        )


def numbers(features: Iterable[Feature]) -> tuple[str, ...]:
    """Column order of the transformed `numbers`, shape (n_rows, len): the numbers, then one day number per date."""
    features = tuple(features)
    return tuple(f.key for f in features if f.kind == "number") + tuple(f.key for f in features if f.kind == "date")


def categories(features: Iterable[Feature]) -> tuple[str, ...]:
    """Column order of the transformed `categories`: the categories, then month, weekday and hour of each date."""
    features = tuple(features)
    parts = tuple(f"{f.key}.{part}" for f in features if f.kind == "date" for part in DATE_PARTS)
    return tuple(f.key for f in features if f.kind == "category") + parts
