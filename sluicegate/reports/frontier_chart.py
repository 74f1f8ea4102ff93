"""Accuracy over the gap: one dot with two intervals per model, drawn as SVG in the page's own colours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from sluicegate.reports import formatting
from sluicegate.reports.small_charts import Scale, scale_of

_WIDTH, _HEIGHT = 500.0, 400.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 58.0, 12.0, 22.0, 50.0
_LETTER, _LINE = 7.0, 13.0
_NO_MORE = Markup("")
#: A colour of the style sheet and a shape per method, so that neither has to be told apart alone.
_LOOKS: Mapping[str, tuple[str, str]] = {
    "none": ("ink", "M0-6L6 0 0 6-6 0Z"),
    "reweigh": ("first", "M-5 0A5 5 0 1 1 5 0A5 5 0 1 1-5 0Z"),
    "constrained": ("second", "M-4.6-4.6H4.6V4.6H-4.6Z"),
    "thresholds": ("third", "M0-6L5.6 4.6H-5.6Z"),
}
#: Where a label may stand beside its dot, best place first: (dx, dy, anchor).
_PLACES = ((8, -6, "start"), (-8, -6, "end"), (8, 14, "start"), (-8, 14, "end"), (8, -19, "start"), (-8, -19, "end"))


@dataclass(frozen=True)
class Dot:
    """gap, accuracy : (value, low, high).  label : written beside it.  passes : drawn filled."""

    method: str
    name: str
    label: str
    gap: tuple[float | None, float | None, float | None]
    accuracy: tuple[float | None, float | None, float | None]
    passes: bool


@dataclass(frozen=True)
class LimitLine:
    """direction : "at least" or "at most"."""

    value: float
    direction: str

    @property
    def in_words(self) -> str:
        return f"{self.direction} {self.value:g}"


@dataclass(frozen=True)
class FrontierDrawing:
    """An inline SVG with the sentence that says what to see in it."""

    caption: str
    svg: Markup


@dataclass(frozen=True)
class _Frame:
    """From values to places in the drawing."""

    across: Scale
    upward: Scale

    def x(self, value: float) -> float:
        return _LEFT + self.across.at(value) / 100 * (_WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        return _HEIGHT - _BOTTOM - self.upward.at(value) / 100 * (_HEIGHT - _TOP - _BOTTOM)


def draw(dots: Sequence[Dot], gap: str, is_ratio: bool, limit: LimitLine | None) -> FrontierDrawing:
    """The chart.  gap : name of the horizontal axis.  is_ratio : more is better there, else less."""
    ends = [v for dot in dots for v in dot.gap]
    frame = _Frame(
        scale_of([*ends, limit.value if limit else None]), scale_of([v for dot in dots for v in dot.accuracy])
    )
    better = "towards the upper right" if is_ratio else "towards the upper left"
    caption = f"Each mark is one model with the intervals of both numbers; better is {better}."
    if limit:
        caption += f" A filled mark is {limit.in_words} with its whole interval."
    parts = [*_axes(frame, gap, is_ratio), *(_limit(frame, limit) if limit else ()), *_paths(frame, dots)]
    parts += [*_intervals(frame, dots), *(_mark(frame, dot) for dot in dots), *_labels(frame, dots)]
    alt = f"Accuracy over {gap}. {caption} " + "; ".join(map(_in_words, dots))
    head = Markup('<svg class="chart frontier" viewBox="0 0 {:.0f} {:.0f}" role="img" aria-label="{}">')
    return FrontierDrawing(caption, head.format(_WIDTH, _HEIGHT, alt) + Markup("").join(parts) + Markup("</svg>"))


def keys(methods: Sequence[str]) -> list[tuple[str, Markup]]:
    """The legend: each method with its mark."""
    return [(method, Markup('<path class="mark" d="{1}" {0}/>').format(_colour(method), _shape(method))) for method in methods]  # fmt: skip


def _in_words(dot: Dot) -> str:
    return f"{dot.name}: gap {formatting.number(dot.gap[0])}, accuracy {formatting.number(dot.accuracy[0])}"


def _colour(method: str) -> Markup:
    return Markup('style="color:var(--{})"').format(_LOOKS.get(method, _LOOKS["none"])[0])


def _shape(method: str) -> str:
    return _LOOKS.get(method, _LOOKS["none"])[1]


def _line(css: str, ends: tuple[float, float, float, float], more: Markup = _NO_MORE) -> Markup:
    x1, y1, x2, y2 = (round(end, 1) for end in ends)
    return Markup('<line class="{}" x1="{}" y1="{}" x2="{}" y2="{}" {}/>').format(css, x1, y1, x2, y2, more)


def _text(text: str, x: float, y: float, anchor: str = "middle", more: Markup = _NO_MORE) -> Markup:
    return Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}" {}>{}</text>').format(x, y, anchor, more, text)


def _axes(frame: _Frame, gap: str, is_ratio: bool) -> Iterator[Markup]:
    bottom, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    for tick in frame.across.ticks():
        yield _line("rule", (frame.x(tick), _TOP, frame.x(tick), bottom))
        yield _text(f"{tick:g}", frame.x(tick), bottom + 16)
    for tick in frame.upward.ticks():
        yield _line("rule", (_LEFT, frame.y(tick), right, frame.y(tick)))
        yield _text(f"{tick:g}", _LEFT - 6, frame.y(tick) + 4, "end")
    yield _line("spine", (_LEFT, bottom, right, bottom))
    yield _line("spine", (_LEFT, _TOP, _LEFT, bottom))
    title = f"{formatting.label(gap)}, better {'→' if is_ratio else '←'}"
    yield _text(title, (_LEFT + right) / 2, bottom + 38)
    middle = (_TOP + bottom) / 2
    yield _text("Accuracy, better →", 14, middle, more=Markup('transform="rotate(-90 14 {:.1f})"').format(middle))


def _limit(frame: _Frame, limit: LimitLine) -> Iterator[Markup]:
    x = frame.x(limit.value)
    yield _line("limit", (x, _TOP, x, _HEIGHT - _BOTTOM))
    # On the side where there is room.
    is_left = x > _WIDTH / 2
    yield _text(f"limit: {limit.in_words}", x + (4 if is_left else -4), 14, "end" if is_left else "start")


def _paths(frame: _Frame, dots: Sequence[Dot]) -> Iterator[Markup]:
    """A faint line from the unmitigated model along each method's strengths."""
    start = [dot for dot in dots if dot.method == "none"]
    for method in dict.fromkeys(dot.method for dot in dots if dot.method != "none"):
        along = [*start, *(dot for dot in dots if dot.method == method)]
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in (_at(frame, dot) for dot in along))
        yield Markup('<polyline class="path" points="{}" {}/>').format(points, _colour(method))


