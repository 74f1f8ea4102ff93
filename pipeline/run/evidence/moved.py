"""Columns that the data gate found to differ, both sides over the same bins: the picture beside the refusal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

from components.data_gate import comparing
from components.data_gate.comparing import Compared
from components.data_gate.policy import DRIFT, SKEW
from schemas.distributions import Numbers, Values
from schemas.evidence import Moved
from schemas.verdict import Measurement, Status
from sluicegate.stats.arrays import Floats
from sluicegate.stats.distances import cumulative

#: More pictures than this nobody looks at; the verdict lists every column.
MOST_COLUMNS = 24
BINS, MOST_VALUES = 16, 10
#: Numbers further out than this share of either side share the outermost bins.
TAIL = 0.002


def outcome(m: Measurement) -> str:
    """What a report says of a measurement of the data gate."""
    if m.reason == "by_chance":
        return "CHANCE"
    return "WARNED" if m.status is Status.FAILED and not m.gates else m.status.value


def moved(pairs: Sequence[Compared], measurements: Iterable[Measurement]) -> tuple[Moved, ...]:
    """One per column and pair of splits, in the gate's order."""
    found: dict[tuple[str, str], Moved] = {}
    for m in measurements:
        side, (split, _, column) = m.name.partition("_")[0], m.slice.partition(": ")
        pair = next((p for p in pairs if (p.side, p.split) == (side, split)), None)
        if side not in (SKEW, DRIFT) or m.status is not Status.FAILED or pair is None or (side, m.slice) in found:
            continue
        bins = _bins(pair, column)
        if bins and len(found) < MOST_COLUMNS:
            labels, before, now = bins
            names = (
                pair.before.removeprefix("in ").removeprefix("the "),
                f"{pair.split} now" if side == DRIFT else pair.split,
            )
            found[side, m.slice] = Moved(column, m.detail, outcome(m), labels, before, now, *names)
    return tuple(found.values())


Bins = tuple[tuple[str, ...], tuple[float, ...], tuple[float, ...]]


def _bins(pair: Compared, column: str) -> Bins | None:
    """Labels, and the shares of both sides."""
    sides = comparing.samples(pair, column)
    old, new = (side.distribution for side in sides) if sides else (None, None)
    if isinstance(old, Numbers) and isinstance(new, Numbers) and old.present and new.present:
        return _of_numbers(old, new)
    if isinstance(old, Values) and isinstance(new, Values) and old.present and new.present:
        return _of_values(old, new)
    return None


def _of_numbers(old: Numbers, new: Numbers) -> Bins:
    ends = [_inner(side) for side in (old, new)]
    low, high = min(end[0] for end in ends), max(end[1] for end in ends)
    if not low < high:
        high = low + 1.0
    edges = np.linspace(low, high, BINS + 1)
    labels = tuple(f"{a:.4g} to {b:.4g}" for a, b in pairwise(edges))
    return labels, _shares(old, edges), _shares(new, edges)


def _inner(side: Numbers) -> tuple[float, float]:
    share = side.upto / side.present
    points = side.points[np.isfinite(side.points)]
    if not len(points):
        return 0.0, 1.0
    low = side.points[min(int(np.searchsorted(share, TAIL)), len(share) - 1)]
    high = side.points[min(int(np.searchsorted(share, 1 - TAIL)), len(share) - 1)]
    return float(max(low, points[0])), float(min(high, points[-1]))


def _shares(side: Numbers, edges: Floats) -> tuple[float, ...]:
    low, high = cumulative(side, edges[1:-1], before=True)
    upto = np.concatenate([[0.0], np.clip((low + high) / 2, 0, 1), [1.0]])
    return tuple(np.diff(upto).tolist())


def _of_values(old: Values, new: Values) -> Bins:
    shares = {name: [count / old.present, 0.0] for name, count in zip(old.names, old.counts.tolist(), strict=True)}
    for name, count in zip(new.names, new.counts.tolist(), strict=True):
        shares.setdefault(name, [0.0, 0.0])[1] = count / new.present
    largest = sorted(shares, key=lambda name: -max(shares[name]))[:MOST_VALUES]
    before, now = (tuple(shares[name][side] for name in largest) for side in (0, 1))
    return tuple(largest), before, now
