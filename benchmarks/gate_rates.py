"""What is counted over many runs of a gate, and the search for the smallest thing that it finds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sluicegate.stats.limits import share_limits

#: How often something must be found, and how often either end of a share may miss.
FOUND, LEVEL = 0.9, 0.05


@dataclass(frozen=True)
class Rate:
    """Runs in which something happened.

    of : how many of what the gate is asked about (columns, limits, groups).  allowed : the share that is promised.
    at_least : whether the promise is a floor (what must be found) and no ceiling (what must not be refused).
    """

    what: str
    rows: int
    of: int
    runs: int
    hits: int
    allowed: float
    at_least: bool = False

    @property
    def share(self) -> float:
        return self.hits / self.runs

    @property
    def ends(self) -> tuple[float, float]:
        """Lower and upper 95 % end of the share, each by itself (exact)."""
        low, high = share_limits(np.array(self.share), np.array(float(self.runs)), LEVEL)
        return float(low), float(high)

    @property
    def promise(self) -> str:
        """Whether the runs show that the promise is kept or broken; "open" where they tell neither."""
        low, high = self.ends
        is_kept, is_broken = (low >= self.allowed, high < self.allowed) if self.at_least else (
            high <= self.allowed, low > self.allowed)  # fmt: skip
        return "kept" if is_kept else "BROKEN" if is_broken else "open"


@dataclass(frozen=True)
class Smallest:
    """The smallest size that was found in FOUND of the runs; None: none of those tried was.

    hits : runs in which it was found at that size, or at the largest.
    """

    what: str
    rows: int
    of: int
    runs: int
    size: float | None
    hits: int

    @property
    def low(self) -> float:
        """Lower 95 % end of the share that finds it (exact)."""
        return float(share_limits(np.array(self.hits / self.runs), np.array(float(self.runs)), LEVEL)[0])


#: What works out one line of a table, or some.
Cell = Callable[[], Rate | Smallest | list[Rate]]


def smallest(
    what: str, rows: int, of: int, runs: int, sizes: Sequence[float], hits_at: Callable[[float], int]
) -> Smallest:
    """By halving, for what is larger is found more often.  sizes : to try, the smallest first."""
    tried: dict[int, int] = {}

    def is_found(place: int) -> bool:
        tried[place] = hits_at(sizes[place])
        return tried[place] >= FOUND * runs

    if not is_found(len(sizes) - 1):
        return Smallest(what, rows, of, runs, None, tried[len(sizes) - 1])
    low, high = 0, len(sizes) - 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if is_found(middle) else (middle + 1, high)
    return Smallest(what, rows, of, runs, sizes[high], tried[high])
