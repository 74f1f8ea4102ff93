"""The flip test: one sensitive column set to each other value, everything else as it is. Would the model answer otherwise?

It finds direct use of the column only; what the model takes from columns that stand for it stays (docs/explanation.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from schemas.explanation_evidence import Estimate, FlipPair, FlipTest
from sluicegate.explanation.asking import ModelEvaluator, Outcome
from sluicegate.explanation.measures import mean_estimate, share_estimate
from sluicegate.explanation.table import Codes, EncodedTable, Floats
from sluicegate.stats.arrays import Ints
from sluicegate.stats.keys import numbered

#: (m, width) scores to (m,) places of the decided classes.
Decider = Callable[[Floats], npt.NDArray[np.int64]]


@dataclass(frozen=True, eq=False)
class Answered:
    """What is read off the answers.

    outcome : the explained score.  decide : with the place of the positive class; None for a regression.
    cluster : (n,) the key of each of the table's rows; None: each row by itself.
    """

    outcome: Outcome
    decide: tuple[Decider, int] | None
    cluster: Ints | None = None

    def keys_of(self, rows: npt.NDArray[Any]) -> Ints | None:
        """Of some of the table's rows, by places or a mask."""
        return None if self.cluster is None else numbered(self.cluster[rows])


@dataclass(frozen=True, eq=False)
class _Moved:
    """What changed, (m,) each: the score, whether the decision turned, and whether to or from the positive class."""

    change: Floats
    flipped: npt.NDArray[np.bool_]
    up: npt.NDArray[np.bool_]
    down: npt.NDArray[np.bool_]


def flip_test(
    ask: ModelEvaluator, table: EncodedTable, column: int, groups: Mapping[str, Codes], answered: Answered
) -> FlipTest:
    """The test of one column.

    groups : codes of the column that count as one value, by name; the first of them stands for it.
    """
    names, sets = list(groups), list(groups.values())
    before = np.full(len(table), -1)
    for place, codes in enumerate(sets):
        before[np.isin(table.codes[:, column], codes)] = place
    turned, largest, pairs = np.zeros(len(table), bool), np.zeros(len(table)), []
    for place, codes in enumerate(sets):
        rows = np.flatnonzero((before >= 0) & (before != place))
        moved = _moved(ask, table, rows, (column, int(codes[0])), answered)
        turned[rows] |= moved.flipped
        largest[rows] = np.maximum(largest[rows], np.abs(moved.change))
        for origin in np.unique(before[rows]).tolist():
            mine = before[rows] == origin
            pairs.append(_pair((names[origin], names[place]), moved, (mine, answered.keys_of(rows[mine])), answered))
    known = before >= 0
    cluster = answered.keys_of(known)
    share = share_estimate(turned[known], cluster) if answered.decide else None
    change = mean_estimate(largest[known], cluster)
    return FlipTest(table.names[column], True, tuple(names), int(known.sum()), share, change, tuple(pairs))


def _moved(
    ask: ModelEvaluator, table: EncodedTable, rows: npt.NDArray[np.int64], to: tuple[int, int], answered: Answered
) -> _Moved:
    codes = table.codes[rows].copy()
    codes[:, to[0]] = to[1]
    was, now = ask(table.codes[rows]), ask(codes)
    change = answered.outcome(now, rows) - answered.outcome(was, rows)
    if answered.decide is None:
        return _Moved(change, *(np.zeros(len(rows), bool) for _ in range(3)))
    decide, positive = answered.decide
    first, then = decide(was), decide(now)
    flipped = first != then
    return _Moved(change, flipped, flipped & (then == positive), flipped & (first == positive))


def _pair(
    names: tuple[str, str], moved: _Moved, chosen: tuple[npt.NDArray[np.bool_], Ints | None], answered: Answered
) -> FlipPair:
    """Chosen : which of the rows that were moved, and their keys."""
    rows, cluster = chosen
    count, change = int(rows.sum()), mean_estimate(moved.change[rows], cluster)
    if answered.decide is None:
        return FlipPair(*names, count, change, None)
    share: Estimate = share_estimate(moved.flipped[rows], cluster)
    return FlipPair(*names, count, change, share, float(moved.up[rows].mean()), float(moved.down[rows].mean()))
