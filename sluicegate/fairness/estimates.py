"""One grouping of the rows with all that can be estimated for its groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sluicegate.fairness import area, bounds
from sluicegate.fairness.bounds import GroupEstimate
from sluicegate.fairness.clusters import Clustered, Which
from sluicegate.fairness.counts import Counts, JointCounts
from sluicegate.fairness.gaps import REFERENCE_SHARE, Measure, gap
from sluicegate.fairness.moments import Moments
from sluicegate.fairness.rates import rate
from sluicegate.stats import limits
from sluicegate.stats.arrays import Floats, Ints, Mask
from sluicegate.stats.interval import Interval, Levels


@dataclass(frozen=True)
class Floors:
    """rows : a smaller group is shown and not judged.  positives : and so is one with fewer rows under the rate."""

    rows: int = 30
    positives: int = 10


@dataclass(frozen=True, eq=False)
class Areas:
    """between : (groups, groups) area between every two groups.  histogram : of the same scores."""

    between: Floats
    histogram: area.Histogram


@dataclass(frozen=True, eq=False)
class Grouping:
    """rows, weight : (groups,) of each group.  What a task has not is None: a regression has no counts.

    joint : the same counts with the released model's decisions, where it answered.
    clustered : the rows with their keys, where they have any.
    """

    columns: tuple[str, ...]
    values: tuple[tuple[str, ...], ...]
    names: tuple[str, ...]
    parents: Ints
    rows: Floats
    weight: Floats
    floors: Floors
    score: Moments
    error: Moments | None = None
    counts: Counts | None = None
    joint: JointCounts | None = None
    areas: Areas | None = None
    clustered: Clustered | None = None

    def effect(self, name: str, which: Which = "mine") -> Floats:
        """(groups,) by how much the number of rows is divided where several belong to one key; 1 where none do."""
        return np.ones(len(self.rows)) if self.clustered is None else self.clustered.effect(name, which)

    def widened_areas(self) -> Floats:
        """(judged, judged) what keys multiply a pair's noise by. Both groups' errors are in it; the larger effect of the two is taken for both."""
        effect = np.sqrt(self.effect("scores")[self.judged("scores")])
        return np.maximum(effect[:, None], effect)

    @property
    def title(self) -> str:
        return " x ".join(self.columns)

    @property
    def baseline(self) -> Counts | None:
        """Counts of the released model."""
        return None if self.joint is None else self.joint.baseline()

    @property
    def is_reference(self) -> Mask:
        """Groups that an impact ratio may be taken to."""
        found: Mask = self.rows >= REFERENCE_SHARE * self.rows.sum()
        return found

    def can_measure(self, measure: Measure) -> bool:
        """Whether this task has the measure."""
        if measure.of == ("error",):
            return self.counts is not None or self.error is not None
        if measure.of == ("scores",):
            return self.areas is not None
        return measure.of == ("score",) or self.counts is not None

    def judged(self, name: str) -> Mask:
        """Which groups have enough rows for this estimate, and weights above 0 among them."""
        found = enough(self.rows, self.under(name), self.floors)
        return found & ((self.weight > 0) if name == "scores" else ~np.isnan(self._value(name, baseline=False)))

    def judged_of(self, measure: Measure) -> Mask:
        """Groups that count in every part of the measure."""
        return np.logical_and.reduce([self.judged(name) for name in measure.of])

    def left_out(self, measure: Measure) -> tuple[str, ...]:
        """Groups that do not count in some part of the measure, each with its rows: "sex=Male (9 rows under the rate)"."""
        under = np.min([self.under(name) for name in measure.of], axis=0)
        said = [
            f"{name} ({rows:,.0f} rows)" if rows < self.floors.rows else f"{name} ({below:,.0f} rows under the rate)"
            for name, rows, below in zip(self.names, self.rows, under, strict=True)
        ]
        return tuple(one for one, is_judged in zip(said, self.judged_of(measure), strict=True) if not is_judged)

    def values_of(self, measure: Measure, baseline: bool = False) -> Mapping[str, Floats]:
        return {name: self._value(name, baseline) for name in measure.of}

    def point(self, measure: Measure, everybody: bool = False, baseline: bool = False) -> float:
        """The gap over the groups that can be judged, or over all; NaN where it is not defined."""
        judged = {n: np.ones(len(self.rows), bool) if everybody else self.judged(n) for n in measure.of}
        if measure.kind == "area":
            return _furthest(self.areas, judged["scores"])
        return float(gap(measure, self.values_of(measure, baseline), judged, self.is_reference))

    def interval(self, measure: Measure, levels: Levels, factor: float = 1.0, seed: int = 0) -> Interval:
        """Both ends.  factor : how many times the rows, for the question how many would settle it."""
        if measure.kind == "area":
            return _of_area(self, levels, factor, seed)
        estimates = {name: self._estimate(name, factor) for name in measure.of}
        return bounds.interval(measure, estimates, self.is_reference, levels)

    def under(self, name: str) -> Floats:
        """(groups,) rows that an estimate is taken over."""
        if name in ("score", "scores") or self.counts is None:
            return self.score.rows if name != "error" or self.error is None else self.error.rows
        return rate(self.counts, "error_rate" if name == "error" else name).rows

    def _value(self, name: str, baseline: bool) -> Floats:
        moments = self.moments(name)
        if moments is not None:
            return moments.baseline_mean if baseline else moments.mean
        counts = self.baseline if baseline else self.counts
        assert counts is not None  # noqa: S101  `can_measure` said so
        return rate(counts, "error_rate" if name == "error" else name).value

    def moments(self, name: str) -> Moments | None:
        """Of an estimate that is a mean; None for one that is made of counts."""
        if name == "score":
            return self.score
        return self.error if name == "error" and self.counts is None else None

    def _estimate(self, name: str, factor: float) -> GroupEstimate:
        moments = self.moments(name)
        effect = self.effect(name)
        if moments is not None:
            return of_means(moments.scaled(factor), self.judged(name), effect)
        assert self.counts is not None  # noqa: S101
        counts = self.counts.scaled(factor)
        return of_shares(counts, "error_rate" if name == "error" else name, self.judged(name), effect)


def enough(group_rows: Floats, rows_under: Floats, floors: Floors) -> Mask:
    """Which groups can be judged.  rows_under : rows that the rate is taken over."""
    found: Mask = (group_rows >= floors.rows) & (rows_under >= floors.positives)
    return found


def of_shares(counts: Counts, name: str, judged: Mask, effect: Floats | float = 1.0) -> GroupEstimate:
    """A rate of fairness.rates by group, with exact limits.  effect : design effect of fairness.clusters."""
    found = rate(counts, name)
    return GroupEstimate(
        found.value, judged, lambda level: limits.share_limits(found.value, found.effective / effect, level)
    )


def of_means(moments: Moments, judged: Mask, effect: Floats | float = 1.0) -> GroupEstimate:
    """A mean by group, with Student's limits.  effect : design effect of fairness.clusters.

    Thirty rows of a skewed value often hold none of its tail: their mean and their spread are both too small, and Student's limits miss. So
    the spread of a group is at least what it would be with area.BORROWED rows of the common spread added.
    """
    mean, rows = moments.mean, moments.effective
    own = np.nan_to_num(moments.error**2 * rows)
    common = (own * rows * judged).sum(-1, keepdims=True) / np.maximum((rows * judged).sum(-1, keepdims=True), 1e-9)
    spread = np.maximum(own, (rows * own + area.BORROWED * common) / (rows + area.BORROWED))
    rows = rows / effect
    error = np.sqrt(spread / np.maximum(rows, 1e-9))
    return GroupEstimate(mean, judged, lambda level: limits.mean_limits(mean, error, rows, level))


def _furthest(areas: Areas | None, judged: Mask) -> float:
    if areas is None or judged.sum() < 2:
        return float("nan")
    return float(np.nanmax(areas.between[np.ix_(judged, judged)]))


def _of_area(grouping: Grouping, levels: Levels, factor: float, seed: int) -> Interval:
    judged, areas = grouping.judged("scores"), grouping.areas
    nothing = np.array(np.nan)
    if areas is None or judged.sum() < 2:
        return Interval(nothing, nothing)
    noise = area_noise(areas, judged, seed) / np.sqrt(factor) * grouping.widened_areas()
    pairs = np.triu_indices(int(judged.sum()), 1)
    observed, off = areas.between[np.ix_(judged, judged)][pairs], noise[:, pairs[0], pairs[1]]
    scale = off.mean(0) + 1e-300
    near = np.quantile((off / scale).max(-1), 1 - levels.near) * scale
    far = np.quantile(off, 1 - levels.far, axis=0)
    return Interval(np.array(max(0.0, (observed - near).max())), np.array((observed + far).max()))


def area_noise(areas: Areas, judged: Mask, seed: int) -> Floats:
    """(draws, judged, judged): see fairness.area.noise."""
    h = areas.histogram
    kept = area.Histogram(h.edges, h.weight[judged], h.rows[judged], h.weight2[judged])
    return area.noise(kept, np.random.default_rng(seed))
