"""The model card as a page: one file that loads nothing, drawn from the card's values alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from schemas.evidence import MetricRow
from schemas.model_card import PAGE_NAME, Check, Gap, Group, ModelCard, Unmeasured, Weight, from_json, to_json
from sluicegate.reports.renderer import write_page
from sluicegate.reports.small_charts import Mark, Scale, scale_of

OVERALL = "overall"
#: The rates of a group that have room in a table, of those that the card holds for the task.
RATES = ("base_rate", "selection_rate", "tpr", "fpr", "ppv", "accuracy", "auc", "mean_score", "mean_error")
SECTIONS = (
    ("use", "Intended use"),
    ("release", "Release"),
    ("data", "Data"),
    ("training", "Training"),
    ("quality", "Quality"),
    ("fairness", "Fairness"),
    ("explanation", "Explanation"),
    ("serving", "Serving"),
    ("unmeasured", "Not measured"),
    ("lineage", "Lineage"),
)


@dataclass(frozen=True)
class Matrix:
    """Metrics side by side for each slice.  cells : by slice and metric."""

    metrics: tuple[str, ...]
    slices: tuple[str, ...]
    cells: Mapping[tuple[str, str], MetricRow]

    def rows_of(self, name: str) -> int:
        return next(cell.rows for (where, _), cell in self.cells.items() if where == name)


@dataclass(frozen=True)
class GapMatrix:
    """Measures below each other, groupings side by side.  cells : by grouping and measure.  conventions : by measure."""

    groupings: tuple[str, ...]
    cells: Mapping[tuple[str, str], Gap]
    conventions: Mapping[str, str]

    @property
    def measures(self) -> tuple[str, ...]:
        return tuple(self.conventions)


@dataclass(frozen=True)
class Bars:
    """Weights on a common scale that shows 0."""

    rows: tuple[tuple[Weight, Mark], ...]
    scale: Scale


@dataclass(frozen=True)
class GroupTable:
    """The groups of one grouping.  title : with the positive class where there are several."""

    title: str
    rates: tuple[str, ...]
    groups: tuple[Group, ...]


def write_card(card: ModelCard, folder: str | Path) -> Path:
    """Writes `model_card.html` into `folder` and returns its path. The same card gives the same bytes."""
    # The page shows what the file holds: its digits, and nothing that did not survive writing.
    card = from_json(to_json(card))
    fairness, explanation = card.fairness, card.explanation
    return write_page(
        "card.html.j2",
        Path(folder) / PAGE_NAME,
        card=card,
        verdict="PASSED" if card.decision.may_be_released else "REFUSED",
        sections=SECTIONS,
        matrix=matrix(card.quality.metrics),
        gaps=gap_matrix(fairness.gaps if fairness else ()),
        group_tables=tuple(_group_tables(fairness.groups)) if fairness else (),
        importance=bars(explanation.importance) if explanation else None,
        carried=bars(explanation.carried) if explanation else None,
        served=tuple(served(card.serving.checks)) if card.serving else (),
        unmeasured=tuple((part, tuple(rows)) for part, rows in groupby(_sorted(card), key=lambda u: u.part)),
    )


def matrix(metrics: Sequence[MetricRow]) -> Matrix:
    """Slices in the card's order, all rows first."""
    return Matrix(
        tuple(dict.fromkeys(m.name for m in metrics)),
        tuple(dict.fromkeys(m.slice for m in metrics)),
        {(m.slice, m.name): m for m in metrics},
    )


def bars(weights: Sequence[Weight]) -> Bars | None:
    """None where there is nothing to draw."""
    if not weights:
        return None
    marks = [Mark(w.value, w.low, w.high, limit=0.0) for w in weights]
    return Bars(tuple(zip(weights, marks, strict=True)), scale_of([v for m in marks for v in m.values]))


def gap_matrix(gaps: Sequence[Gap]) -> GapMatrix:
    """Columns of the table first, then their intersections, as the card has them."""
    several = len({g.positive for g in gaps}) > 1
    titled = [(_title(g.grouping, g.positive, several), g) for g in gaps]
    return GapMatrix(
        tuple(dict.fromkeys(title for title, _ in titled)),
        {(title, g.measure): g for title, g in titled},
        {g.measure: g.convention for g in gaps},
    )


def served(checks: Sequence[Check]) -> Iterator[tuple[Check, tuple[str, ...]]]:
    """Each check once, with the places where it came out the same."""
    places: dict[Check, list[str]] = {}
    for check in checks:
        places.setdefault(replace(check, slice=""), []).append(check.slice)
    return ((check, tuple(found)) for check, found in places.items())


def _title(grouping: str, positive: str, several: bool) -> str:
    return f"{grouping} ({positive} against the rest)" if several and positive else grouping


def _group_tables(groups: Sequence[Group]) -> Iterable[GroupTable]:
    several = len({g.positive for g in groups}) > 1
    for (grouping, positive), found in groupby(groups, key=lambda g: (g.grouping, g.positive)):
        mine = tuple(found)
        held = {name for group in mine for name in group.rates}
        yield GroupTable(_title(grouping, positive, several), tuple(r for r in RATES if r in held), mine)


def _sorted(card: ModelCard) -> list[Unmeasured]:
    order = [title for _, title in SECTIONS]
    return sorted(card.not_measured, key=lambda u: order.index(u.part) if u.part in order else len(order))
