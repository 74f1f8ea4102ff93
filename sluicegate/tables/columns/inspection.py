"""From files to a table with types, splits and roles, or to every problem found on the way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from schemas.errors import DataError, Problem
from sluicegate.tables.columns.checks import name_problems, role_problems, settings_problems
from sluicegate.tables.columns.columns import TypedColumn, Wishes, booleans_as_text, typed
from sluicegate.tables.columns.label_precision import kept
from sluicegate.tables.columns.labels import (
    Label,
    as_classes_of,
    settle_label,
    split_problems,
    unlearned_note,
    without_gaps,
)
from sluicegate.tables.columns.left_out_classes import kept_domain, without_classes
from sluicegate.tables.columns.stated import column_kind, column_word, label_word
from sluicegate.tables.columns.weights import weight_problems
from sluicegate.tables.encoded import RawTable
from sluicegate.tables.files.files import TableFile, digest_of, find_files, split_folders
from sluicegate.tables.files.reading import read_table
from sluicegate.tables.places import Places
from sluicegate.tables.recognising.missing_words import taken_note
from sluicegate.tables.recognising.written_numbers import with_numbers
from sluicegate.tables.schema_words import SchemaColumn, schema_columns
from sluicegate.tables.source import Source
from sluicegate.tables.splits.splits import Assignment, assign_splits

if TYPE_CHECKING:
    from tensorflow_metadata.proto.v0 import schema_pb2

HEADLINE = "The table cannot be used as it is."


@dataclass(frozen=True, eq=False)
class Examined:
    """A table that passed every check. columns : what is kept, in the file's order."""

    columns: tuple[TypedColumn, ...]
    splits: Assignment
    label: Label
    files: tuple[TableFile, ...]
    digest: str
    notes: tuple[str, ...]


def examine(source: Source, schema: schema_pb2.Schema | None = None) -> Examined:
    """Read the table, settle types, splits and roles.

    Raises
    ------
    DataError : all problems together; those of settings and of files that cannot be read come before the others.
    """
    wrong_settings = settings_problems(source)
    if wrong_settings:
        raise DataError(HEADLINE, *wrong_settings)
    return settle(read_table(find_files(source), source), source, schema)


def settle(raw: RawTable, source: Source, schema: schema_pb2.Schema | None = None) -> Examined:
    """Types, splits and roles of a table that was read already. Raises DataError as `examine`."""
    files = find_files(source)
    raw = without_gaps(raw, source)
    table = replace(raw, columns={name: booleans_as_text(column) for name, column in raw.columns.items()})
    table = without_classes(table, source)
    places = Places(table, source)
    names = list(table.columns)
    problems = name_problems(source, names) + role_problems(source, names)
    table, found = with_numbers(table, source, places)
    problems += found
    known = _without(source, set(names))
    words = schema_columns(schema)
    table = _with_known_classes(table, source, words)
    label, label_problems = _label(table, known, words, places)
    problems += label_problems
    columns, found = _columns(table, known, (label, words), places)
    problems += found
    # A split by a column that is not there would only repeat the first message in other words.
    splits, found = assign_splits(table, known, places) if known.split == source.split else (None, [])
    problems += found
    if splits is not None and label.classes and not found and not label_problems:
        problems += split_problems(table.columns[source.label], splits)
    problems += weight_problems(columns, known, places, splits)
    if problems or splits is None:
        raise DataError(HEADLINE, *problems)
    notes = (
        *table.notes,
        *taken_note({name: one.taken for name, one in table.columns.items() if name not in source.leave_out}),
        *_folder_note(source),
        *label.notes,
        *splits.notes,
        *(unlearned_note(table.columns[source.label], source, splits) if label.classes else ()),
        *(note for column in columns for note in column.notes),
        *_schema_notes(words, columns, {*source.leave_out, source.split.column}),
    )
    return Examined(tuple(columns), splits, label, tuple(files), digest_of(files), notes)


