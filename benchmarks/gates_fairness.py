"""How often the fairness gate refuses a fair model, and the smallest gap and rise it finds, by its own intervals and levels.

Groups of uneven sizes, of one column or of two and their intersection; a model and the released one, each with one rate of
selection among the positives and one among the negatives. What is drawn are the counts of group, label and both decisions, which is
all that the gate judges; many runs at once. Where rows have keys, the rows are made and asked the long way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from benchmarks.gate_rates import Cell, Rate, Smallest, smallest
from schemas.sensitive import SensitiveColumn
from schemas.verdict import Status
from sluicegate.fairness import bounds, changes, groups, paired
from sluicegate.fairness.counts import JointCounts
from sluicegate.fairness.estimates import Floors, enough, of_shares
from sluicegate.fairness.gaps import MEASURES, Measure
from sluicegate.fairness.policy import Gap, Limit, Policy
from sluicegate.fairness.questions import KNOWN, TAKEN, MeasuredGap, questions
from sluicegate.fairness.rates import rate
from sluicegate.fairness.resampling import Resampled
from sluicegate.fairness.rows import Rows, groupings, one_class
from sluicegate.stats.arrays import Floats, Ints, Mask
from sluicegate.stats.interval import Interval, Levels
from sluicegate.stats.judge import TOLERANCE, answer

SIZES = (300, 1000, 10_000, 100_000)
#: Of models that are fair, and of such as are as fair as the released one, so many may be refused.
ALLOWED = 0.05
BASE_RATE, TPR, FPR = 0.3, 0.7, 0.15
#: Share of rows where two trainings on the same rows look at the same coin.
ALIKE = 0.9
ROWS_OF_A_KEY = 5
#: Weights, and the share of rows that have each.
WEIGHTS = {"plain": ((1.0, 1.0),), "weights": ((1.0, 0.8), (4.0, 0.2)), "keys": ((1.0, 1.0),)}
#: Shares of the groups of each column.
COLUMNS: Mapping[str, tuple[tuple[str, tuple[float, ...]], ...]] = {
    "two groups": (("a", (0.6, 0.4)),),
    "ten groups": (("a", (0.3, 0.2, 0.15, 0.1, 0.08, 0.06, 0.04, 0.03, 0.02, 0.02)),),
    "2 x 5 groups": (("a", (0.6, 0.4)), ("b", (0.5, 0.2, 0.15, 0.1, 0.05))),
}
ASKED: tuple[Gap, ...] = (
    "demographic_parity_difference",
    "equal_opportunity_difference",
    "fpr_difference",
    "predictive_parity_difference",
)
LIMIT, RISE = 0.1, 0.02
STEPS = (0.02, 0.04, 0.06, 0.08, 0.1, 0.13, 0.16, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7)
POLICY = Policy()
FLOORS = Floors(POLICY.min_rows, POLICY.min_positives)


@dataclass(frozen=True)
class World:
    """columns : of COLUMNS.  kind : of WEIGHTS.  gap : by how much the true positive rate of the second group of the first column is lower.

    gap_before : of the released model.
    """

    rows: int
    columns: str = "two groups"
    kind: str = "plain"
    gap: float = 0.0
    gap_before: float = 0.0

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in COLUMNS[self.columns])

    @property
    def sizes(self) -> tuple[int, ...]:
        return tuple(len(shares) for _, shares in COLUMNS[self.columns])

    def drawn(self, rng: np.random.Generator, runs: int) -> Ints:
        """(runs, *groups of each column, labels, decisions, decisions before, weights) rows; of keys where rows have them."""
        shares = np.ones(())
        for _, of_column in COLUMNS[self.columns]:
            shares = np.multiply.outer(shares, np.array(of_column))
        cells = shares[..., None, None, None] * np.stack(
            [self._decided(place) for place in np.ndindex(self.sizes)]
        ).reshape(*self.sizes, 2, 2, 2)
        cells = np.multiply.outer(cells, np.array([share for _, share in WEIGHTS[self.kind]]))
        number = self.rows // ROWS_OF_A_KEY if self.kind == "keys" else self.rows
        found: Ints = rng.multinomial(number, cells.ravel() / cells.sum(), runs).reshape(runs, *cells.shape)
        return found

    def _decided(self, group: tuple[int, ...]) -> Floats:
        """(labels, decisions, decisions before) shares in a group."""
        found = np.zeros((2, 2, 2))
        for label, share in enumerate((1 - BASE_RATE, BASE_RATE)):
            mine, before = (TPR - gap * (group[0] == 1) if label else FPR for gap in (self.gap, self.gap_before))
            same = np.array(
                [[1 - max(mine, before), max(before - mine, 0)], [max(mine - before, 0), min(mine, before)]]
            )
            found[label] = share * (ALIKE * same + (1 - ALIKE) * np.outer([1 - mine, mine], [1 - before, before]))
        return found


def of_every_column(world: World, at_most: float | None = None, max_rise: float | None = None) -> list[Limit]:
    """Every measure of each column, and of their intersection."""
    columns = [(name,) for name in world.names] + ([world.names] if len(world.names) > 1 else [])
    return [Limit(measure, of, at_most=at_most, max_rise=max_rise) for of in columns for measure in ASKED]


@dataclass(frozen=True, eq=False)
class _Question:
    """One limit in many runs.  joint : counts of its groups."""

    limit: Limit
    joint: JointCounts

    @property
    def measure(self) -> Measure:
        return MEASURES[self.limit.measure]

    def judged(self, name: str) -> Mask:
        """(runs, groups) as Grouping.judged."""
        counts = self.joint.candidate()
        found = rate(counts, name)
        return enough(counts.rows.sum((-1, -2)), found.rows, FLOORS) & ~np.isnan(found.value)

    @property
    def is_answerable(self) -> Mask:
        """(runs,) whether two groups can be judged and the model selects somebody in them."""
        [name] = self.measure.of
        judged = self.judged(name)
        selected = self.joint.candidate().weight[..., TAKEN.get(name, KNOWN), 1].sum(-1)
        return (judged.sum(-1) >= 2) & ((selected * judged).sum(-1) > 0)

    def only(self, some: Mask) -> _Question:
        tables = (self.joint.rows, self.joint.weight, self.joint.weight2)
        return _Question(self.limit, JointCounts(*(table[some] for table in tables)))

    def refuses(self, near: float) -> Mask:
        """(runs,) whether the near end at this level is beyond the limit."""
        levels, [name] = Levels(near, POLICY.level), self.measure.of
        judged, everybody = self.judged(name), np.ones(self.joint.rows.shape[-4], bool)
        if self.limit.max_rise is None:
            estimate = of_shares(self.joint.candidate(), name, judged)
            found, limit = bounds.interval(self.measure, {name: estimate}, everybody, levels), self.limit.at_most
        else:
            made = [changes.of_shares(self.joint, name, judged)]
            found, limit = paired.interval(self.measure, made, everybody, levels), self.limit.max_rise
            changed = self.joint.rows[..., [0, 1], [1, 0]].sum((-1, -2)) * judged
            same = ~changed.any(-1)
            found = Interval(np.where(same, 0.0, found.low), np.where(same, 0.0, found.high))
        assert limit is not None
        return (
            np.isfinite(found.low + found.high)
            & (found.low <= found.high + TOLERANCE)
            & (found.low > limit + TOLERANCE)
        )


def refused_at_once(world: World, tables: Ints, limits: Sequence[Limit]) -> Mask:
    """(runs,) whether the gate refuses each: it does where the first of Holm's steps refuses any question."""
    asked = [_Question(limit, _joint(world, tables, limit.of)) for limit in limits]
    answerable = np.stack([one.is_answerable for one in asked])
    number, found = answerable.sum(0), np.zeros(len(tables), bool)
    for together in np.unique(number[number > 0]):
        for one, can in zip(asked, answerable, strict=True):
            some = can & (number == together)
            if some.any():
                found[some] |= one.only(some).refuses(POLICY.level / int(together))
    return found


