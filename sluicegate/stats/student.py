"""Quantiles of Student's t distribution, also for few and fractional degrees of freedom, without scipy."""

from __future__ import annotations

import math

from sluicegate.stats.limits import normal_quantile


def quantile(level: float, freedom: float) -> float:
    """The value that is exceeded with probability `level` (below a half); infinite for a freedom below 1.

    Hill 1970, Commun. ACM 13:619 (algorithm 396): right to five digits and more from 3 degrees on; 1 and 2 are exact, between them the
    quantile is taken for the lower one, which is the wider.

    >>> [round(quantile(0.025, freedom), 3) for freedom in (1, 2, 5, 9, 1e6)]
    [12.706, 4.303, 2.571, 2.262, 1.96]
    """
    if not freedom >= 1:
        return math.inf
    if freedom < 2:
        return 1 / math.tan(math.pi * level)
    if freedom < 3:
        return math.sqrt(2 / (4 * level * (1 - level)) - 2) if level < 0.5 else 0.0
    a = 1 / (freedom - 0.5)
    b = 48 / (a * a)
    c = ((20700 * a / b - 98) * a - 16) * a + 96.36
    d = ((94.5 / (b + c) - 3) / b + 1) * math.sqrt(a * math.pi / 2) * freedom
    y = (2 * level * d) ** (2 / freedom)
    found = _near_normal(level, freedom, (a, b, c, d)) if y > 0.05 + a else _in_the_tail(y, freedom, d)
    return math.sqrt(freedom * found)


def _near_normal(level: float, freedom: float, parts: tuple[float, float, float, float]) -> float:
    a, b, c, d = parts
    x = float(normal_quantile(level))
    y = x * x
    if freedom < 5:
        c += 0.3 * (freedom - 4.5) * (x + 0.6)
    c = (((0.05 * d * x - 5) * x - 7) * x - 2) * x + b + c
    y = (((((0.4 * y + 6.3) * y + 36) * y + 94.5) / c - y - 3) / b + 1) * x
    return math.expm1(a * y * y)


def _in_the_tail(y: float, freedom: float, d: float) -> float:
    inner = 1 / (((freedom + 6) / (freedom * y) - 0.089 * d - 0.822) * (freedom + 2) * 3) + 0.5 / (freedom + 4)
    return (inner * y - 1) * (freedom + 1) / (freedom + 2) + 1 / y
