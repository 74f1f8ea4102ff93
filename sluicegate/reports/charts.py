"""The charts of training and evaluation that have axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from matplotlib.ticker import MaxNLocator

from schemas.evidence import EvaluationEvidence, TrainingEvidence
from sluicegate.reports import formatting
from sluicegate.reports.drawing import FIRST, MUTED, SECOND, SQUARE, WIDE, Axis, Chart, chart, legend, new_axes

_MAX_POINTS = 1500


def training_curves(training: TrainingEvidence) -> tuple[Chart, ...]:
    """One chart per curve of the history, train beside eval, with a line at the best epoch. x : epoch, from 1."""
    names = [n for n in training.history if not n.startswith("val_")]
    names += [n.removeprefix("val_") for n in training.history if n.startswith("val_") and n[4:] not in names]
    return tuple(_curve(training, name) for name in names)


def _curve(training: TrainingEvidence, name: str) -> Chart:
    figure, axes = new_axes(Axis("epoch", formatting.label(name)))
    series = ((name, "train", FIRST, "-", "o"), (f"val_{name}", "eval", SECOND, "--", "s"))
    ends = []
    for key, split, colour, line, marker in series:
        values = training.history.get(key, ())
        if not values:
            continue
        epochs = range(1, len(values) + 1)
        axes.plot(
            epochs, values, line, color=colour, marker=marker if len(values) <= 40 else None, ms=3, lw=1.5, label=split
        )
        ends.append(f"{split} ends at {formatting.number(values[-1])}")
    if training.best_epoch > 0:
        axes.axvline(training.best_epoch, color=MUTED, lw=0.9, ls=":", label=f"best epoch ({training.best_epoch})")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    legend(axes)
    return chart(
        figure, f"{name}", f"{formatting.label(name)} per epoch: {', '.join(ends)}; best epoch {training.best_epoch}."
    )


@dataclass(frozen=True)
class PastRun:
    """A metric of all test rows in one run.  version : that it pushed; None where it pushed none."""

    run_id: str
    value: float
    low: float | None = None
    high: float | None = None
    version: int | None = None
    verdict: str = ""
    same_data: bool = True


def trend(metric: str, runs: Sequence[PastRun]) -> Chart:
    """A metric over the runs, oldest first, with its intervals: filled where a version was pushed."""
    figure, axes = new_axes(Axis("run, oldest first", formatting.label(metric), WIDE))
    places = range(1, len(runs) + 1)
    axes.plot(places, [r.value for r in runs], color=FIRST, lw=1.0)
    for place, one in zip(places, runs, strict=True):
        if one.low is not None and one.high is not None:
            axes.plot([place, place], [one.low, one.high], color=FIRST, lw=1.2)
    for pushed, fill, name in ((True, FIRST, "pushed"), (False, "none", "not pushed")):
        some = [(p, r.value) for p, r in zip(places, runs, strict=True) if (r.version is not None) is pushed]
        if some:
            axes.plot(*_columns(some), "o", ms=5, mfc=fill, mec=FIRST if pushed else SECOND, mew=1.3, label=name)
    # Between the run at `place` and the next one.
    changed = [p + 0.5 for p, (a, b) in zip(places, pairwise(runs), strict=False) if a.same_data != b.same_data]
    for between in changed:
        axes.axvline(between, color=MUTED, lw=0.9, ls=":")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlim(0.5, len(runs) + 0.5)
    legend(axes)
    first, last = runs[0], runs[-1]
    caption = f"From {formatting.number(first.value)} to {formatting.number(last.value)} in {len(runs)} runs; bars are 95 % intervals."
    if changed:
        caption += " A dotted line stands where the data changed: test rows on its two sides are not the same."
    rows = [
        (
            r.run_id,
            "–" if r.version is None else str(r.version),
            r.verdict,
            formatting.number(r.value),
            f"{formatting.number(r.low)} – {formatting.number(r.high)}" if r.low is not None else "–",
            "the same" if r.same_data else "others",
        )
        for r in runs
    ]
    return chart(figure, metric, caption, ("Run", "version", "verdict", "value", "95 % interval", "data"), rows)


def predicted_against_true(evaluation: EvaluationEvidence) -> Chart:
    """A dot per row, true value on x, prediction on y; at most 1,500 dots, taken evenly."""
    points = _thinned(evaluation.residuals)
    figure, axes = new_axes(Axis("true value", "predicted value", SQUARE))
    both = [v for point in points for v in point]
    axes.plot([min(both), max(both)], [min(both), max(both)], ":", color=MUTED, lw=0.9, label="exact")
    axes.plot(*_columns(points), ".", color=FIRST, ms=3, alpha=0.45, mew=0, label="row")
    legend(axes)
    every = len(evaluation.residuals)
    shown = f"{len(points):,} of {every:,} rows" if len(points) < every else "All rows"
    return chart(figure, "Predicted against true", f"{shown}. On the dotted line a prediction is exact.")


def residual_histogram(evaluation: EvaluationEvidence) -> Chart:
    """How the errors (predicted minus true) are distributed."""
    errors = sorted(predicted - true for true, predicted in evaluation.residuals)
    figure, axes = new_axes(Axis("predicted minus true", "rows", SQUARE))
    # The outermost hundredth on each side would squeeze all others into one bar.
    low, high = errors[len(errors) // 100], errors[-1 - len(errors) // 100]
    axes.hist([min(max(e, low), high) for e in errors], bins=40 if high > low else 1, color=FIRST)
    axes.axvline(0, color=MUTED, lw=0.9, ls=":")
    middle = errors[len(errors) // 2]
    return chart(figure, "Errors", f"Median error {middle:,.4g}. The outermost 1 % on each side is drawn at the edge.")


def _columns(points: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [x for x, _ in points], [y for _, y in points]


def _thinned(points: Sequence[tuple[float, float]]) -> Sequence[tuple[float, float]]:
    stride = -(-len(points) // _MAX_POINTS)
    return points[::stride] if stride > 1 else points
