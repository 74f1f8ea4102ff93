"""What a sweep over mitigations measured, as `frontier.json` and as one offline page beside it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from sluicegate.reports import formatting, frontier_chart
from sluicegate.reports.renderer import write_page

FORMAT_VERSION = 1
JSON_NAME, PAGE_NAME = "frontier.json", "frontier.html"
NONE = "none"


@dataclass(frozen=True)
class FrontierDot:
    """One model of the sweep, on the judged rows.

    method : training.mitigation; "none" for the model that nothing was done about.  strength : 0 to 1.
    threshold : score from which a row counts as positive.  seconds : from the start of its training, wall.
    accuracy_low, accuracy_high : Wilson's interval.  gap : None where it is not defined, such as for a model that selects nobody.
    gap_low, gap_high : the ends that the fairness gate would judge.  bootstrap_low, bootstrap_high : of the percentile bootstrap.
    status : what the gate would say of these rows: "PASSED", "FAILED" or "UNKNOWN"; "" without a limit.
    detail : why, where it did not pass.
    """

    method: str
    strength: float
    threshold: float
    seconds: float
    accuracy: float
    accuracy_low: float
    accuracy_high: float
    auc: float | None
    gap: float | None
    gap_low: float | None = None
    gap_high: float | None = None
    bootstrap_low: float | None = None
    bootstrap_high: float | None = None
    status: str = ""
    detail: str = ""

    @property
    def name(self) -> str:
        """As people write it: "reweigh 0.5", or "none"."""
        return self.method if self.method == NONE else f"{self.method} {self.strength:g}"

    @property
    def settings(self) -> tuple[str, ...]:
        """What to give after --set to train this model."""
        if self.method == NONE:
            return (f"training.mitigation={NONE}",)
        return (f"training.mitigation={self.method}", f"training.mitigation_strength={self.strength:g}")


@dataclass(frozen=True)
class Frontier:
    """A sweep and what it was judged by.

    measure, of : the gap and its columns.  convention : what exactly is computed.  goal : training.mitigation_goal.
    limit, direction, setting : "at least" or "at most" so much, and where that is set; None and "" without a limit.
    judged_rows : train rows that were set aside, and `seed` chose.  train_rows, eval_rows : fitted on, and stopped and decided on.
    confidence : of all intervals.  notes : what a reader must know besides.
    """

    name: str
    made_at: str
    measure: str
    of: tuple[str, ...]
    convention: str
    goal: str
    is_ratio: bool
    limit: float | None
    direction: str
    setting: str
    judged_rows: int
    train_rows: int
    eval_rows: int
    seed: int
    confidence: float
    points: tuple[FrontierDot, ...]
    notes: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The gap with its columns: "demographic_parity_ratio of sex"."""
        return f"{self.measure} of {' x '.join(self.of)}"

    @property
    def rows_in_words(self) -> str:
        return f"judged on {self.judged_rows:,} train rows set aside; the test split was not looked at"

    @property
    def cheapest(self) -> FrontierDot | None:
        """The most accurate point that passes with its whole interval; of equals the one that does least."""
        passing = [point for point in self.points if point.status == "PASSED"]
        return max(passing, key=lambda point: (point.accuracy, -point.strength), default=None)


def write(frontier: Frontier, folder: Path) -> tuple[Path, Path]:
    """Writes both files into `folder` and returns their paths, the JSON's first."""
    folder.mkdir(parents=True, exist_ok=True)
    content = {"format_version": FORMAT_VERSION, **asdict(frontier)}
    content["cheapest"] = asdict(frontier.cheapest) if frontier.cheapest else None
    as_json = folder / JSON_NAME
    as_json.write_text(json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False), "utf-8", errors="replace")
    return as_json, write_page(
        "frontier.html.j2", folder / PAGE_NAME, f=frontier, found=answer(frontier), chart=_chart(frontier),
        keys=frontier_chart.keys(_methods(frontier.points)), interval=interval, price=price,
    )  # fmt: skip


def answer(frontier: Frontier) -> str:
    """What the sweep found, in a sentence or two."""
    best, start = frontier.cheapest, frontier.points[0]
    if frontier.limit is None:
        return "The settings set no limit for this gap, so no point passes or is refused."
    wanted = f"{formatting.label(frontier.title)} {frontier.direction} {frontier.limit:g}"
    if best is None:
        return f"{wanted}: no point passes with its whole interval."
    if best is start:
        return f"{wanted}: the model passes as it is, with its whole interval. This limit needs no mitigation."
    cost = (start.accuracy - best.accuracy) * 100
    said = f"{cost:.1f} points of accuracy" if cost >= 0.05 else "no accuracy on these rows"
    return f"{wanted}: the cheapest point that passes with its whole interval is {best.name}; it costs {said}."


def price(point: FrontierDot, frontier: Frontier) -> str:
    """Accuracy against the model that nothing was done about, in percentage points.

    >>> one = Point("none", 0.0, 0.5, 1.0, 0.85, 0.84, 0.86, 0.9, 0.3)
    >>> f = Frontier("t", "", "m", (), "", "parity", True, None, "", "", 1, 1, 1, 0, 0.95, (one,))
    >>> price(Point("reweigh", 1.0, 0.5, 1.0, 0.835, 0.82, 0.85, 0.9, 0.5), f)
    '−1.5'
    """
    if point.method == NONE:
        return formatting.ABSENT
    return f"{(point.accuracy - frontier.points[0].accuracy) * 100:+.1f}".replace("-", "−")


def interval(low: float | None, high: float | None) -> str:
    """Both ends, or a dash.

    >>> interval(0.25, 0.5)
    '0.2500 – 0.5000'
    """
    if low is None or high is None:
        return formatting.ABSENT
    return f"{formatting.number(low)} – {formatting.number(high)}"


def _methods(points: Sequence[FrontierDot]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(point.method for point in points))


def _chart(frontier: Frontier) -> frontier_chart.FrontierDrawing:
    dots = [
        frontier_chart.Dot(
            point.method, point.name, "" if point.method == NONE else f"{point.strength:g}",
            (point.gap, point.gap_low, point.gap_high), (point.accuracy, point.accuracy_low, point.accuracy_high),
            point.status == "PASSED",
        )
        for point in frontier.points
        if point.gap is not None
    ]  # fmt: skip
    limit = frontier_chart.LimitLine(frontier.limit, frontier.direction) if frontier.limit is not None else None
    return frontier_chart.draw(dots, frontier.title, frontier.is_ratio, limit)
