"""The look at the table before anything starts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from pipeline.run.schema_in_force import amendments
from pipeline.settings.settleable import hopeless
from pipeline.settings.settled import settle, stated_roles
from pipeline.settings.source import batch_source, source_of
from pipeline.settings.types import Settings
from schemas.errors import DataError, Problem, SettingsError
from schemas.names import did_you_mean
from schemas.table import TableProfile


def batch_digest(settings: Settings, profile: TableProfile) -> str:
    """Of the table of `batch_scoring`; "" without one. Raises DataError where it is not there or lacks columns."""
    from sluicegate.tables.columns.unlabelled import check, readings_of

    source = batch_source(settings)
    return check(source, readings_of(stated_roles(settle(settings, profile)))) if source else ""


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
    return replace(profile, notes=(*profile.notes, *amendments(settle(settings, profile))))


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
