"""How often the data gate refuses honest data, and the smallest shift and leak that it finds, by its own code."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from statistics import NormalDist

import numpy as np

from benchmarks.gate_families import FAMILIES, Columns, Family, Rng, of_counts, of_quantiles
from benchmarks.gate_rates import FOUND, Cell, Rate, Smallest, smallest
from components.data_gate import comparing
from components.data_gate.core import ALPHA, Released
from components.data_gate.policy import Policy
from schemas.distributions import Distribution, Numbers, SplitDistributions, Values
from schemas.leaks import Alone
from sluicegate.stats import leaks
from sluicegate.stats.arrays import Floats, Ints, Mask

LIMIT = 0.1
RELEASED = Released(1, "r", is_comparable=True)
POLICY = Policy()
SIZES = (300, 1000, 10_000, 100_000)
#: Of a leak, the highest last.
AREAS = (0.995, 0.996, 0.997, 0.998, 0.999, 0.9999)
STEPS = (0.01, 0.02, 0.03, 0.05, 0.08, 0.1, 0.13, 0.16, 0.2, 0.25, 0.3, 0.4, 0.5, 0.7, 1.0)


def refuses(old: SplitDistributions, new: SplitDistributions, limit: float, of: int | None = None) -> bool:
    """Whether drift between the two is refused, by the gate's own questions at its own level.

    of : questions of the run that these are some of; None: they are all.
    """
    limits = dict.fromkeys(new.columns, limit)
    asked = comparing.questions(comparing.drift(new, old, RELEASED), limits)
    share = 1.0 if of is None else len(asked) / of
    return any(m.gates and m.status.value == "FAILED" for m in comparing.judged(asked, POLICY, share))


@dataclass(frozen=True, eq=False)
class Pairs:
    """The columns of one family in several runs, before and now.  run : (columns,) which run each belongs to."""

    old: Columns
    new: Columns
    run: Ints


@dataclass(frozen=True, eq=False)
class Runs:
    """Runs of the data gate on two samples of one world.  worth : of their rows, what the least of the families' is."""

    number: int
    rows: int
    worth: float
    pairs: tuple[Pairs, ...]

    @classmethod
    def draw(cls, rng: Rng, families: Sequence[Family], rows: int, columns: int, number: int) -> Runs:
        """So many columns in each run, from the families in turn."""
        pairs = []
        for place, family in enumerate(families[:columns]):
            each = len(range(place, columns, len(families)))
            old, new = (family.draw(rng, rows, each * number) for _ in range(2))
            pairs.append(Pairs(old, new, np.repeat(np.arange(number), each)))
        return cls(number, rows, min(family.worth for family in families), tuple(pairs))

    def refused(self, limit: float, among: Mask | None = None) -> Mask:
        """(number,) whether the gate refuses each: it does where the first of Holm's steps refuses any question.

        That step's level is shared by all questions of a run, so a column can be asked by itself at it; and only columns that are
        as far apart as could be refused need be asked.

        among : runs to ask; None: all.
        """
        if among is not None and not among.any():
            return among
        asked = np.zeros(self.number)
        for pair in self.pairs:
            asked += np.bincount(pair.run, 1 + pair.old.is_watched(pair.new), self.number)
        found = np.zeros(self.number, bool)
        for pair in self.pairs:
            level = (ALPHA / asked)[pair.run]
            for place in np.flatnonzero(pair.old.may_move(pair.new, limit, level, self.worth)):
                run = pair.run[place]
                if found[run] or not (among is None or among[run]):
                    continue
                found[run] = refuses(
                    self._only(pair.old, int(place)), self._only(pair.new, int(place)), limit, int(asked[run])
                )
        return found

    def _only(self, columns: Columns, place: int) -> SplitDistributions:
        return SplitDistributions(self.rows, self.rows * self.worth, columns={"x": columns.column(place)})

    def whole(self, run: int) -> tuple[SplitDistributions, SplitDistributions]:
        """All columns of one run, as the gate reads them: the long way."""
        old: dict[str, Distribution] = {}
        new: dict[str, Distribution] = {}
        for pair in self.pairs:
            for place in np.flatnonzero(pair.run == run):
                name = f"c{len(old)}"
                old[name], new[name] = pair.old.column(int(place)), pair.new.column(int(place))
        one, other = (SplitDistributions(self.rows, self.rows * self.worth, columns=columns) for columns in (old, new))
        return one, other