def _intervals(frame: _Frame, dots: Sequence[Dot]) -> Iterator[Markup]:
    for dot in dots:
        x, y = _at(frame, dot)
        low, high = dot.gap[1:]
        if low is not None and high is not None:
            yield _line("whiskers", (frame.x(low), y, frame.x(high), y), _colour(dot.method))
        low, high = dot.accuracy[1:]
        if low is not None and high is not None:
            yield _line("whiskers", (x, frame.y(low), x, frame.y(high)), _colour(dot.method))


def _mark(frame: _Frame, dot: Dot) -> Markup:
    x, y = _at(frame, dot)
    css = "mark filled" if dot.passes else "mark"
    return Markup('<path class="{}" d="{}" transform="translate({:.1f} {:.1f})" {}><title>{}</title></path>').format(
        css, _shape(dot.method), x, y, _colour(dot.method), _in_words(dot)
    )


def _labels(frame: _Frame, dots: Sequence[Dot]) -> Iterator[Markup]:
    """Beside each dot, at the first place where it covers no other dot and no other label."""
    taken = [(x - 6, y - 6, x + 6, y + 6) for x, y in (_at(frame, dot) for dot in dots)]
    for dot in (dot for dot in dots if dot.label):
        x, y = _at(frame, dot)
        boxes = [_box(dot.label, x + dx, y + dy, anchor) for dx, dy, anchor in _PLACES]
        free = [not any(map(_meet, [box] * len(taken), taken)) for box in boxes]
        place = free.index(True) if True in free else 0
        taken.append(boxes[place])
        dx, dy, anchor = _PLACES[place]
        yield _text(dot.label, x + dx, y + dy, anchor, Markup('class="strength" ') + _colour(dot.method))


def _at(frame: _Frame, dot: Dot) -> tuple[float, float]:
    return frame.x(dot.gap[0] or 0.0), frame.y(dot.accuracy[0] or 0.0)


def _box(text: str, x: float, y: float, anchor: str) -> tuple[float, float, float, float]:
    left = x - (len(text) * _LETTER if anchor == "end" else 0.0)
    return left, y - _LINE + 3, left + len(text) * _LETTER, y + 3


def _meet(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
