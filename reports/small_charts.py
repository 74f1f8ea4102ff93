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


def histogram(bins: Sequence[tuple[float, float, float]], scale: Scale, alt: str, css: str = "") -> Markup:
    """An SVG of (low, high, count) bins; the height is the density, because bins need not be equally wide.

    A bin without width (all values equal) is drawn as a thin bar.
    """
    least = (scale.high - scale.low) / 120 or 1.0
    finite = [b for b in bins if all(map(math.isfinite, b))]
    densities = [n / max(high - low, least) for low, high, n in finite]
    tallest = max(densities, default=0.0)
    path = "".join(_bar(b, d / tallest, scale) for b, d in zip(finite, densities, strict=True) if tallest and d > 0)
    return Markup(
        '<svg class="hist {}" viewBox="0 0 {:.0f} {:.0f}" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<title>{}</title><path d="{}"/></svg>'
    ).format(css, _WIDTH, _HEIGHT, alt, alt, path)


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
    parts: list[Markup] = []
    if mark.limit is not None:
        at = scale.at(mark.limit)
        parts.append(Markup('<line class="limit" x1="{0}%" x2="{0}%" y1="0" y2="100%"/>').format(at))
    if mark.low is not None and mark.high is not None:
        ends = (scale.at(mark.low), scale.at(mark.high))
        parts.append(Markup('<line class="interval" x1="{}%" x2="{}%" y1="50%" y2="50%"/>').format(*ends))
        parts += [Markup('<line class="interval" x1="{0}%" x2="{0}%" y1="30%" y2="70%"/>').format(e) for e in ends]
    if mark.baseline is not None:
        diamond = Markup(
            '<svg x="{}%" y="50%" overflow="visible"><path class="base" d="M-4.5 0L0-4.5 4.5 0 0 4.5Z"/></svg>'
        )
        parts.append(diamond.format(scale.at(mark.baseline)))
    if mark.value is not None:
        parts.append(Markup('<circle class="dot" cx="{}%" cy="50%" r="3.6"/>').format(scale.at(mark.value)))
    drawing = Markup("").join(parts)
    return Markup('<svg class="whisker {}" role="img" aria-label="{}"><title>{}</title>{}</svg>').format(
        css, alt, alt, drawing
    )
