"""The settings' words on the table, as ExampleGen's source; and the look at the table before anything starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pipeline.run.schema_in_force import amendments
from pipeline.settings.settleable import hopeless
from pipeline.settings.types import Settings
from schemas.errors import DataError, Problem, SettingsError
from schemas.names import did_you_mean
from schemas.reading import NumberFormat
from schemas.roles import Roles
from schemas.table import TableProfile
from sluicegate.tables.files.fetched import absolute
from sluicegate.tables.source import Source, SplitRule


def source_of(settings: Settings) -> Source:
    """The settings' data, split, label and column sections as one value that travels to the executor."""
    split, columns, data = settings.split, settings.columns, settings.data
    return Source(
        path=absolute(data.path),
        label=settings.label.column,
        format=data.format,
        delimiter=data.delimiter,
        encoding=data.encoding,
        missing=data.missing,
        split=SplitRule(
            split.column,
            split.key,
            _plain(split.folders),
            split.train,
            split.eval,
            split.test,
            split.columns,
            split.repeats,
            split.by_time,
        ),
        leave_out=columns.leave_out,
        positive=settings.label.positive,
        task=settings.task,
        weight=columns.weight,
        ids=columns.ids,
        kinds=columns.kinds,
        dates=columns.dates,
        numbers={name: NumberFormat(form.decimal, form.thousands) for name, form in columns.numbers.items()},
        escape=data.escape,
        label_missing=settings.label.missing,
        label_leave_out=settings.label.leave_out,
    )


def batch_source(settings: Settings) -> Source | None:
    """The table of `batch_scoring`, which reads as the settings' data does and is not split; None without one."""
    path = settings.batch_scoring.path
    return replace(source_of(settings), path=absolute(path), format="auto", split=SplitRule()) if path else None


def batch_digest(settings: Settings, profile: TableProfile) -> str:
    """Of the table of `batch_scoring`; "" without one. Raises DataError where it is not there or lacks columns."""
    from sluicegate.tables.columns.unlabelled import check, readings_of

    source = batch_source(settings)
    return check(source, readings_of(profile)) if source else ""


def _plain(folders: Mapping[Any, str] | None) -> dict[str, str]:
    return {str(split): folder for split, folder in (folders or {}).items()}


def look_at(settings: Settings) -> TableProfile:
    """Reads and checks the whole table. Raises DataError with every problem found, SettingsError for a broken schema."""
    from schemas.pbtxt import read_pbtxt
    from sluicegate.tables.inspecting import inspect

    schema = read_pbtxt(settings.schema_file) if settings.schema_file else None
    profile = inspect(source_of(settings), schema)
    unknown = list(_unknown_columns(settings, [column.name for column in profile.columns]))
    if unknown:
        raise SettingsError("The settings name columns that the table does not have.", *unknown)
    if found := hopeless(settings, profile):
        raise DataError("The test rows cannot settle what the quality gate asks; nothing was trained.", *found)
    return replace(profile, notes=(*profile.notes, *amendments(settings, profile)))


def _unknown_columns(settings: Settings, known: Sequence[str]) -> Iterator[Problem]:
    """What ingest does not look for itself: a typo here would be found after the training only."""
    named = {f"evaluation.slices.{n}": group for n, group in enumerate(settings.evaluation.slices)}
    named |= {f"fairness.sensitive.{n}": (one.column,) for n, one in enumerate(settings.fairness.sensitive)}
    named |= {"explanation.immutable": settings.explanation.immutable}
    named |= {"explanation.monotone": tuple(settings.explanation.monotone)}
    for key, names in named.items():
        for name in names:
            if name not in known:
                remedy = did_you_mean(name, known, "correct the name, or take it out")
                yield Problem(f"key {key}", repr(name), f"columns of the table: {', '.join(known)}", remedy)


def roles_of(profile: TableProfile) -> Roles:
    """The roles, with the kinds that only reading the cells could tell: dates written as text."""
    dates = {column.name: "date" for column in profile.features if column.kind == "date"}
    return replace(profile.roles, kinds={**dates, **profile.roles.kinds})
