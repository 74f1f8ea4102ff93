"""What stands on the explanation page: the evidence in reading order, with the scales its small charts share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from schemas.explanation_evidence import (
    Carried,
    Estimate,
    ExplanationEvidence,
    FlipTest,
    Importance,
    LocalExplanation,
)
from sluicegate.reports import dependence_charts, explanation_words
from sluicegate.reports.drawing import Chart
from sluicegate.reports.small_charts import Mark, Scale, scale_of

#: Single rows that start unfolded, and contributions drawn per row before the rest is summed.
MOST_OPEN = 2
MOST_BARS = 8


@dataclass(frozen=True)
class Listed:
    """One column, or a group of them, with the loss of quality and of the gap when it is shuffled."""

    found: Importance
    quality: Mark
    gap: Mark | None


@dataclass(frozen=True)
class Share:
    """share : of the gap that all columns carry together; None where that is 0."""

    found: Carried
    mark: Mark
    share: float | None


@dataclass(frozen=True)
class ContributionBar:
    """A column's contribution to one row's score; `value` and `typical` are "" for the sum of all others."""

    column: str
    value: str
    typical: str
    mark: Mark


@dataclass(frozen=True)
class ExplainedRow:
    """why : the rules that chose it.  turned : what would turn its decision, or why that is not told."""

    found: LocalExplanation
    why: str
    bars: tuple[ContributionBar, ...]
    turned: str
    scale: Scale
    is_open: bool


@dataclass(frozen=True)
class Flip:
    found: FlipTest
    marks: tuple[Mark, ...]
    scale: Scale


@dataclass(frozen=True)
class ExplanationView:
    """columns, groups : importances of columns by themselves and of correlated ones together, most important first."""

    explained: str
    label: str
    trust: str
    status: str
    summary: tuple[str, ...]
    columns: tuple[Listed, ...]
    groups: tuple[Listed, ...]
    quality_scale: Scale
    gap_scale: Scale | None
    shares: tuple[Share, ...]
    share_scale: Scale
    charts: tuple[Chart, ...]
    rows: tuple[ExplainedRow, ...]
    flips: tuple[Flip, ...]
    failed: Mapping[str, tuple[str, ...]]


def context(found: ExplanationEvidence | None, label: str = "") -> Mapping[str, Any]:
    """What the template needs beyond the common things.  label : the column's name."""
    return {"view": view(found, label) if found else None, "words": explanation_words, "estimate_mark": _mark}


def view(found: ExplanationEvidence, label: str = "") -> ExplanationView:
    """What the page shows."""
    listed = sorted((_listed(i) for i in found.importances), key=lambda one: -(one.found.quality.value or 0.0))
    gaps = [v for one in listed if one.gap for v in one.gap.values]
    shares = _shares(found)
    rows = tuple(_row(one, place < MOST_OPEN, label) for place, one in enumerate(found.local))
    explained = explanation_words.score(found, label)
    return ExplanationView(
        explained=explained,
        label=label,
        trust=explanation_words.trust(found.checks),
        status=_status(found),
        summary=explanation_words.summary(found),
        columns=tuple(one for one in listed if len(one.found.columns) == 1),
        groups=tuple(one for one in listed if len(one.found.columns) > 1),
        quality_scale=scale_of([0.0, *(v for one in listed for v in one.quality.values)]),
        gap_scale=scale_of([0.0, *gaps]) if gaps else None,
        shares=shares,
        share_scale=scale_of([0.0, *(v for one in shares for v in one.mark.values)]),
        charts=tuple(dependence_charts.dependence(one, explained) for one in found.dependences if one.points),
        rows=rows,
        flips=tuple(map(_flip, found.flips)),
        failed={
            section: explanation_words.failed(found.checks, section)
            for section in ("importance", "disparity", "rows", "all")
        },
    )


def _status(found: ExplanationEvidence) -> str:
    """As the gate counts: what cannot be tested with this table does not decide."""
    asked = {one.status for one in found.checks} - {"UNKNOWN"}
    return next((s for s in ("ERROR", "FAILED", "PASSED") if s in asked), "UNKNOWN")


def _mark(one: Estimate) -> Mark:
    return Mark(one.value, one.low, one.high)


def _listed(one: Importance) -> Listed:
    return Listed(one, _mark(one.quality).with_limit(0.0), _mark(one.gap).with_limit(0.0) if one.gap else None)


def _shares(found: ExplanationEvidence) -> tuple[Share, ...]:
    if found.disparity is None:
        return ()
    whole = found.disparity.full - found.disparity.null
    return tuple(
        Share(one, _mark(one.contribution), (one.contribution.value or 0.0) / whole if whole else None)
        for one in found.disparity.carried
    )


def _row(one: LocalExplanation, is_open: bool, label: str) -> ExplainedRow:
    bars = [
        ContributionBar(c.column, c.value, c.typical, Mark(c.contribution, c.low, c.high)) for c in one.contributions
    ]
    shown, rest = bars[:MOST_BARS], bars[MOST_BARS:]
    if rest:
        total = sum(bar.mark.value or 0.0 for bar in rest)
        shown.append(ContributionBar(f"{len(rest)} other columns", "", "", Mark(total)))
    scale = scale_of([0.0, *(v for bar in shown for v in bar.mark.values)])
    turned = explanation_words.counterfactual(one, label)
    return ExplainedRow(one, explanation_words.why(one), tuple(shown), turned, scale, is_open)


def _flip(one: FlipTest) -> Flip:
    """The pairs show the share that turned; of a regression, the mean change."""
    marks = tuple(_mark(pair.flipped if pair.flipped is not None else pair.change) for pair in one.pairs)
    return Flip(one, marks, scale_of([0.0, *(v for mark in marks for v in mark.values)]))
