"""A figure with axes as an inline SVG that takes its colours from the page, drawn by matplotlib.

Colours are drawn as stand-in hex values and replaced by CSS variables, so one drawing fits light, dark and paper.
matplotlib's settings are changed only inside a context that puts them back; pyplot and its global state are not used.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import matplotlib as mpl
from markupsafe import Markup, escape
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK, MUTED, RULE, FIRST, SECOND, THIRD = "#010203", "#040506", "#070809", "#0a0b0c", "#0d0e0f", "#0b0c0d"
_CSS = {INK: "ink", MUTED: "muted", RULE: "rule", FIRST: "first", SECOND: "second", THIRD: "third"}
SIZE = (4.6, 3.1)
SQUARE = (4.0, 3.5)
WIDE = (6.4, 2.6)


@dataclass(frozen=True)
class Chart:
    """An inline SVG with its heading and the sentence that says what to see in it.

    columns, rows : the same in numbers, folded up below the drawing, for those who cannot see it or want to copy; () for none.
    """

    title: str
    caption: str
    svg: Markup
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Axis:
    """x, y : what stands on the axes.  size : in inches."""

    x: str
    y: str
    size: tuple[float, float] = SIZE


def new_axes(axis: Axis) -> tuple[Figure, Axes]:
    """A figure with one pair of axes in the style of the page."""
    figure = Figure(figsize=axis.size, layout="constrained")
    axes = figure.add_subplot()
    axes.set_xlabel(axis.x, color=MUTED, fontsize=9)
    axes.set_ylabel(axis.y, color=MUTED, fontsize=9)
    axes.tick_params(colors=MUTED, labelsize=8.5, length=3, width=0.7)
    axes.grid(visible=True, color=RULE, lw=0.6)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(MUTED)
        spine.set_linewidth(0.7)
    return figure, axes


def legend(axes: Axes) -> None:
    """Draws the legend where it hides least."""
    axes.legend(frameon=False, fontsize=8.5, labelcolor=INK, handlelength=1.8, loc="best")


def chart(
    figure: Figure, title: str, caption: str, columns: Sequence[str] = (), rows: Iterable[Sequence[str]] = ()
) -> Chart:
    """Draws the figure. Ids are prefixed with the title, because several drawings share a page."""
    buffer = io.StringIO()
    drawing = {"svg.fonttype": "none", "svg.hashsalt": title, "text.parse_math": False}
    with mpl.rc_context(drawing):
        figure.savefig(
            buffer, format="svg", transparent=True, metadata=dict.fromkeys(("Creator", "Date", "Format", "Type"))
        )
    return Chart(title, caption, _inline(buffer.getvalue(), title, caption), tuple(columns), tuple(map(tuple, rows)))


def _inline(text: str, title: str, caption: str) -> Markup:
    prefix = re.sub(r"\W+", "-", title.lower())
    body = text[text.index("<svg") :]
    body = re.sub(r"<style.*?</style>", "", body, flags=re.DOTALL)
    body = re.sub(r"(\bid=\"|url\(#|href=\"#)", rf"\g<1>{prefix}-", body)
    body = re.sub(r"#0[0-9a-d]0[0-9a-e]0[0-9a-f]\b", lambda m: f"var(--{_CSS[m[0]]})", body)
    body = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px", body)
    view = re.search(r'viewBox="[^"]*"', body)
    head = f'<svg class="chart" {view[0] if view else ""} role="img" aria-labelledby="{prefix}-title {prefix}-desc">'
    told = f'<title id="{prefix}-title">{escape(title)}</title><desc id="{prefix}-desc">{escape(caption)}</desc>'
    return Markup(head + told + re.sub(r"^<svg[^>]*>", "", body))  # noqa: S704 drawn by matplotlib, which escapes its texts
