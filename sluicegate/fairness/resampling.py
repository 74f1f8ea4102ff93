"""All gaps of all groupings from the same draws: of the bootstrap, and of shuffled labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sluicegate.fairness import bootstrap, keyed_draws, null, rates
from sluicegate.fairness.counts import Counts, JointCounts
from sluicegate.fairness.estimates import Grouping, area_noise
from sluicegate.fairness.gaps import MEASURES, Measure, gap
from sluicegate.fairness.keyed_draws import KeyedCells, Kinds
from sluicegate.fairness.moments import Moments
from sluicegate.stats.arrays import Floats

#: By grouping and measure: (draws,) the gap in each.
Gaps = Mapping[tuple[tuple[str, ...], str], Floats]


@dataclass(frozen=True)
class Resampled:
    """candidate : bootstrap draws of its gaps.  null : of shuffled labels."""

    candidate: Gaps
    null: Gaps
    draws: int = 0
    shuffles: int = 0


def resample(
    joint: JointCounts | None, groupings: Sequence[Grouping], draws: int, seed: int, keyed: KeyedCells | None = None
) -> Resampled:
    """Draws of everything.

    joint : counts of the finest groups; None for a regression.  draws : of the bootstrap, and at most of the shuffles.
    keyed : the rows with their keys, of which whole ones are drawn and shuffled; None: each row by itself.
    """
    streams = [np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(3)]
    counts = None if joint is None else joint.candidate()
    cells = 0 if counts is None else counts.rows.size
    dealt: Counts | None = None
    pieces: Iterable[Floats] = ()
    if counts is not None and keyed is not None:
        kinds = Kinds.of(keyed, streams[0])
        draws = keyed_draws.affordable(draws, kinds)
        shuffles = keyed_draws.shuffles_of(draws, keyed)
        pieces, dealt = keyed_draws.tables(kinds, draws, streams[0]), keyed_draws.shuffled(keyed, shuffles, streams[2])
    else:
        draws = bootstrap.affordable(draws, cells)
        shuffles = null.affordable(draws, cells)
        if counts is not None:
            pieces, dealt = bootstrap.tables(counts, draws, streams[0]), null.shuffled(counts, shuffles, streams[2])
    candidate = _bootstrap(pieces, groupings) | _means(groupings, draws, streams[1])
    return Resampled(candidate, _null(dealt, groupings, shuffles, streams[2]), draws, shuffles)


def _of_counts() -> dict[str, Measure]:
    return {name: m for name, m in MEASURES.items() if m.of[0] in rates.RATES or m.of == ("error",)}


def gaps_of(weight: Floats, grouping: Grouping) -> dict[str, Floats]:
    """Every gap that counts have.  weight : (draws, groups, labels, decisions)."""
    names = {name for measure in _of_counts().values() for name in measure.of}
    values = {name: rates.value(weight, "error_rate" if name == "error" else name) for name in names}
    judged = {name: grouping.judged(name) for name in names}
    return {name: gap(m, values, judged, grouping.is_reference) for name, m in _of_counts().items()}


def _bootstrap(tables: Iterable[Floats], groupings: Sequence[Grouping]) -> dict[tuple[tuple[str, ...], str], Floats]:
    pieces: list[tuple[tuple[tuple[str, ...], str], Floats]] = []
    for table in tables:
        for grouping in groupings:
            found = gaps_of(_merged(table, grouping), grouping)
            pieces += [((grouping.columns, name), values) for name, values in found.items()]
    return _joined(pieces)


def _null(
    dealt: Counts | None, groupings: Sequence[Grouping], shuffles: int, rng: np.random.Generator
) -> dict[tuple[tuple[str, ...], str], Floats]:
    found: dict[tuple[tuple[str, ...], str], Floats] = {}
    if dealt is not None:
        for grouping in groupings:
            of_counts = gaps_of(_merged(dealt.weight, grouping), grouping)
            found |= {(grouping.columns, name): values for name, values in of_counts.items()}
    for grouping, name, moments in _with_means(groupings):
        drawn = null_means(moments, shuffles, rng, np.sqrt(grouping.effect(MEASURES[name].of[0])))
        judged = {MEASURES[name].of[0]: grouping.judged(MEASURES[name].of[0])}
        found[grouping.columns, name] = gap(
            MEASURES[name], {MEASURES[name].of[0]: drawn}, judged, grouping.is_reference
        )
    for grouping in groupings:
        judged_areas = grouping.judged("scores")
        if grouping.areas is not None and judged_areas.sum() > 1:
            # Where groups are alike the area is the area between their errors.
            noise = area_noise(grouping.areas, judged_areas, int(rng.integers(2**31))) * grouping.widened_areas()
            found[grouping.columns, "abcc"] = noise.max((1, 2))
    return found


def null_means(moments: Moments, shuffles: int, rng: np.random.Generator, widened: Floats | float = 1.0) -> Floats:
    """(shuffles, groups) means of groups whose labels are shuffled, drawn normal: a sample without replacement of all rows.

    widened : (groups,) what keys of several rows multiply a group's error by.
    """
    s = moments.sums
    total = s.sum(-2)
    mean = total[2] / total[1]
    spread = np.maximum(total[5] - 2 * mean * total[4] + mean**2 * total[3], 0.0) / np.maximum(total[3], 1e-300)
    with np.errstate(invalid="ignore", divide="ignore"):
        error = np.sqrt(spread / moments.effective) * widened
    off = np.nan_to_num(rng.standard_normal((shuffles, s.shape[-2])) * error)
    # What one group has too much of the others have too little of: their weighted mean stays that of all rows.
    drawn: Floats = mean + off - off @ (s[..., 1] / total[1])[:, None]
    return drawn


def _means(
    groupings: Sequence[Grouping], draws: int, rng: np.random.Generator
) -> dict[tuple[tuple[str, ...], str], Floats]:
    """Gaps of means: a group's mean is drawn normal."""
    found: dict[tuple[tuple[str, ...], str], Floats] = {}
    for grouping, name, moments in _with_means(groupings):
        of = MEASURES[name].of[0]
        judged = grouping.judged(of)
        error = moments.error * np.sqrt(grouping.effect(of))
        drawn = moments.mean + rng.standard_normal((draws, len(judged))) * error
        found[grouping.columns, name] = gap(MEASURES[name], {of: drawn}, {of: judged}, grouping.is_reference)
    return found


def _with_means(groupings: Sequence[Grouping]) -> Iterator[tuple[Grouping, str, Moments]]:
    for grouping in groupings:
        yield grouping, "score_difference", grouping.score
        if grouping.error is not None:
            yield grouping, "error_difference", grouping.error


def _merged(table: Floats, grouping: Grouping) -> Floats:
    """(draws, finest groups, 3, 2) to (draws, groups, 3, 2)."""
    into = np.zeros((len(grouping.rows), len(grouping.parents)))
    into[grouping.parents, np.arange(len(grouping.parents))] = 1.0
    merged = np.matmul(into, table.reshape(*table.shape[:-2], -1))
    return merged.reshape(*merged.shape[:-1], *table.shape[-2:])


def _joined(
    pieces: list[tuple[tuple[tuple[str, ...], str], Floats]],
) -> dict[tuple[tuple[str, ...], str], Floats]:
    found: dict[tuple[tuple[str, ...], str], list[Floats]] = {}
    for key, values in pieces:
        found.setdefault(key, []).append(values)
    return {key: np.concatenate(values) for key, values in found.items()}
