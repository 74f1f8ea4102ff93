"""Which rows stand in a dot-and-whisker plot, and on which common scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.evidence import MetricRow
from schemas.verdict import Measurement, Status, Verdict
from sluicegate.reports import formatting, story
from sluicegate.reports.small_charts import Mark, Scale, scale_of

OVERALL = "overall"
#: Measurements that passed are folded up where a gate has more of them.
MOST_PASSED = 12


@dataclass(frozen=True)
class MetricPlot:
    """One metric over its slices, overall first, then by value; `marks` belong to `rows`."""

    name: str
    rows: tuple[MetricRow, ...]
    marks: tuple[Mark, ...]
    scale: Scale
    overall: float | None


@dataclass(frozen=True)
class GatePlot:
    """One gate's measurements in reading order; a scale per metric name, because only those compare."""

    verdict: Verdict
    rows: tuple[Measurement, ...]
    scales: dict[tuple[str, str], Scale]

    @property
    def folded(self) -> tuple[Measurement, ...]:
        """What passed, where that is more than a reader goes through."""
        passed = tuple(m for m in self.rows if m.gates and m.status is Status.PASSED)
        return passed if len(passed) > MOST_PASSED else ()

    @property
    def open(self) -> tuple[Measurement, ...]:
        """All others, in reading order."""
        folded = {id(m) for m in self.folded}
        return tuple(m for m in self.rows if id(m) not in folded)

    def scale(self, measurement: Measurement) -> Scale:
        return self.scales[measurement.name, measurement.unit]


def of_metrics(metrics: Sequence[MetricRow]) -> tuple[MetricPlot, ...]:
    """One plot per metric that was measured on more than all rows."""
    by_name: dict[str, list[MetricRow]] = {}
    for metric in metrics:
        by_name.setdefault(metric.name, []).append(metric)
    return tuple(_plot(name, rows) for name, rows in by_name.items() if len(rows) > 1)


def _plot(name: str, found: Sequence[MetricRow]) -> MetricPlot:
    first = [r for r in found if r.slice == OVERALL]
    rest = sorted((r for r in found if r.slice != OVERALL), key=_slice_order)
    rows = (*first, *rest)
    marks = tuple(Mark(r.value, r.low, r.high, r.baseline) for r in rows)
    scale = scale_of([v for m in marks for v in m.values])
    return MetricPlot(name, rows, marks, scale, first[0].value if first else None)


def _slice_order(row: MetricRow) -> tuple[int, tuple[str, ...], str]:
    """Groups of the same columns together, fewer columns first."""
    columns = tuple(part.split("=")[0].strip() for part in row.slice.split(","))
    return (len(columns), columns, row.slice)


def of_verdict(verdict: Verdict) -> GatePlot:
    """The measurements of a gate, refusals first, with their common scales."""
    values: dict[tuple[str, str], list[float | None]] = {}
    for m in verdict.measurements:
        values.setdefault((m.name, m.unit), []).extend(mark_of(m).values)
    return GatePlot(verdict, story.in_order(verdict), {key: scale_of(found) for key, found in values.items()})


def mark_of(measurement: Measurement) -> Mark:
    """The whisker of a measurement."""
    m = measurement
    return Mark(m.value, m.low, m.high, m.baseline, m.limit)


def in_words(mark: Mark, unit: str = "") -> str:
    """What a whisker shows, for those who cannot see it."""
    parts = [formatting.quantity(mark.value, unit) if mark.value is not None else "no value"]
    if mark.low is not None and mark.high is not None:
        parts.append(f"interval {formatting.quantity(mark.low, unit)} to {formatting.quantity(mark.high, unit)}")
    if mark.baseline is not None:
        parts.append(f"released model {formatting.quantity(mark.baseline, unit)}")
    if mark.limit is not None:
        parts.append(f"limit {formatting.quantity(mark.limit, unit)}")
    return ", ".join(parts)
