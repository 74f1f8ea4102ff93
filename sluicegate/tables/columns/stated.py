"""What settings and schema say of a table, before anybody reads it: the roles a graph is built with (docs/environments.md)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from schemas.reading import ISO, TEXT, Reading
from schemas.roles import Roles
from sluicegate.tables.cells import BOOLEANS
from sluicegate.tables.columns.labels import class_order, positive_said
from sluicegate.tables.columns.left_out_classes import kept_domain
from sluicegate.tables.schema_words import SchemaColumn, schema_columns
from sluicegate.tables.source import MISSING, Source

if TYPE_CHECKING:
    from tensorflow_metadata.proto.v0 import schema_pb2

_CSV = (".csv", ".tsv", ".txt", ".gz")
_PARQUET = (".parquet", ".pq")


@dataclass(frozen=True)
class Stated:
    """What is said; None where nothing is.

    roles : what a graph takes; complete only where `lacking` is empty.
    types : "int", "float" or "text" per column, the label too; None where only the cells could tell.
    kinds : "number", "category" or "date", likewise.
    format : "csv" or "parquet".
    lacking : key of the settings to what it would have to say.
    """

    roles: Roles
    types: Mapping[str, str | None]
    kinds: Mapping[str, str]
    format: str | None
    lacking: Mapping[str, str]


def stated(source: Source, schema: schema_pb2.Schema | None = None) -> Stated:
    """Reads nothing but its arguments."""
    words = schema_columns(schema)
    said = {name: column_word(name, source, words) for name in _columns(source, words)}
    types: dict[str, str | None] = {name: _type(name, word, source) for name, word in said.items()}
    kinds = {
        name: column_kind(name, source, words) or word.kind or ("category" if types[name] == TEXT else "number")
        for name, word in said.items()
    }
    table_format = _format(source)
    classes = _classes(source, words)
    features = [name for name in said if name != source.weight and name not in source.ids]
    dates = {name: "date" for name in features if kinds[name] == "date"}
    readings = {
        name: Reading(
            types[name] or TEXT,
            missing_words(source, table_format, types[name] or TEXT, boolean=boolean),
            boolean,
            source.dates.get(name, ISO) if types[name] == TEXT and name in dates else "",
            source.numbers.get(name) if types[name] != TEXT else None,
        )
        for name, word in said.items()
        for boolean in (types[name] == TEXT and _is_boolean(name, word, source),)
    }
    label = label_word(source, words).type or "float"
    task = "" if source.task == "auto" else source.task
    roles = Roles(
        source.label, task, () if task == "regression" else classes, source.weight, source.ids,
        {**dates, **source.kinds}, (source.label_offset or 0.0) if task == "regression" else 0.0, readings,
    )  # fmt: skip
    types[source.label] = label if task == "regression" else TEXT
    kinds[source.label] = "number" if task == "regression" else "category"
    return Stated(roles, types, kinds, table_format, dict(_lacking(source, roles, types, table_format)))


def column_word(name: str, source: Source, words: Mapping[str, SchemaColumn]) -> SchemaColumn:
    """The schema's word on a column that is not the label, as far as the settings let it stand."""
    word = words.get(name, SchemaColumn()).overruled_by(_said_kind(name, source))
    return word.of_type(source.types.get(name))


def label_word(source: Source, words: Mapping[str, SchemaColumn]) -> SchemaColumn:
    """The schema's word on the label, as far as the settings let it stand; the classes of the settings go first."""
    word = words.get(source.label, SchemaColumn())
    return SchemaColumn(word.of_type(source.types.get(source.label)).type, word.kind, source.classes or word.domain)


def column_kind(name: str, source: Source, words: Mapping[str, SchemaColumn]) -> str | None:
    """The settings' word on what a column is; a weight is a number, unless the schema knows better."""
    said = _said_kind(name, source)
    return said or ("number" if name == source.weight and not column_word(name, source, words).type else None)


def missing_words(source: Source, table_format: str | None, type_: str, *, boolean: bool) -> tuple[str, ...]:
    """The words for no value of a column, but for the blank; a Parquet file has nulls, and its texts stay as they are."""
    if table_format == "parquet" and type_ == TEXT and not boolean and source.missing == MISSING:
        return ()
    return tuple(word for word in source.missing if word)


def ordered(classes: tuple[str, ...], positive: str | None) -> tuple[str, ...]:
    """Classes in the order of the scores, the positive one last."""
    found = tuple(sorted(classes, key=class_order(classes)))
    return found if positive is None else (*(one for one in found if one != positive), positive)


def _said_kind(name: str, source: Source) -> str | None:
    """The kind of a column, also where the settings only describe how it is written."""
    return source.kinds.get(name) or ("number" if name in source.numbers else "date" if name in source.dates else None)


def _columns(source: Source, words: Mapping[str, SchemaColumn]) -> list[str]:
    named = (*words, *source.types, *source.kinds, *source.numbers, *source.dates, *source.ids, source.weight)
    gone = {source.label, source.split.column, None, *source.leave_out}
    return [name for name in dict.fromkeys(named) if name not in gone and name is not None]


def _type(name: str, word: SchemaColumn, source: Source) -> str | None:
    if word.type:
        return word.type
    return TEXT if name in source.ids or _said_kind(name, source) in ("category", "date") else None


def _is_boolean(name: str, word: SchemaColumn, source: Source) -> bool:
    if name in source.types:
        return source.types[name] == "boolean"
    return 0 < len(word.domain) <= len(BOOLEANS) and set(word.domain) <= set(BOOLEANS)


def _classes(source: Source, words: Mapping[str, SchemaColumn]) -> tuple[str, ...]:
    classes = kept_domain(label_word(source, words).domain, source)
    return ordered(classes, positive_said(source, classes) if len(classes) == 2 and source.task == "binary" else None)


def _format(source: Source) -> str | None:
    if source.format != "auto":
        return source.format
    ending = Path(source.path).suffix.lower()
    return "parquet" if ending in _PARQUET else "csv" if ending in _CSV else None


def _lacking(
    source: Source, roles: Roles, types: Mapping[str, str | None], table_format: str | None
) -> Iterator[tuple[str, str]]:
    rule = source.split
    if table_format is None:
        yield "data.format", "csv or parquet"
    if not roles.task:
        yield "task", "binary, multiclass or regression"
    elif roles.task != "regression" and not roles.classes:
        yield "label.classes", "every class of the label"
    elif roles.task == "binary" and positive_said(source, roles.classes) is None:
        yield "label.positive", "the class whose score is given"
    if roles.task == "regression" and types[source.label] != "float" and source.label_offset is None:
        yield "label.offset", "a whole number near the middle of the label, or 0"
    if not roles.readings:
        yield "columns.types", "int, float, text or boolean for each column, or a schema that does"
    for name, type_ in types.items():
        if type_ is None:
            yield f"columns.types.{name}", "int, float, text or boolean"
    if not (rule.columns or rule.key or rule.by_time or rule.column or rule.folders):
        yield "split.columns", "the columns whose hash deals a row into a split"
