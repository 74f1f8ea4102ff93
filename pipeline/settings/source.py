"""The settings' words on the table as the one value that the library takes; nothing is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pipeline.settings.types import Settings
from schemas.reading import NumberFormat
from sluicegate.storage.opening import absolute
from sluicegate.tables.source import Source, SplitRule


def source_of(settings: Settings) -> Source:
    """The settings' data, split, label and column sections as one value that travels to the executor."""
    split, columns, data, label = settings.split, settings.columns, settings.data, settings.label
    return Source(
        path=absolute(data.path),
        label=label.column,
        format=data.format,
        delimiter=data.delimiter,
        encoding=data.encoding,
        missing=data.missing,
        split=SplitRule(
            column=split.column,
            key=split.key,
            folders=_plain(split.folders),
            train=split.train,
            eval=split.eval,
            test=split.test,
            columns=split.columns,
            repeats=split.repeats,
            by_time=split.by_time,
        ),
        leave_out=columns.leave_out,
        positive=label.positive,
        task=settings.task,
        weight=columns.weight,
        ids=columns.ids,
        kinds=columns.kinds,
        dates=columns.dates,
        numbers={name: NumberFormat(form.decimal, form.thousands) for name, form in columns.numbers.items()},
        escape=data.escape,
        label_missing=label.missing,
        label_leave_out=label.leave_out,
        types=columns.types,
        classes=label.classes,
        label_offset=label.offset,
    )


def batch_source(settings: Settings) -> Source | None:
    """The table of `batch_scoring`, which reads as the settings' data does and is not split; None without one."""
    path = settings.batch_scoring.path
    return replace(source_of(settings), path=absolute(path), format="auto", split=SplitRule()) if path else None


def _plain(folders: Mapping[Any, str] | None) -> dict[str, str]:
    return {str(split): folder for split, folder in (folders or {}).items()}