def _with_known_classes(table: RawTable, source: Source, words: dict[str, SchemaColumn]) -> RawTable:
    domain = label_word(source, words).domain
    if not domain or source.label not in table.columns:
        return table
    return replace(table, columns={**table.columns, source.label: as_classes_of(table.columns[source.label], domain)})


def _label(
    table: RawTable, source: Source, words: dict[str, SchemaColumn], places: Places
) -> tuple[Label, list[Problem]]:
    if source.label not in table.columns:
        return Label("binary"), []
    word = label_word(source, words)
    label, problems = settle_label(table.columns[source.label], source, kept_domain(word.domain, source), places)
    wanted = "float" if label.task == "regression" else "text"
    if label.task != "regression" and word.type not in (None, wanted):
        names = {"int": "INT", "float": "FLOAT", "text": "BYTES"}
        problems.append(
            Problem(
                *(
                    (f"columns.types: {source.label!r}", f"type {word.type}")
                    if source.label in source.types
                    else (f"schema, feature {source.label!r}", f"type {names[word.type]}")
                ),
                f"{names[wanted]}, because the task is {label.task}",
                "take it out of columns.types"
                if source.label in source.types
                else f"set type: {names[wanted]} in the schema",
            )
        )
    return label, problems


def _columns(
    table: RawTable, source: Source, said: tuple[Label, dict[str, SchemaColumn]], places: Places
) -> tuple[list[TypedColumn], list[Problem]]:
    """The kept columns that have a type, and what is wrong with the others. said : the label, the schema's words."""
    label, words = said
    columns: list[TypedColumn] = []
    problems: list[Problem] = []
    for name, column in table.columns.items():
        if name in source.leave_out or name == source.split.column:
            continue
        if not len(column.values) and name not in (*words, *source.types, source.label):
            problems.append(
                Problem(
                    f"column {name!r}",
                    f"no value in any of {table.rows} rows",
                    "at least one value",
                    f"add {name} to columns.leave_out",
                )
            )
            continue
        if name == source.label:
            # Its values were judged with the task; here it only takes its type.
            word, kind = SchemaColumn(), None
            wishes = Wishes("number" if label.task == "regression" else None, word, label.task != "regression")
            result = typed(column, wishes, places)
            if isinstance(result, TypedColumn) and label.task == "regression":
                result = kept(result, label_word(source, words))
                problems += [result] if isinstance(result, Problem) else []
            columns += [result] if isinstance(result, TypedColumn) else []
            continue
        kind = column_kind(name, source, words)
        wishes = Wishes(kind, column_word(name, source, words), name in source.ids, source.dates.get(name))
        result = typed(column, wishes, places)
        if isinstance(result, Problem):
            problems.append(result)
        else:
            columns.append(result)
    return columns, problems


def _without(source: Source, names: set[str]) -> Source:
    """The settings without the columns that are not there, so that the other checks can go on."""
    rule = source.split
    split = replace(
        rule,
        column=rule.column if rule.column in names else None,
        key=tuple(name for name in rule.key if name in names),
        columns=tuple(name for name in rule.columns if name in names),
        by_time=rule.by_time if rule.by_time in names else None,
    )
    return replace(
        source,
        split=split,
        ids=tuple(name for name in source.ids if name in names),
        weight=source.weight if source.weight in names else None,
    )


def _folder_note(source: Source) -> tuple[str, ...]:
    folders = split_folders(source)
    if not folders or source.split.folders:
        return ()
    return (
        "Splits were taken from folders: "
        + ", ".join(f"{split} from {name}/" for split, name in folders.items())
        + ".",
    )


def _schema_notes(words: dict[str, SchemaColumn], columns: list[TypedColumn], gone: set[str | None]) -> tuple[str, ...]:
    if not words:
        return ()
    names = {column.name for column in columns}
    lacking = [f"Column '{name}' of the schema is not in the table." for name in words if name not in names | gone]
    empty = [f"Column '{column.name}' has no value in any row." for column in columns if not len(column.column.values)]
    return (*lacking, *(f"Column '{name}' is not in the schema." for name in sorted(names - set(words))), *empty)
