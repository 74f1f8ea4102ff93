"""What the scores of the test rows look like: curves of this and the released model, thresholds, and parts of the rows side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from matplotlib.axes import Axes

from schemas.evidence import EvaluationEvidence
from schemas.score_evidence import AtThreshold, Counted, Curves, Histograms, Points, ScoreEvidence
from sluicegate.reports import formatting
from sluicegate.reports.drawing import FIRST, MUTED, SECOND, SQUARE, THIRD, Axis, Chart, chart, legend, new_axes
from sluicegate.reports.small_charts import Scale

#: Points of a curve in the table below it.
LISTED = 11
VALUE = {
    "score": "score",
    "confidence": "score of the class decided for",
    "error": "error (predicted minus true)",
}
SAID = {"score": "Said to be positive", "confidence": "Right"}


@dataclass(frozen=True)
class Part:
    """One line of a table of histograms.  bins : (low, high, weight)."""

    counted: Counted
    bins: tuple[tuple[float, float, float], ...]


@dataclass(frozen=True)
class PartsView:
    """Parts of the rows over one scale.  said : heading of the share that is said to be positive or right; "" for none."""

    title: str
    heading: str
    value: str
    said: str
    parts: tuple[Part, ...]
    scale: Scale
    mark: float | None
    hidden: int


def curves(found: ScoreEvidence) -> Iterator[Chart]:
    """The charts that this task has."""
    at = next((t for t in found.thresholds if t.threshold == found.threshold), None)
    if found.curves.roc:
        yield _roc(found, at)
    if found.curves.pr:
        yield _precision_recall(found, at)
    if found.curves.calibration:
        yield _calibration(found)
    if len(found.thresholds) > 1:
        yield _thresholds(found, at)


def of_evaluation(found: EvaluationEvidence) -> ScoreEvidence:
    """What a run before `scores.json` left of its curves, with the one threshold that its confusion matrix knows."""
    known = Curves(found.roc, found.pr, found.calibration)
    old = ScoreEvidence(found.task, found.rows, "score", known, threshold=found.threshold)
    if found.threshold is None or len(found.confusion) != 2:
        return old
    (tn, fp), (fn, tp) = found.confusion
    every, positives, said = tn + fp + fn + tp, fn + tp, fp + tp
    if not (positives and tn + fp):
        return old
    at = AtThreshold(found.threshold, tp / said if said else None, tp / positives, said / every, (tn + tp) / every)
    return replace(old, positives=positives / every, thresholds=(at,))


def parts(found: ScoreEvidence, label: str = "") -> tuple[PartsView, ...]:
    """One table of histograms per way of parting the rows.  label : the label's column."""
    # The errors of all rows have a chart of their own.
    wanted = [one for one in found.histograms if one.parts and (one.by or found.what != "error")]
    return tuple(_parts(found, one, label) for one in wanted)


def _parts(found: ScoreEvidence, one: Histograms, label: str) -> PartsView:
    title = f"By {one.by}" if one.by else f"By true class{f' ({label})' if label else ''}"
    made = tuple(Part(p, tuple(zip(one.edges[:-1], one.edges[1:], p.counts, strict=True))) for p in one.parts)
    mark = found.threshold if found.what == "score" else 0.0 if found.what == "error" else None
    scale = Scale(one.edges[0], one.edges[-1])
    return PartsView(
        title=title,
        heading=one.by or "True class",
        value=VALUE[found.what],
        said=SAID.get(found.what, ""),
        parts=made,
        scale=scale,
        mark=mark,
        hidden=one.hidden,
    )


def _both(found: ScoreEvidence) -> tuple[tuple[str, Curves], ...]:
    """The released model first, so that this one lies on top."""
    this = (("this model", found.curves),)
    return this if found.released is None else ((_released(found), found.released), *this)


def _released(found: ScoreEvidence) -> str:
    return "released model" if found.released_version is None else f"released ({found.released_version})"


def _line(axes: Axes, name: str, points: Points) -> None:
    style = {"color": FIRST, "lw": 1.7} if name == "this model" else {"color": THIRD, "lw": 1.4, "ls": "--"}
    axes.plot([x for x, _ in points], [y for _, y in points], label=name, **style)  # type: ignore[arg-type]


def _roc(found: ScoreEvidence, at: AtThreshold | None) -> Chart:
    """With the diagonal of guessing and the point that the decision threshold chose."""
    figure, axes = new_axes(Axis("false positive rate", "true positive rate", SQUARE))
    axes.plot([0, 1], [0, 1], ":", color=MUTED, lw=0.9, label="guessing")
    for name, one in _both(found):
        _line(axes, name, one.roc)
    caption = "Above the dotted diagonal is better than guessing."
    if at is not None:
        rate = _false_positive_rate(found.positives or 0.0, at)
        axes.plot([rate], [at.recall], "D", color=SECOND, ms=6, label="at the threshold")
        missed, mistaken = formatting.percent(at.recall), formatting.percent(rate)
        caption += f" At the threshold: {missed} of positives found, {mistaken} of negatives taken for positive."
    _unit_square(axes)
    legend(axes)
    columns, rows = _listed(
        found, [n / (LISTED - 1) for n in range(LISTED)], "False positive rate", "true positive rate"
    )
    return chart(figure, "ROC curve", caption, columns, rows)


def _false_positive_rate(positives: float, at: AtThreshold) -> float:
    """From what is known at the threshold: said = positives recall + negatives rate."""
    return (at.said - positives * at.recall) / (1 - positives) if positives < 1 else 0.0


