"""Weights of examples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from schemas.errors import Problem
from schemas.roles import SPLITS
from sluicegate.tables.columns.columns import TypedColumn
from sluicegate.tables.places import Places
from sluicegate.tables.source import Source
from sluicegate.tables.splits.splits import Assignment


def weight_problems(
    columns: Sequence[TypedColumn], source: Source, places: Places, splits: Assignment | None = None
) -> list[Problem]:
    """A weight must be there in every row, finite and not below 0, and not 0 everywhere, nor everywhere in a split."""
    import numpy as np

    found = next((column for column in columns if column.name == source.weight), None)
    if found is None:
        return []
    column, problems = found.column, []
    if found.type == "text":
        return [Problem(f"column {found.name!r} (weight)", "texts", "numbers", "choose another columns.weight")]
    if column.missing():
        problems.append(
            Problem(
                places.of(column.first_row(-1), found.name),
                f"the weight is missing in {column.missing()} rows",
                "a weight in every row",
                "fill it in (1 is neutral), or remove the rows",
            )
        )
    values = column.values.to_numpy(zero_copy_only=False).astype(float)
    wrong = np.flatnonzero((values < 0) | ~np.isfinite(values))
    if len(wrong):
        rows = np.isin(column.codes, wrong)
        row = int(rows.argmax())
        problems.append(
            Problem(
                places.of(row, found.name),
                f"weight {values[column.codes[row]]:g}; {int(rows.sum())} rows are such",
                "0 or more, finite",
                "correct the weights, or remove the rows",
            )
        )
    if len(values) and not values.any():
        problems.append(
            Problem(
                f"column {found.name!r} (weight)",
                "0 in every row",
                "some weight above 0",
                "choose another columns.weight",
            )
        )
    elif len(values) and splits is not None:
        problems += _without_weight(found, values, splits)
    return problems


def _without_weight(found: TypedColumn, values: Any, splits: Assignment) -> list[Problem]:
    """Splits in which no row counts: nothing can be learned from them, or measured on them."""
    import numpy as np

    by_row = np.append(values, 0.0)[found.column.codes]
    idle = [split for split in SPLITS if len(splits.rows(split)) and not by_row[splits.rows(split)].any()]
    return [
        Problem(
            f"column {found.name!r} (weight), split {split}",
            f"0 in all of its {len(splits.rows(split)):,} rows",
            "some weight above 0 in every split",
            "give these rows weights (1 is neutral), split the rows otherwise, or choose another columns.weight",
        )
        for split in idle
    ]
