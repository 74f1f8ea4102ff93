"""Where a table says something else than settings and schema do, or more: the local runner fills it in, a step refuses it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from schemas.errors import DataError, Problem
from schemas.reading import ISO, TEXT, Reading
from schemas.table import Unsaid
from sluicegate.tables.columns.columns import TypedColumn
from sluicegate.tables.columns.inspection import Examined
from sluicegate.tables.columns.profiling import label_offset, reading_of
from sluicegate.tables.columns.stated import Stated, stated
from sluicegate.tables.source import Source

if TYPE_CHECKING:
    from tensorflow_metadata.proto.v0 import schema_pb2

NOTHING = "nothing"


def unsaid(examined: Examined, source: Source, schema: schema_pb2.Schema | None = None) -> tuple[Unsaid, ...]:
    """Each thing that the settings would have to say for the graph to be built without this table; () where they say it all."""
    said = stated(source, schema)
    found = [*_of_label(examined, source, said)]
    table_format = examined.files[0].format
    if said.format != table_format:
        found.append(Unsaid(("data", "format"), table_format, said.format or NOTHING))
    for column in examined.columns:
        if column.name != source.label:
            found += _of_column(column, reading_of(column, source), said, is_feature=_is_feature(column.name, source))
    return tuple(found)


def refuse(found: Iterable[Unsaid], path: str, *, has_schema: bool) -> None:
    """Raises DataError where the table is not what the graph was built for.

    A column that a schema does not know is no matter for this step: DataGate reports it, by the settings' policy.
    """
    wrong = [one for one in found if not (has_schema and one.said == NOTHING and one.key[:2] == ("columns", "types"))]
    if wrong:
        raise DataError(
            f"The table {path} is not what the settings say.",
            *(
                Problem(
                    f"key {'.'.join(one.key)}",
                    f"{_show(one.value)} in the table",
                    f"{one.said} in settings and schema",
                    f"correct the table; or, if it is to be so from now on, write {_show(one.value)} there and compile the "
                    "pipeline again (`sluicegate init --check` prints the lines)",
                )
                for one in wrong
            ),
        )


def _show(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _is_feature(name: str, source: Source) -> bool:
    return name != source.weight and name not in source.ids


def _of_label(examined: Examined, source: Source, said: Stated) -> Iterator[Unsaid]:
    label = examined.label
    if label.task != said.roles.task:
        yield Unsaid(("task",), label.task, said.roles.task or NOTHING)
    if label.task != "regression":
        yield from _of_classes(label.classes, source, said)
        return
    column = next(one for one in examined.columns if one.name == source.label)
    if column.type != (said.types[source.label] if said.roles.task == label.task else "float"):
        yield Unsaid(("columns", "types", source.label), column.type, said.types[source.label] or NOTHING)
    middle = label_offset(examined, source)
    if source.label_offset is None and middle:
        yield Unsaid(("label", "offset"), middle, NOTHING)


def _of_classes(classes: tuple[str, ...], source: Source, said: Stated) -> Iterator[Unsaid]:
    if set(classes) != set(said.roles.classes):
        yield Unsaid(("label", "classes"), tuple(sorted(classes)), ", ".join(said.roles.classes) or NOTHING)
    if len(classes) == 2 and source.positive is None and classes != said.roles.classes:
        yield Unsaid(("label", "positive"), classes[-1], NOTHING)


def _of_column(column: TypedColumn, reading: Reading, said: Stated, *, is_feature: bool) -> Iterator[Unsaid]:
    name, known = column.name, said.roles.readings.get(column.name)
    type_ = "boolean" if reading.boolean else reading.type
    if known is None or said.types[name] is None:
        yield Unsaid(("columns", "types", name), type_, NOTHING)
    elif (known.type, known.boolean) != (reading.type, reading.boolean):
        yield Unsaid(("columns", "types", name), type_, "boolean" if known.boolean else known.type)
    is_date = column.kind == "date"
    if is_feature and is_date != (said.roles.kinds.get(name) == "date"):
        yield Unsaid(("columns", "kinds", name), column.kind, said.roles.kinds.get(name, NOTHING))
    was = (known.date or ISO) if known else ISO
    if is_feature and is_date and reading.type == TEXT and reading.date != was:
        yield Unsaid(("columns", "dates", name), reading.date, was)