#: Columns that are drawn at once: more would fill the memory.
AT_ONCE = 4000


def honest(
    families: Sequence[Family], rows: int, columns: int, limits: Sequence[float], runs: int, seed: int = 0
) -> list[Rate]:
    """Two samples of one world, so many columns each; the same runs under every limit.

    limits : 0 is the hardest there is, because whatever noise makes lies beyond it.
    """
    rng, hits = np.random.default_rng(seed), dict.fromkeys(limits, 0)
    at_once = max(AT_ONCE // columns, 1)
    for began in range(0, runs, at_once):
        drawn = Runs.draw(rng, families, rows, columns, min(at_once, runs - began))
        refused = None
        for limit in sorted(limits):
            # What a limit lets pass a larger one lets pass as well.
            refused = drawn.refused(limit, refused)
            hits[limit] += int(refused.sum())
    name = families[0].name if len(families) == 1 else "all families"
    return [Rate(f"{name}, limit {limit:g}", rows, columns, runs, found, ALPHA) for limit, found in hits.items()]


def at_the_limit(rows: int, columns: int, runs: int, seed: int = 0) -> Rate:
    """Every column is as far away as is allowed: shares by LIMIT, a value of one row in twenty by half."""
    rng = np.random.default_rng(seed)
    moved = np.array([0.5 - LIMIT, 0.5 + LIMIT])
    hits = 0
    for _ in range(runs):
        old: dict[str, Distribution] = {}
        new: dict[str, Distribution] = {}
        for i in range(columns):
            if i % 3 == 0:
                old[f"c{i}"], new[f"c{i}"] = _two(rng, rows, 0.5), _two(rng, rows, float(moved[1]))
            elif i % 3 == 1:
                old[f"c{i}"] = Values(rows, ("a", "b"), rng.multinomial(rows, [0.5, 0.5]))
                new[f"c{i}"] = Values(rows, ("a", "b"), rng.multinomial(rows, moved))
            else:
                old[f"c{i}"] = Values(rows, ("a", "b"), rng.multinomial(rows, [0.05, 0.95]))
                new[f"c{i}"] = Values(rows, ("a", "b"), rng.multinomial(rows, [0.025, 0.975]))
        hits += refuses(SplitDistributions(rows, rows, columns=old), SplitDistributions(rows, rows, columns=new), LIMIT)
    return Rate("moved exactly to the limit", rows, columns, runs, hits, ALPHA)


def _two(rng: Rng, rows: int, share: float) -> Numbers:
    return of_counts(np.array([0.0, 1.0]), rng.multinomial(rows, [1 - share, share]), rows)


Shift = Callable[[Rng, int, float], tuple[Distribution, Distribution]]


def times_100(rng: Rng, rows: int, size: float) -> tuple[Distribution, Distribution]:
    """`size` of the rows are a hundred times as large."""
    return of_quantiles(rng, _uniform, rows), _mixed(rng, rows, size, lambda share: 100 * _uniform(share))


def new_code(rng: Rng, rows: int, size: float) -> tuple[Distribution, Distribution]:
    """`size` of the rows are -999."""
    return of_quantiles(rng, _uniform, rows), _mixed(rng, rows, size, lambda share: np.full(len(share), -999.0))


def gone_value(rng: Rng, rows: int, size: float) -> tuple[Distribution, Distribution]:
    """A category of `size` of the rows is not there any more."""
    left = (1 - size) / 3
    old = rng.multinomial(rows, [size, left, left, 1 - size - 2 * left])
    new = rng.multinomial(rows, [1 / 3, 1 / 3, 1 / 3])
    return Values(rows, ("a", "b", "c", "d"), old), Values(rows, ("b", "c", "d"), new)


def share_moved(rng: Rng, rows: int, size: float) -> tuple[Distribution, Distribution]:
    """A category's share rises from 40 % by `size`."""
    now = min(0.4 + size, 1.0)
    old, new = (Values(rows, ("a", "b"), rng.multinomial(rows, [share, 1 - share])) for share in (0.4, now))
    return old, new


def another_year(rng: Rng, rows: int, size: float) -> tuple[Distribution, Distribution]:
    """A normal column moves by `size` times three standard deviations."""
    return _normals(rng, rows, 0.0), _normals(rng, rows, 3 * size)


def _normals(rng: Rng, rows: int, mean: float) -> Numbers:
    normal = NormalDist(mean)
    return of_quantiles(
        rng, lambda share: np.array([normal.inv_cdf(min(max(s, 1e-12), 1 - 1e-12)) for s in share]), rows
    )


def _uniform(share: Floats) -> Floats:
    return 1 + 99 * share


def _mixed(rng: Rng, rows: int, size: float, other: Callable[[Floats], Floats]) -> Numbers:
    """Rows of the uniform column, `size` of them replaced."""
    chosen = rng.random(rows) < size
    drawn = rng.random(rows)
    values = np.where(chosen, other(drawn), _uniform(drawn))
    points, counts = np.unique(values, return_counts=True)
    upto = np.cumsum(counts).astype(float)
    kept = np.unique(np.searchsorted(upto, np.linspace(1, rows, 257)))
    return Numbers(rows, points[kept], upto[kept], upto[kept] - counts[kept])


SHIFTS: tuple[tuple[str, Shift], ...] = (
    ("part of a column times 100", times_100),
    ("a new default code (-999)", new_code),
    ("a category gone", gone_value),
    ("a category's share up", share_moved),
    ("a normal column moved by 3 sd times", another_year),
)


def finds(shift: Shift, rows: int, columns: int, size: float, runs: int, seed: int = 0) -> int:
    """In how many runs the shift of one column among so many is refused; the others are as they were.

    Three questions are asked of each column, so the first of Holm's steps, which must refuse, is at ALPHA / (3 columns).
    """
    rng = np.random.default_rng(seed)
    hits = 0
    for _ in range(runs):
        old, new = (SplitDistributions(rows, rows, columns={"x": one}) for one in shift(rng, rows, size))
        hits += refuses(old, new, LIMIT, 3 * columns)
    return hits


def smallest_shift(what: str, shift: Shift, rows: int, columns: int, runs: int) -> Smallest:
    return smallest(what, rows, columns, runs, STEPS, lambda size: finds(shift, rows, columns, size, runs))


def leak(rng: Rng, rows: int, area: float, share: float, is_mixture: bool = False) -> Alone | None:
    """A feature whose true AUC is `area`: normal scores, or a score that is right but for a few rows."""
    label = (rng.random(rows) < share).astype(np.int64)
    noise = rng.normal(size=rows)
    apart = NormalDist().inv_cdf(min(area, 1 - 1e-9)) * 2**0.5
    score = (
        np.where(rng.random(rows) < 1 - area, 1 - label, label) * 10 + noise if is_mixture else label * apart + noise
    )
    order = np.argsort(score)
    place = np.empty(rows, np.int64)
    place[order] = np.arange(rows) * int(np.clip(rows // 10, 8, 128)) // rows
    counts = _counts(place, label, rng.integers(0, leaks.FOLDS, rows))
    return leaks.of_classes("x", counts, np.stack([1 - label, label], 1)[order])


def _counts(place: Ints, label: Ints, folds: Ints) -> Ints:
    shape = (leaks.FOLDS, int(place.max()) + 1, 2)
    cell = (folds * shape[1] + place) * 2 + label
    return np.bincount(cell, minlength=shape[0] * shape[1] * 2).reshape(shape)


@dataclass(frozen=True)
class Feature:
    """area : its true AUC.  share : of positives.  is_mixture : right but for a few rows, and not two normal scores."""

    area: float
    share: float
    is_mixture: bool = False

    def drawn(self, rng: Rng, rows: int) -> Alone | None:
        return leak(rng, rows, self.area, self.share, self.is_mixture)


def leaks_found(feature: Feature, rows: int, columns: int, runs: int, of_them: int = 1) -> Rate:
    """Runs in which a feature is called a leak.  of_them : how many of the columns are like it."""
    rng = np.random.default_rng(0)
    hits = 0
    for _ in range(runs):
        drawn = (feature.drawn(rng, rows) for _ in range(of_them))
        hits += any(one is not None and leaks.suspicion(one, ALPHA / columns) is leaks.Suspicion.LEAK for one in drawn)
    shape = "right but for few rows" if feature.is_mixture else "normal scores"
    return Rate(f"AUC {feature.area:g}, {shape}, {feature.share:.0%} positive", rows, columns, runs, hits, ALPHA)


def smallest_leak(share: float, rows: int, columns: int, runs: int) -> Smallest:
    """Sizes are the AUC."""
    found = smallest(
        "", rows, columns, runs, AREAS, lambda area: leaks_found(Feature(area, share), rows, columns, runs).hits
    )
    return replace(found, what=f"AUC of a leak, {share:.0%} positive")


def named(what: str, shift: Shift, size: float, rows: int, columns: int, runs: int) -> Rate:
    """Drift that must stay found."""
    return Rate(what, rows, columns, runs, finds(shift, rows, columns, size, runs), FOUND, at_least=True)


NAMED: tuple[tuple[str, Shift, float, int, int], ...] = (
    ("a third of a column times 100", times_100, 1 / 3, 300, 5),
    ("a third of a column times 100", times_100, 1 / 3, 1000, 2000),
    ("-999 in 5 % of rows", new_code, 0.05, 1000, 10),
    ("a category of 10 % gone", gone_value, 0.1, 1000, 10),
    ("a column of another year (1 sd)", another_year, 1 / 3, 1000, 10),
)


#: The family whose rate comes nearest to the level: continuous, so that Smirnov's bound is all but exact. More runs tell how near.
NEAREST, NEAREST_RUNS = "lognormal amounts", 40_000


def cells(scale: float) -> Iterator[tuple[str, list[Cell]]]:
    """What is printed: a title, and what works out its lines.  scale : of the number of runs."""

    def runs(wanted: int, least: int = 20) -> int:
        return max(int(scale * wanted), least)

    both = (0.0, LIMIT)
    found: list[Cell] = [
        partial(honest, [family], rows, 5, both, runs(NEAREST_RUNS if family.name == NEAREST else 1000))
        for family in FAMILIES
        for rows in SIZES
    ]
    found += [partial(honest, FAMILIES, rows, 50, both, runs(1000)) for rows in SIZES]
    found += [partial(honest, FAMILIES, rows, 2000, both, runs(300, 3)) for rows in SIZES]
    found += [partial(at_the_limit, rows, 6, runs(1000)) for rows in SIZES]
    yield "data gate: runs that refuse honest data (drift)", found
    yield "data gate: honest features called a leak", [
        partial(leaks_found, Feature(area, 0.3, is_mixture), rows, 5, runs(500), of_them=5)
        for area in (0.95, 0.97) for rows in SIZES[:3] for is_mixture in (False, True)
    ]  # fmt: skip
    yield "data gate: drift that must be found", [partial(named, *one, runs(300)) for one in NAMED]
    yield (
        "data gate: the smallest shift found in 9 of 10 runs",
        [
            partial(smallest_shift, what, shift, rows, columns, runs(100))
            for what, shift in SHIFTS
            for rows, columns in ((300, 5), (1000, 5), (1000, 2000), (10_000, 50), (100_000, 5), (100_000, 2000))
        ],
    )
    yield "data gate: the smallest leak found in 9 of 10 runs", [
        partial(smallest_leak, share, rows, columns, runs(100))
        for share in (0.5, 0.2) for rows, columns in ((300, 5), (1000, 10), (3000, 10), (10_000, 10), (10_000, 2000))
    ]  # fmt: skip