def _joint(world: World, tables: Ints, of: Sequence[str]) -> JointCounts:
    """Counts of the groups of some columns; labels that are not known have none."""
    left_out = tuple(1 + place for place, name in enumerate(world.names) if name not in of)
    rows = tables.sum(left_out).reshape(len(tables), -1, *tables.shape[-4:])
    rows = np.concatenate([rows, np.zeros_like(rows[:, :, :1])], 2).astype(np.float64)
    weight = np.array([weight for weight, _ in WEIGHTS[world.kind]])
    return JointCounts(rows.sum(-1), rows @ weight, rows @ weight**2)


def refused_long(world: World, table: Ints, limits: Sequence[Limit]) -> bool:
    """The same of one run by all of the gate's own ways: from rows to the judge's answers."""
    rows = _rows(world, table)
    policy = Policy(sensitive=tuple(SensitiveColumn(one) for one in rows.columns), limits=tuple(limits))
    part = one_class(rows, "yes", groups.intersect(rows.sensitive))
    made = {one.columns: one for one in groupings(part, list(dict.fromkeys(one.of for one in limits)), FLOORS)}
    measured = MeasuredGap(made, Resampled({}, {}), is_first=False, has_baseline=True)
    asked = [replace(question, seeks_rows=False) for question in questions(policy, policy.limits, measured)]
    answers = answer(asked, policy.level)
    return any(one.measurement.status is Status.FAILED and one.measurement.gates for one in answers.values())


