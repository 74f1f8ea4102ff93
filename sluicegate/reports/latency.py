"""How long the answers of a server took, in the few numbers that a table has room for."""

from __future__ import annotations

import math
from dataclasses import dataclass

from schemas.evidence import WayOfAsking


@dataclass(frozen=True)
class Latency:
    """Milliseconds; None where nothing was answered.  p50, p99 : nearest rank, as the gate judges them."""

    way: WayOfAsking
    p50: float | None = None
    p99: float | None = None
    slowest: float | None = None


def of_way(way: WayOfAsking) -> Latency:
    """The figures of one protocol and signature.

    >>> found = of_way(WayOfAsking("REST", "serving_raw", 4, 4, (4.0, 1.0, 3.0, 2.0)))
    >>> found.p50, found.p99, found.slowest
    (2.0, 4.0, 4.0)
    """
    ordered = sorted(way.latencies_ms)
    if not ordered:
        return Latency(way)
    p50, p99 = (ordered[math.ceil(share * len(ordered)) - 1] for share in (0.5, 0.99))
    return Latency(way, p50, p99, ordered[-1])