def _precision_recall(found: ScoreEvidence, at: AtThreshold | None) -> Chart:
    """With the share of positives as the level that guessing reaches."""
    figure, axes = new_axes(Axis("recall", "precision", SQUARE))
    if found.positives is not None:
        axes.axhline(found.positives, ls=":", color=MUTED, lw=0.9, label="guessing")
    for name, one in _both(found):
        _line(axes, name, one.pr)
    caption = "How pure the found rows are as more of the positives are found."
    if at is not None and at.precision is not None:
        axes.plot([at.recall], [at.precision], "D", color=SECOND, ms=6, label="at the threshold")
        precision, recall = formatting.percent(at.precision), formatting.percent(at.recall)
        caption += f" At the threshold: precision {precision}, recall {recall}."
    _unit_square(axes)
    legend(axes)
    columns, rows = _listed(found, [n / (LISTED - 1) for n in range(1, LISTED)], "Recall", "precision", "pr")
    return chart(figure, "Precision and recall", caption, columns, rows)


def _listed(
    found: ScoreEvidence, at: Sequence[float], x: str, y: str, which: str = "roc"
) -> tuple[list[str], list[list[str]]]:
    """Both models' values at round places of x."""
    both = _both(found)[::-1]
    columns = [x, *(f"{y}, {name}" for name, _ in both)]
    return columns, [
        [formatting.number(place), *(formatting.number(_at(getattr(one, which), place)) for _, one in both)]
        for place in at
    ]


def _at(points: Points, x: float) -> float | None:
    """Height of the curve at x, between its neighbours."""
    before: tuple[float, float] | None = None
    for point in points:
        if point[0] >= x:
            if before is None or point[0] == x:
                return point[1]
            share = (x - before[0]) / (point[0] - before[0])
            return before[1] + share * (point[1] - before[1])
        before = point
    return before[1] if before else None


def _calibration(found: ScoreEvidence) -> Chart:
    """Mean of what came true over mean prediction per bin; the area of a dot grows with the rows in its bin."""
    is_regression = found.task == "regression"
    promise = {
        "binary": ("mean score", "share that was positive"),
        "multiclass": ("mean score of the decision", "share that was right"),
    }
    x, y = promise.get(found.task, ("mean prediction", "mean label"))
    figure, axes = new_axes(Axis(x, y, SQUARE))
    every = [v for _, one in _both(found) for p in one.calibration for v in p[:2]]
    ends = [min(every), max(every)] if is_regression else [0.0, 1.0]
    axes.plot(ends, ends, ":", color=MUTED, lw=0.9, label="perfectly calibrated")
    for name, one in _both(found):
        _line(axes, name, tuple((p, t) for p, t, _ in one.calibration))
    mine = found.curves.calibration
    most = max(w for *_, w in mine) or 1.0
    sizes = [8 + 60 * w / most for *_, w in mine]
    axes.scatter(
        [p for p, *_ in mine], [t for _, t, _ in mine], s=sizes, color=FIRST, zorder=3, label="bin (area: rows)"
    )
    if not is_regression:
        _unit_square(axes)
    legend(axes)
    furthest = max(mine, key=lambda b: abs(b[0] - b[1]) * b[2])
    came = formatting.brief(furthest[1]) if is_regression else formatting.percent(furthest[1])
    weighs = formatting.count(furthest[2])
    caption = f"Weighs most: predictions near {formatting.brief(furthest[0])} came out at {came} ({weighs} rows)."
    rows = [
        [name, formatting.number(p), formatting.number(t), formatting.count(w)]
        for name, one in _both(found)[::-1]
        for p, t, w in one.calibration
    ]
    return chart(figure, "Calibration", caption, ("Model", x, y, "rows"), rows)


def _thresholds(found: ScoreEvidence, at: AtThreshold | None) -> Chart:
    """Precision, recall and the share said to be positive over the threshold, with the chosen one."""
    figure, axes = new_axes(Axis("threshold", "share", SQUARE))
    pure = [(t.threshold, t.precision) for t in found.thresholds if t.precision is not None]
    axes.plot([t for t, _ in pure], [p for _, p in pure], color=FIRST, lw=1.6, label="precision")
    every = found.thresholds
    axes.plot([t.threshold for t in every], [t.recall for t in every], "--", color=SECOND, lw=1.6, label="recall")
    axes.plot([t.threshold for t in every], [t.said for t in every], "-.", color=THIRD, lw=1.4, label="said positive")
    caption = "What another threshold would do with these rows; it was chosen on the eval split."
    if at is not None:
        axes.axvline(at.threshold, color=MUTED, lw=1.0, ls=":", label=f"chosen ({at.threshold:.3f})")
        for height, colour in ((at.precision, FIRST), (at.recall, SECOND), (at.said, THIRD)):
            if height is not None:
                axes.plot([at.threshold], [height], "D", color=colour, ms=4.5)
        caption += (
            f" At {formatting.number(at.threshold)} it says positive for {formatting.percent(at.said)} of the rows."
        )
    _unit_square(axes)
    legend(axes)
    tenths = [t for t in every if t is at or abs(t.threshold * 10 - round(t.threshold * 10)) < 1e-9]
    rows = [
        [
            f"{formatting.number(t.threshold)}{' (chosen)' if t is at else ''}",
            *map(formatting.percent, (t.precision, t.recall, t.said, t.accuracy)),
        ]
        for t in tenths
    ]
    return chart(figure, "Thresholds", caption, ("Threshold", "precision", "recall", "said positive", "accuracy"), rows)


def _unit_square(axes: Axes) -> None:
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.04)