def _rows(world: World, table: Ints) -> Rows:
    """Rows with these counts."""
    copies = ROWS_OF_A_KEY if world.kind == "keys" else 1
    places = np.repeat(np.stack(list(np.ndindex(table.shape))), table.ravel(), axis=0).repeat(copies, axis=0)
    *codes, label, mine, before, weight = places.T
    sensitive = tuple(
        groups.of_texts(name, code, [f"{name}{i}" for i in range(size)])
        for name, size, code in zip(world.names, world.sizes, codes, strict=True)
    )
    weights = np.array([one for one, _ in WEIGHTS[world.kind]])[weight] if world.kind == "weights" else None
    cluster = np.arange(len(label)) // copies if copies > 1 else None
    scores = np.stack([1 - mine, mine], 1).astype(np.float64)
    return Rows("binary", ("no", "yes"), label, mine, scores, sensitive, weights, before, scores, 1, cluster=cluster)


def hits(world: World, limits: Sequence[Limit], runs: int, seed: int = 0) -> int:
    """Runs that refuse."""
    tables = world.drawn(np.random.default_rng(seed), runs)
    if world.kind == "keys":
        return sum(refused_long(world, table, limits) for table in tables)
    return int(refused_at_once(world, tables, limits).sum())


def refused(what: str, world: World, limits: Sequence[Limit], runs: int) -> Rate:
    """Of models that should not be."""
    return Rate(
        f"{what}, {world.columns}, {world.kind}", world.rows, len(limits), runs, hits(world, limits, runs), ALLOWED
    )


def smallest_gap(what: str, world: World, limits: Sequence[Limit], runs: int) -> Smallest:
    """Of the second group's true positive rate; the released model has none."""
    return smallest(
        f"{what}, {world.columns}", world.rows, len(limits), runs, STEPS,
        lambda size: hits(replace(world, gap=size), limits, runs, seed=1),
    )  # fmt: skip


def cells(scale: float) -> Iterator[tuple[str, list[Cell]]]:
    """What is printed: a title, and what works out its lines.  scale : of the number of runs."""

    def runs(wanted: int) -> int:
        return max(int(scale * wanted), 20)

    worlds = [World(rows, columns, kind) for columns in COLUMNS for kind in ("plain", "weights") for rows in SIZES]
    keyed = [World(rows, "two groups", "keys") for rows in SIZES[:3]]
    sizes = [(world, runs(2000)) for world in worlds] + [(world, runs(200)) for world in keyed]
    yield (
        "fairness gate: runs that refuse a fair model",
        [
            partial(refused, "limits of 0", world, of_every_column(world, at_most=0.0), number)
            for world, number in sizes
        ],
    )
    yield "fairness gate: runs that refuse a retrained model as fair as the released one", [
        partial(refused, f"gap {gap:g}, rises of 0", replace(world, gap=gap, gap_before=gap), of_every_column(world, max_rise=0.0), runs(1000))
        for world in worlds for gap in (0.0, 0.1)
    ]  # fmt: skip
    yield (
        "fairness gate: the smallest gap of true positive rates found in 9 of 10 runs",
        [
            partial(smallest_gap, what, world, of_every_column(world, **{limit: at}), runs(400))
            for what, limit, at in (("at most 0.1", "at_most", LIMIT), ("rise of at most 0.02", "max_rise", RISE))
            for world in (World(rows, columns) for columns in COLUMNS for rows in SIZES)
        ],
    )
