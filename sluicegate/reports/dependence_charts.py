"""Partial dependence with single rows' curves: how the explained score moves with one column."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from schemas.explanation_evidence import CurvePoint, Dependence
from sluicegate.reports import formatting
from sluicegate.reports.drawing import FIRST, MUTED, SIZE, Axis, Chart, chart, new_axes

_MAX_TEXT = 20
#: Inches that one value of a text column takes.
_PER_VALUE = 0.24


def dependence(found: Dependence, score: str) -> Chart:
    """The mean curve with its interval, and thin lines for single rows.  score : what is explained, "score of >50K"."""
    on_axis = [p for p in found.points if p.at is not None]
    if found.kind != "category" and len(on_axis) > 1:
        figure, axes = new_axes(Axis(found.column, score))
        _numbers(axes, found)
    else:
        height = max(SIZE[1], 0.9 + _PER_VALUE * len(found.points))
        figure, axes = new_axes(Axis(score, "", (SIZE[0], height)))
        _texts(axes, found)
    return chart(figure, f"{found.column}", _caption(found, score))


def _numbers(axes: Axes, found: Dependence) -> None:
    places = [i for i, p in enumerate(found.points) if p.at is not None]
    x = [float(found.points[i].at or 0.0) for i in places]
    rows = [[(x[n], curve[i]) for n, i in enumerate(places)] for curve in found.ice]
    _thin(axes, rows)
    points = [found.points[i] for i in places]
    axes.fill_between(x, [p.low for p in points], [p.high for p in points], color=FIRST, alpha=0.25, lw=0)
    axes.plot(x, [p.mean for p in points], "o-", color=FIRST, lw=1.8, ms=3)
    axes.autoscale_view()


def _texts(axes: Axes, found: Dependence) -> None:
    y = [float(place) for place in range(len(found.points))]
    rows = [[(score, place) for place, score in zip(y, curve, strict=True)] for curve in found.ice]
    _thin(axes, rows)
    for place, p in zip(y, found.points, strict=True):
        axes.plot([p.low, p.high], [place, place], color=FIRST, lw=2.2)
    axes.plot([p.mean for p in found.points], y, "o", color=FIRST, ms=5)
    axes.set_yticks(y, [_shortened(p.text) for p in found.points])
    axes.autoscale_view()
    axes.set_ylim(len(y) - 0.5, -0.5)


def _thin(axes: Axes, rows: list[list[tuple[float, float]]]) -> None:
    # 0.5 in tenths of a pixel is too thin to be seen on paper, and 1 hides the mean.
    axes.add_collection(LineCollection(rows, colors=MUTED, linewidths=0.6, alpha=0.4))


def _shortened(text: str) -> str:
    return text if len(text) <= _MAX_TEXT else text[: _MAX_TEXT - 1] + "…"


def _caption(found: Dependence, score: str) -> str:
    if not found.points:
        return "No value to try."
    low, high = min(found.points, key=lambda p: p.mean), max(found.points, key=lambda p: p.mean)
    said = f"The mean {score} is lowest, {_at(low, found)}, and highest, {_at(high, found)}."
    missing = next((p for p in found.points if p.at is None), None)
    if found.kind != "category" and missing is not None:
        said += f" Where the value is missing it is {formatting.brief(round(missing.mean, 4))}."
    lines = f"Over {formatting.count(found.rows)} rows; thin lines are {len(found.ice)} single rows."
    return f"{said} {lines}"


def _at(point: CurvePoint, found: Dependence) -> str:
    return f"{formatting.brief(round(point.mean, 4))}, at {found.column} {_shortened(point.text)}"
