"""The charts that have axes, drawn by matplotlib as SVG that takes its colours from the page.

Colours are drawn as stand-in hex values and replaced by CSS variables, so one drawing fits light, dark and paper.
matplotlib's settings are changed only inside a context that puts them back; pyplot and its global state are not used.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import matplotlib as mpl
from markupsafe import Markup, escape
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from reports import formatting
from schemas.evidence import EvaluationEvidence, TrainingEvidence

_INK, _MUTED, _RULE, _FIRST, _SECOND = "#010203", "#040506", "#070809", "#0a0b0c", "#0d0e0f"
_CSS = {_INK: "ink", _MUTED: "muted", _RULE: "rule", _FIRST: "first", _SECOND: "second"}
_MAX_POINTS = 1500
_SIZE = (4.6, 3.1)
_SQUARE = (4.0, 3.5)


@dataclass(frozen=True)
class Chart:
    """An inline SVG with its heading and the sentence that says what to see in it."""

    title: str
    caption: str
    svg: Markup


@dataclass(frozen=True)
class _Axis:
    x: str
    y: str
    size: tuple[float, float] = _SIZE


def training_curves(training: TrainingEvidence) -> tuple[Chart, ...]:
    """One chart per curve of the history, train beside eval, with a line at the best epoch. x : epoch, from 1."""
    names = [n for n in training.history if not n.startswith("val_")]
    names += [n.removeprefix("val_") for n in training.history if n.startswith("val_") and n[4:] not in names]
    return tuple(_curve(training, name) for name in names)


def _curve(training: TrainingEvidence, name: str) -> Chart:
    figure, axes = _axes(_Axis("epoch", formatting.label(name)))
    series = ((name, "train", _FIRST, "-", "o"), (f"val_{name}", "eval", _SECOND, "--", "s"))
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
        axes.axvline(training.best_epoch, color=_MUTED, lw=0.9, ls=":", label=f"best epoch ({training.best_epoch})")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    _legend(axes)
    return _chart(
        figure, f"{name}", f"{formatting.label(name)} per epoch: {', '.join(ends)}; best epoch {training.best_epoch}."
    )


def roc(evaluation: EvaluationEvidence) -> Chart:
    """The ROC curve, with the diagonal of guessing and the point that the decision threshold chose."""
    figure, axes = _axes(_Axis("false positive rate", "true positive rate", _SQUARE))
    axes.plot([0, 1], [0, 1], ":", color=_MUTED, lw=0.9, label="guessing")
    axes.plot(*_columns(evaluation.roc), color=_FIRST, lw=1.7, label="model")
    caption = "Above the dotted diagonal is better than guessing."
    rates = _rates(evaluation)
    if rates:
        axes.plot([rates["fpr"]], [rates["tpr"]], "D", color=_SECOND, ms=6, label="at the threshold")
        found, mistaken = formatting.percent(rates["tpr"]), formatting.percent(rates["fpr"])
        caption += f" At the threshold: {found} of positives found, {mistaken} of negatives taken for positive."
    _unit_square(axes)
    _legend(axes)
    return _chart(figure, "ROC curve", caption)


def precision_recall(evaluation: EvaluationEvidence) -> Chart:
    """Precision over recall, with the share of positives as the level that guessing reaches."""
    figure, axes = _axes(_Axis("recall", "precision", _SQUARE))
    rates = _rates(evaluation)
    if rates:
        axes.axhline(rates["positives"], ls=":", color=_MUTED, lw=0.9, label="guessing")
    axes.plot(*_columns(evaluation.pr), color=_FIRST, lw=1.7, label="model")
    caption = "How pure the found rows are as more of the positives are found."
    if rates:
        axes.plot([rates["tpr"]], [rates["precision"]], "D", color=_SECOND, ms=6, label="at the threshold")
        precision, recall = formatting.percent(rates["precision"]), formatting.percent(rates["tpr"])
        caption += f" At the threshold: precision {precision}, recall {recall}."
    _unit_square(axes)
    _legend(axes)
    return _chart(figure, "Precision and recall", caption)


def calibration(evaluation: EvaluationEvidence) -> Chart:
    """Mean label over mean prediction per bin; the area of a dot grows with the rows in its bin."""
    figure, axes = _axes(_Axis("mean prediction", "share that was positive", _SQUARE))
    axes.plot([0, 1], [0, 1], ":", color=_MUTED, lw=0.9, label="perfectly calibrated")
    most = max(rows for *_, rows in evaluation.calibration) or 1.0
    x, y = [p for p, *_ in evaluation.calibration], [label for _, label, _ in evaluation.calibration]
    axes.plot(x, y, color=_FIRST, lw=1.2)
    sizes = [8 + 70 * rows / most for *_, rows in evaluation.calibration]
    axes.scatter(x, y, s=sizes, color=_FIRST, label="bin (area: rows)", zorder=3)
    furthest = max(evaluation.calibration, key=lambda b: abs(b[0] - b[1]))
    _unit_square(axes)
    _legend(axes)
    share = formatting.percent(furthest[1])
    caption = (
        f"Furthest off: predictions near {furthest[0]:.2f} came true {share} of the time ({furthest[2]:,.0f} rows)."
    )
    return _chart(figure, "Calibration", caption)


def predicted_against_true(evaluation: EvaluationEvidence) -> Chart:
    """A dot per row, true value on x, prediction on y; at most 1,500 dots, taken evenly."""
    points = _thinned(evaluation.residuals)
    figure, axes = _axes(_Axis("true value", "predicted value", _SQUARE))
    both = [v for point in points for v in point]
    axes.plot([min(both), max(both)], [min(both), max(both)], ":", color=_MUTED, lw=0.9, label="exact")
    axes.plot(*_columns(points), ".", color=_FIRST, ms=3, alpha=0.45, mew=0, label="row")
    _legend(axes)
    every = len(evaluation.residuals)
    shown = f"{len(points):,} of {every:,} rows" if len(points) < every else "All rows"
    return _chart(figure, "Predicted against true", f"{shown}. On the dotted line a prediction is exact.")


def residual_histogram(evaluation: EvaluationEvidence) -> Chart:
    """How the errors (predicted minus true) are distributed."""
    errors = sorted(predicted - true for true, predicted in evaluation.residuals)
    figure, axes = _axes(_Axis("predicted minus true", "rows", _SQUARE))
    # The outermost hundredth on each side would squeeze all others into one bar.
    low, high = errors[len(errors) // 100], errors[-1 - len(errors) // 100]
    axes.hist([min(max(e, low), high) for e in errors], bins=40 if high > low else 1, color=_FIRST)
    axes.axvline(0, color=_MUTED, lw=0.9, ls=":")
    middle = errors[len(errors) // 2]
    return _chart(figure, "Errors", f"Median error {middle:,.4g}. The outermost 1 % on each side is drawn at the edge.")


def _rates(evaluation: EvaluationEvidence) -> Mapping[str, float] | None:
    """False and true positive rate and precision of the binary confusion matrix; None when it does not allow them."""
    if len(evaluation.confusion) != 2 or any(len(row) != 2 for row in evaluation.confusion):
        return None
    (tn, fp), (fn, tp) = evaluation.confusion
    if not (tn + fp and tp + fn and tp + fp):
        return None
    total = tn + fp + fn + tp
    return {"fpr": fp / (tn + fp), "tpr": tp / (tp + fn), "precision": tp / (tp + fp), "positives": (tp + fn) / total}


def _columns(points: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [x for x, _ in points], [y for _, y in points]


def _thinned(points: Sequence[tuple[float, float]]) -> Sequence[tuple[float, float]]:
    stride = -(-len(points) // _MAX_POINTS)
    return points[::stride] if stride > 1 else points


def _axes(axis: _Axis) -> tuple[Figure, Axes]:
    figure = Figure(figsize=axis.size, layout="constrained")
    axes = figure.add_subplot()
    axes.set_xlabel(axis.x, color=_MUTED, fontsize=9)
    axes.set_ylabel(axis.y, color=_MUTED, fontsize=9)
    axes.tick_params(colors=_MUTED, labelsize=8.5, length=3, width=0.7)
    axes.grid(visible=True, color=_RULE, lw=0.6)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(_MUTED)
        spine.set_linewidth(0.7)
    return figure, axes


def _unit_square(axes: Axes) -> None:
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.04)


def _legend(axes: Axes) -> None:
    axes.legend(frameon=False, fontsize=8.5, labelcolor=_INK, handlelength=1.8, loc="best")


def _chart(figure: Figure, title: str, caption: str) -> Chart:
    """Draws the figure. Ids are prefixed with the title, because several drawings share a page."""
    buffer = io.StringIO()
    drawing = {"svg.fonttype": "none", "svg.hashsalt": title, "text.parse_math": False}
    with mpl.rc_context(drawing):
        figure.savefig(
            buffer, format="svg", transparent=True, metadata=dict.fromkeys(("Creator", "Date", "Format", "Type"))
        )
    return Chart(title, caption, _inline(buffer.getvalue(), title, caption))


def _inline(text: str, title: str, caption: str) -> Markup:
    prefix = re.sub(r"\W+", "-", title.lower())
    body = text[text.index("<svg") :]
    body = re.sub(r"<style.*?</style>", "", body, flags=re.DOTALL)
    body = re.sub(r"(\bid=\"|url\(#|href=\"#)", rf"\g<1>{prefix}-", body)
    body = re.sub(r"#0[0-9a-d]0[0-9a-e]0[0-9a-f]\b", lambda m: f"var(--{_CSS[m[0]]})", body)
    body = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px", body)
    view = re.search(r'viewBox="[^"]*"', body)
    head = f'<svg class="chart" {view[0] if view else ""} role="img" aria-label="{escape(title + ". " + caption)}">'
    return Markup(head + re.sub(r"^<svg[^>]*>", "", body))  # noqa: S704 drawn by matplotlib, which escapes its texts
