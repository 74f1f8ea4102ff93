"""The fewest changes to a row that lead to another decision, made of values that occur, within what may change.

Start: the nearest rows that were decided otherwise (nearest unlike neighbours, Keane & Smyth 2020, ICCBR), of which the
row takes over every value it may. Then changes are taken back one by one while the decision stays turned. Beside that,
every single change to a usual value is tried, so that one change is found where one is enough and usual.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sluicegate.explanation.asking import ModelEvaluator
from sluicegate.explanation.dependence import points
from sluicegate.explanation.table import Codes, EncodedColumn, EncodedTable, Floats

NEIGHBOURS = 5
STEPS_BACK = 8
#: Per request of counterfactuals; with many rows and columns fewer values and neighbours are tried.
QUESTIONS_FOR_SINGLES, QUESTIONS_FOR_NEIGHBOURS = 60_000, 100_000
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Rules:
    """What may change.

    frozen : columns that never do.  up, down : columns of numbers that change in one direction only.
    """

    frozen: frozenset[int] = frozenset()
    up: frozenset[int] = frozenset()
    down: frozenset[int] = frozenset()


def allowed(rules: Rules, columns: tuple[EncodedColumn, ...], before: Codes, after: Codes) -> Bools:
    """(m, k): whether each value may become the other. A missing value neither rises nor falls, so it stays."""
    may = np.ones(np.broadcast_shapes(before.shape, after.shape), bool)
    for j in rules.frozen:
        may[:, j] = False
    for j in rules.up | rules.down:
        # Codes of numbers are in the order of the numbers, and the missing one is last.
        risen = after[:, j] >= before[:, j] if j in rules.up else after[:, j] <= before[:, j]
        missing = columns[j].missing
        may[:, j] &= risen if missing is None else risen & (after[:, j] != missing) & (before[:, j] != missing)
    return may


class Unlike:
    """How far scores are on the other side of the decision that each row was given."""

    def __init__(self, decided: npt.NDArray[np.int64], threshold: float | None) -> None:
        self._decided, self._threshold = decided, threshold

    def __call__(self, scores: Floats, rows: npt.NDArray[np.int64]) -> Floats:
        """(m,): above 0 where the decision is another one. binary: `threshold` is set; else the highest score decides."""
        decided = self._decided[rows]
        if self._threshold is not None:
            over = scores[:, -1] - self._threshold
            # At the threshold a row counts as positive, hence the smallest float above 0.
            return np.where(decided == 0, np.where(over >= 0, over + np.finfo(float).tiny, over), -over)
        each = np.arange(len(scores))
        others = scores.copy()
        others[each, decided] = -np.inf
        best = others.argmax(axis=1)
        lead = others[each, best] - scores[each, decided]
        # Of equal scores the first class is decided for, as argmax does.
        return np.where((lead == 0) & (best < decided), np.finfo(float).tiny, lead)


@dataclass(frozen=True, eq=False)
class Search:
    """Where is looked.  table : rows whose values may be taken.  unlike : says when a decision has turned."""

    ask: ModelEvaluator
    table: EncodedTable
    unlike: Unlike
    rules: Rules


def find(search: Search, rows: Codes) -> list[Codes | None]:
    """For each row, the codes of its counterfactual, or None where none was found.

    rows : (m, k) codes; row i is number i of `search.unlike`.
    Of all candidates the one with the fewest changed columns is taken, then the one that is nearest.
    """
    candidates = [*_singles(search, rows), *_from_neighbours(search, rows)]
    best: list[Codes | None] = [None] * len(rows)
    costs: list[tuple[float, float]] = [(np.inf, np.inf)] * len(rows)
    for numbers, codes in candidates:
        apart = search.table.distances(codes, rows[numbers]).sum(axis=1)
        changed = (codes != rows[numbers]).sum(axis=1)
        for number, one, cost in zip(numbers.tolist(), codes, zip(changed.tolist(), apart.tolist(), strict=True),
                                     strict=True):  # fmt: skip
            if cost < costs[number]:
                best[number], costs[number] = one, cost
    return _shortened(search, rows, best)


_Found = tuple[npt.NDArray[np.int64], Codes]


def _turned(search: Search, codes: Codes, numbers: npt.NDArray[np.int64]) -> Floats:
    return search.unlike(search.ask(codes), numbers)


def _singles(search: Search, rows: Codes) -> Iterator[_Found]:
    """Every change of one column to a usual value that turns the decision."""
    k = len(search.table.columns)
    most = max(QUESTIONS_FOR_SINGLES // max(len(rows) * k, 1), 2)
    for j in range(k):
        grid = points(search.table, j)
        grid = grid[np.unique(np.linspace(0, len(grid) - 1, min(most, len(grid))).astype(np.int64))]
        codes = np.repeat(rows[:, None, :], len(grid), axis=1)
        codes[:, :, j] = grid
        codes, numbers = codes.reshape(-1, k), np.repeat(np.arange(len(rows)), len(grid))
        may = allowed(search.rules, search.table.columns, rows[numbers], codes)[:, j] & (
            codes[:, j] != rows[numbers, j]
        )
        codes, numbers = codes[may], numbers[may]
        if len(codes):
            turned = _turned(search, codes, numbers) > 0
            yield numbers[turned], codes[turned]


def _from_neighbours(search: Search, rows: Codes) -> Iterator[_Found]:
    """The nearest rows decided otherwise, with as many of their values taken back as the turned decision bears."""
    pool = search.table.codes
    most = min(max(QUESTIONS_FOR_NEIGHBOURS // max(2 * rows.size, 1), 1), NEIGHBOURS)
    pool_scores = search.ask(pool)
    codes, numbers = [], []
    for number, row in enumerate(rows):
        other = pool[search.unlike(pool_scores, np.full(len(pool), number)) > 0]
        mixed = np.where(allowed(search.rules, search.table.columns, row[None], other), other, row)
        apart = search.table.distances(mixed, np.broadcast_to(row, mixed.shape)).sum(axis=1)
        nearest = np.argsort(apart, kind="stable")[:most]
        codes.append(mixed[nearest])
        numbers.append(np.full(len(nearest), number))
    every, which = np.concatenate(codes), np.concatenate(numbers)
    if not len(every):
        return
    turned = _turned(search, every, which) > 0
    every, which = every[turned], which[turned]
    if len(every):
        yield which, _taken_back(search, rows[which], every, which)


def _taken_back(search: Search, before: Codes, after: Codes, numbers: npt.NDArray[np.int64]) -> Codes:
    """`after` with columns set back to `before`, those first that matter least, while the decision stays turned."""
    after = after.copy()
    m, k = after.shape
    single = np.repeat(after[:, None, :], k, axis=1)
    single[:, np.arange(k), np.arange(k)] = before
    margin = _turned(search, single.reshape(-1, k), np.repeat(numbers, k)).reshape(m, k)
    order = np.argsort(-margin, axis=1, kind="stable")
    while True:  # A column that was needed at first may be free once others are back.
        start = after.copy()
        for step in range(k):
            trial = after.copy()
            trial[np.arange(m), order[:, step]] = before[np.arange(m), order[:, step]]
            is_other = (trial != after).any(axis=1)
            if is_other.any():
                kept = np.zeros(m, bool)
                kept[is_other] = _turned(search, trial[is_other], numbers[is_other]) > 0
                after[kept] = trial[kept]
        if np.array_equal(start, after):
            break
    return after


def _shortened(search: Search, rows: Codes, found: list[Codes | None]) -> list[Codes | None]:
    """Each changed number moved back towards the row's own as far as the decision stays turned, then changes taken back."""
    numbers = np.array([i for i, one in enumerate(found) if one is not None], np.int64)
    if not len(numbers):
        return found
    after = np.stack([one for one in found if one is not None])
    for j, column in enumerate(search.table.columns):
        if column.is_number:
            _move_back(search, rows[numbers], after, numbers, j)
    after = _taken_back(search, rows[numbers], after, numbers)
    moved = dict(zip(numbers.tolist(), after, strict=True))
    return [moved.get(i) for i in range(len(found))]


def _move_back(search: Search, before: Codes, after: Codes, numbers: npt.NDArray[np.int64], j: int) -> None:
    """Changes column `j` of `after` in place: to the nearest of a few values between that keeps the decision turned."""
    missing = search.table.columns[j].missing
    is_moved = before[:, j] != after[:, j]
    if missing is not None:
        is_moved &= (before[:, j] != missing) & (after[:, j] != missing)
    which = np.flatnonzero(is_moved)
    if not len(which):
        return
    way = np.linspace(before[which, j], after[which, j], STEPS_BACK + 2)[1:].T.round().astype(np.int32)
    # One that rounds to the row's own value would be no change at all.
    way = np.where(way == before[which, j][:, None], after[which, j][:, None], way)
    trial = np.repeat(after[which][:, None, :], way.shape[1], axis=1)
    trial[:, :, j] = way
    each = np.repeat(numbers[which], way.shape[1])
    turned = (_turned(search, trial.reshape(-1, after.shape[1]), each) > 0).reshape(way.shape)
    # The last step is where it stands, which is turned.
    turned[:, -1] = True
    after[which, j] = way[np.arange(len(which)), turned.argmax(axis=1)]
