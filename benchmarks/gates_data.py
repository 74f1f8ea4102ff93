"""How often the data gate refuses honest data, and the smallest shift and leak that it finds, by its own code."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from benchmarks.gate_families import FAMILIES, Family, Rng, of_counts, of_quantiles, split
from components.data_gate import comparing
from components.data_gate.core import ALPHA, Policy, Released
from fairness import leaks
from fairness.arrays import Floats, Ints
from fairness.limits import share_limits
from schemas.distributions import Distribution, Numbers, SplitDistributions, Values
from schemas.leaks import Alone

LIMIT = 0.1
RELEASED = Released(1, "r", is_comparable=True)
POLICY = Policy()
SIZES = (300, 1000, 10_000, 100_000)
STEPS = (0.01, 0.02, 0.03, 0.05, 0.08, 0.1, 0.13, 0.16, 0.2, 0.25, 0.3, 0.4, 0.5, 0.7, 1.0)
FOUND = 0.9


@dataclass(frozen=True)
class Rate:
    """Runs in which something happened.  high : upper 95 % end of its rate (exact)."""

    what: str
    rows: int
    columns: int
    runs: int
    hits: int

    @property
    def high(self) -> float:
        return float(share_limits(np.float64(self.hits / self.runs), np.float64(self.runs), 0.05)[1])


@dataclass(frozen=True)
class Smallest:
    """The smallest size that was found in FOUND of the runs; None: none of those tried was.  rate : at that size."""

    what: str
    rows: int
    columns: int
    runs: int
    size: float | None
    rate: float


def refuses(old: SplitDistributions, new: SplitDistributions, limit: float) -> bool:
    """Whether drift between the two is refused, by the gate's own questions at its own level."""
    limits = dict.fromkeys(new.columns, limit)
    asked = comparing.questions(comparing.drift(new, old, RELEASED), limits)
    return any(m.gates and m.status.value == "FAILED" for m in comparing.judged(asked, POLICY))


def honest(family: Sequence[Family], rows: int, columns: int, limit: float, runs: int, seed: int = 0) -> Rate:
    """Two samples of one world, so many columns each.

    limit : 0 is the hardest there is, because whatever noise makes lies beyond it.
    """
    rng = np.random.default_rng(seed)
    made = {f"c{i}": family[i % len(family)] for i in range(columns)}
    hits = sum(refuses(split(rng, made, rows), split(rng, made, rows), limit) for _ in range(runs))
    name = family[0].name if len(family) == 1 else "all families"
    return Rate(f"{name}, limit {limit:g}", rows, columns, runs, hits)


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
    return Rate("moved exactly to the limit", rows, columns, runs, hits)


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
    upto = np.cumsum(counts)
    kept = np.unique(np.searchsorted(upto, np.linspace(1, rows, 257)))
    return Numbers(rows, points[kept], upto[kept], upto[kept] - counts[kept])


SHIFTS: tuple[tuple[str, Shift], ...] = (
    ("part of a column times 100", times_100),
    ("a new default code (-999)", new_code),
    ("a category gone", gone_value),
    ("a category's share up", share_moved),
    ("a normal column moved by 3 sd times", another_year),
)


def finds(shift: Shift, rows: int, columns: int, size: float, runs: int, seed: int = 0) -> float:
    """In what part of the runs the shift of one column among so many is refused; the others are as they were.

    Three questions are asked of each column, so the first of Holm's steps, which must refuse, is at ALPHA / (3 columns).
    """
    rng = np.random.default_rng(seed)
    hits = 0
    for _ in range(runs):
        old, new = shift(rng, rows, size)
        pair = comparing.drift(
            SplitDistributions(rows, rows, columns={"x": new}),
            SplitDistributions(rows, rows, columns={"x": old}),
            RELEASED,
        )
        asked = comparing.questions(pair, {"x": LIMIT})
        share = len(asked) / (3 * columns)
        hits += any(m.gates and m.status.value == "FAILED" for m in comparing.judged(asked, POLICY, share))
    return hits / runs


def smallest(what: str, shift: Shift, rows: int, columns: int, runs: int) -> Smallest:
    for size in STEPS:
        rate = finds(shift, rows, columns, size, runs)
        if rate >= FOUND:
            return Smallest(what, rows, columns, runs, size, rate)
    return Smallest(what, rows, columns, runs, None, rate)


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


def leaks_found(rows: int, columns: int, area: float, share: float, runs: int, is_mixture: bool = False) -> Rate:
    """Runs in which a feature of that AUC is called a leak, among so many columns."""
    rng = np.random.default_rng(0)
    hits = 0
    for _ in range(runs):
        one = leak(rng, rows, area, share, is_mixture)
        hits += one is not None and leaks.suspicion(one, ALPHA / columns) is leaks.Suspicion.LEAK
    shape = "right but for few rows" if is_mixture else "normal scores"
    return Rate(f"AUC {area:g}, {shape}, {share:.0%} positive", rows, columns, runs, hits)


def honest_rates(scale: float) -> Iterator[Rate]:
    """Scale : of the runs; 1 takes minutes."""
    for limit in (0.0, LIMIT):
        for family in FAMILIES:
            for rows in SIZES:
                yield honest([family], rows, 5, limit, max(int(600 * scale), 20))
    for rows in SIZES:
        yield honest(FAMILIES, rows, 50, 0.0, max(int(400 * scale), 20))
        yield at_the_limit(rows, 6, max(int(1000 * scale), 20))
    # A run of 2,000 columns costs two seconds.
    yield honest(FAMILIES, 1000, 2000, 0.0, max(int((300 if scale >= 1 else 50) * scale), 3))


def honest_leaks(scale: float) -> Iterator[Rate]:
    for area in (0.95, 0.97):
        for rows in SIZES[:3]:
            for is_mixture in (False, True):
                yield leaks_found(rows, 10, area, 0.3, max(int(1000 * scale), 20), is_mixture)


def smallest_shifts(scale: float) -> Iterator[Smallest]:
    for what, shift in SHIFTS:
        for rows, columns in ((300, 5), (1000, 5), (1000, 2000), (10_000, 50), (100_000, 2000)):
            yield smallest(what, shift, rows, columns, max(int(100 * scale), 20))


def smallest_leaks(scale: float) -> Iterator[Smallest]:
    runs = max(int(100 * scale), 20)
    for share in (0.5, 0.2):
        for rows in (300, 1000, 3000, 10_000):
            for area in (0.995, 0.996, 0.997, 0.998, 0.999, 0.9999):
                rate = leaks_found(rows, 10, area, share, runs)
                if rate.hits >= FOUND * runs:
                    break
            found = area if rate.hits >= FOUND * runs else None
            yield Smallest(f"AUC of a leak, {share:.0%} positive", rows, 10, runs, found, rate.hits / runs)


def named(scale: float) -> Iterator[Rate]:
    """The drift that must stay found."""
    runs = max(int(200 * scale), 20)
    for what, shift, size, rows, columns in (
        ("a third of a column times 100", times_100, 1 / 3, 300, 5),
        ("a third of a column times 100", times_100, 1 / 3, 1000, 2000),
        ("-999 in 5 % of rows", new_code, 0.05, 1000, 10),
        ("a category of 10 % gone", gone_value, 0.1, 1000, 10),
        ("a column of another year (1 sd)", another_year, 1 / 3, 1000, 10),
    ):
        yield Rate(what, rows, columns, runs, round(finds(shift, rows, columns, size, runs) * runs))
