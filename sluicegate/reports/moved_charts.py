"""The picture beside a refusal for skew or drift: both distributions over the same bins."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from schemas.evidence import Moved
from sluicegate.reports import formatting
from sluicegate.reports.drawing import FIRST, SECOND, Axis, Chart, chart, legend, new_axes

#: More pictures than this make a page that nobody reads; the verdict lists every column.
MAX_CHARTS = 12
_LONGEST_LABEL = 18


def moved_charts(moved: Sequence[Moved]) -> tuple[Chart, ...]:
    """In the gate's order, heaviest first."""
    return tuple(_chart(one, place) for place, one in enumerate(moved[:MAX_CHARTS], 1))


def _chart(one: Moved, place: int) -> Chart:
    figure, axes = new_axes(Axis("", "share of rows with a value"))
    at = np.arange(len(one.labels))
    axes.bar(at - 0.2, one.before, 0.4, color=SECOND, label=one.before_name)
    axes.bar(at + 0.2, one.now, 0.4, color=FIRST, label=one.now_name)
    # Names of bins are long: every third is enough to read the axis by.
    step = 1 if len(at) <= 10 else 3
    axes.set_xticks(at[::step], [_short(label) for label in one.labels[::step]], rotation=30, ha="right")
    legend(axes)
    widest = int(np.argmax(np.abs(np.subtract(one.before, one.now))))
    before, now = (formatting.percent(side[widest]) for side in (one.before, one.now))
    caption = f"Furthest apart at {one.labels[widest]}: {before} of {one.before_name}, {now} of {one.now_name}."
    return chart(figure, f"{place}. {one.column}", caption)


def _short(label: str) -> str:
    return label if len(label) <= _LONGEST_LABEL else f"{label[: _LONGEST_LABEL - 1]}…"
