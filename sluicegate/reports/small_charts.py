"""Tiny charts that stand inside tables and cards: a few SVG shapes each, so that 200 columns stay cheap."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

_WIDTH = 240.0
_HEIGHT = 40.0


@dataclass(frozen=True)
class Scale:
    """The range of values that a column of small charts shares."""

    low: float
    high: float

    def at(self, value: float) -> float:
        """Position of `value` in percent of the width, kept within it."""
        share = (value - self.low) / (self.high - self.low) if self.high > self.low else 0.5
        return round(min(max(share, 0.0), 1.0) * 100, 2)

    def ticks(self) -> tuple[float, ...]:
        """Three to six round numbers within the range, in steps of 1, 2 or 5 times a power of ten.

        >>> Scale(0.83, 1.01).ticks()
        (0.85, 0.9, 0.95, 1.0)
        """
        span = self.high - self.low
        if span <= 0:
            return (self.low,)
        power = 10.0 ** math.floor(math.log10(span / 3))
        step = next(f * power for f in (5, 2, 1) if f * power <= span / 3)
        first = math.ceil(self.low / step)
        digits = max(0, 1 - math.floor(math.log10(step)))
        return tuple(round(i * step, digits) for i in range(first, math.floor(self.high / step) + 1))


def scale_of(values: Sequence[float | None], margin: float = 0.04) -> Scale:
    """The range that holds all of `values`, with a margin (share of the range) on both sides.

    >>> scale_of([0.5, None, 1.5], margin=0.0)
    Scale(low=0.5, high=1.5)
    """
    finite = [v for v in values if v is not None and math.isfinite(v)]
    if not finite:
        return Scale(0.0, 1.0)
    low, high = min(finite), max(finite)
    pad = (high - low) * margin if high > low else max(abs(low) * margin, 0.01)
    return Scale(low - pad, high + pad)


def histogram(
    bins: Sequence[tuple[float, float, float]], scale: Scale, alt: str, css: str = "", mark: float | None = None
) -> Markup:
    """An SVG of (low, high, count) bins; the height is the density, because bins need not be equally wide.

    A bin without width (all values equal) is drawn as a thin bar.  mark : a value to draw a line at.
    """
    least = (scale.high - scale.low) / 120 or 1.0
    finite = [b for b in bins if all(map(math.isfinite, b))]
    densities = [n / max(high - low, least) for low, high, n in finite]
    tallest = max(densities, default=0.0)
    path = "".join(_bar(b, d / tallest, scale) for b, d in zip(finite, densities, strict=True) if tallest and d > 0)
    at = Markup('<path class="mark" d="M{:.1f} 0V{:.0f}"/>')
    line = at.format(scale.at(mark) / 100 * _WIDTH, _HEIGHT) if mark is not None else Markup("")
    return Markup(
        '<svg class="hist {}" viewBox="0 0 {:.0f} {:.0f}" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<title>{}</title><path d="{}"/>{}</svg>'
    ).format(css, _WIDTH, _HEIGHT, alt, alt, path, line)


def _bar(one: tuple[float, float, float], share: float, scale: Scale) -> str:
    left, right = (scale.at(edge) / 100 * _WIDTH for edge in one[:2])
    right = max(right - 0.6, left + 1.2)
    # A bin that holds anything at all must be seen, however tall its neighbours are.
    top = _HEIGHT - max(share * (_HEIGHT - 2), 1.0)
    return f"M{left:.1f} {_HEIGHT:.0f}V{top:.1f}H{right:.1f}V{_HEIGHT:.0f}Z"


@dataclass(frozen=True)
class Mark:
    """What a whisker shows: the value, the ends of its interval, the released model's value and the limit."""

    value: float | None
    low: float | None = None
    high: float | None = None
    baseline: float | None = None
    limit: float | None = None

    @property
    def values(self) -> tuple[float | None, ...]:
        return (self.value, self.low, self.high, self.baseline, self.limit)

    def with_limit(self, limit: float | None) -> Mark:
        """The same mark with a reference line."""
        return replace(self, limit=limit)


def whisker(mark: Mark, scale: Scale, alt: str, css: str = "") -> Markup:
    """An SVG line with a filled dot (value), a bar (interval), a hollow diamond (baseline) and a tick (limit)."""
    return _svg(_marks(mark, scale), alt, css)


def limit_bar(mark: Mark, scale: Scale, direction: str, alt: str, css: str = "") -> Markup:
    """A whisker over a ground that is shaded where the limit refuses.  direction : "at most" or "at least"."""
    if mark.limit is None:
        return whisker(mark, scale, alt, css)
    at = scale.at(mark.limit)
    left, width = (at, 100 - at) if direction == "at most" else (0.0, at)
    ground = Markup('<rect class="beyond" x="{}%" y="0" width="{:.2f}%" height="100%"/>').format(left, width)
    return _svg(ground + _marks(mark, scale), alt, css)


def signed_bar(mark: Mark, scale: Scale, alt: str, css: str = "") -> Markup:
    """An SVG bar from 0 to the value, to either side, with its interval. `scale` holds 0."""
    zero = Markup('<line class="zero" x1="{0}%" x2="{0}%" y1="0" y2="100%"/>').format(scale.at(0.0))
    if mark.value is None:
        return _svg(zero, alt, css)
    left, right = sorted((scale.at(0.0), scale.at(mark.value)))
    side = "up" if mark.value >= 0 else "down"
    bar = Markup('<rect class="{}" x="{}%" y="22%" width="{:.2f}%" height="56%"/>').format(side, left, right - left)
    return _svg(bar + zero + _interval(mark, scale), alt, css)


def _marks(mark: Mark, scale: Scale) -> Markup:
    parts: list[Markup] = []
    if mark.limit is not None:
        at = scale.at(mark.limit)
        parts.append(Markup('<line class="limit" x1="{0}%" x2="{0}%" y1="0" y2="100%"/>').format(at))
    parts.append(_interval(mark, scale))
    if mark.baseline is not None:
        diamond = Markup(
            '<svg x="{}%" y="50%" overflow="visible"><path class="base" d="M-4.5 0L0-4.5 4.5 0 0 4.5Z"/></svg>'
        )
        parts.append(diamond.format(scale.at(mark.baseline)))
    if mark.value is not None:
        parts.append(Markup('<circle class="dot" cx="{}%" cy="50%" r="3.6"/>').format(scale.at(mark.value)))
    return Markup("").join(parts)


def _interval(mark: Mark, scale: Scale) -> Markup:
    if mark.low is None or mark.high is None:
        return Markup("")
    ends = (scale.at(mark.low), scale.at(mark.high))
    line = Markup('<line class="interval" x1="{}%" x2="{}%" y1="50%" y2="50%"/>').format(*ends)
    caps = [Markup('<line class="interval" x1="{0}%" x2="{0}%" y1="30%" y2="70%"/>').format(e) for e in ends]
    return Markup("").join([line, *caps])


def _svg(drawing: Markup, alt: str, css: str) -> Markup:
    return Markup('<svg class="whisker {}" role="img" aria-label="{}"><title>{}</title>{}</svg>').format(
        css, alt, alt, drawing
    )
