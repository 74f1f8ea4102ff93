"""The gate asked about models that are known to be fair: the same rows, with the group labels shuffled among them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from schemas.fairness_evidence import ProofRow
from sluicegate.fairness import bounds, keyed_draws, null
from sluicegate.fairness.counts import Counts, JointCounts
from sluicegate.fairness.estimates import Grouping, enough, of_shares
from sluicegate.fairness.gaps import MEASURES, gap
from sluicegate.fairness.keyed_draws import KeyedCells
from sluicegate.fairness.rates import RATES, rate
from sluicegate.stats.arrays import Floats
from sluicegate.stats.interval import Levels

SHUFFLES = 400
#: A false refusal may happen so often, whatever level the settings choose.
ALLOWED = 0.05
#: Asked of every grouping. A limit of 0 is the hardest there is: every gap that noise makes lies beyond it.
STANDARD = (
    ("demographic_parity_difference", 0.0),
    ("equal_opportunity_difference", 0.0),
    ("equalized_odds_difference", 0.0),
    ("demographic_parity_ratio", 0.8),
    ("impact_ratio", 0.8),
)
#: Pairs of groups times shuffles that one piece of the work may hold.
PIECE = 2_000_000
#: A grouping with more groups is not proven; its pairs would cost more than all the rest.
MOST_GROUPS = 200


def prove(
    joint: JointCounts,
    groupings: Sequence[Grouping],
    level: float,
    seed: int,
    asked: Iterable[tuple[tuple[str, ...], str, float]] = (),
    keyed: KeyedCells | None = None,
) -> Iterator[ProofRow]:
    """How often a limit refuses, by itself, when there is no gap.

    joint : counts of the finest groups.  asked : (columns, measure, limit) of the settings, on top of STANDARD.
    keyed : the rows with their keys, among which the labels are shuffled; the design effects are those of the real groups.
    """
    rng = np.random.default_rng(seed)
    if keyed is None:
        dealt = null.shuffled(joint.candidate(), SHUFFLES, rng)
    else:
        dealt = keyed_draws.shuffled(keyed, keyed_draws.shuffles_of(SHUFFLES, keyed), rng)
    for grouping in groupings:
        if not 2 <= len(grouping.rows) <= MOST_GROUPS:
            continue
        counts = dealt.merged(grouping.parents, len(grouping.rows))
        own = [(m, limit) for columns, m, limit in asked if columns == grouping.columns and _is_of_rates(m)]
        for measure, limit in dict.fromkeys([*STANDARD, *own]):
            yield _row(grouping, counts, measure, limit, level)


def _is_of_rates(measure: str) -> bool:
    return all(name in RATES for name in MEASURES[measure].of)


def _row(grouping: Grouping, counts: Counts, name: str, limit: float, level: float) -> ProofRow:
    measure = MEASURES[name]
    piece, shuffles = max(1, PIECE // len(grouping.rows) ** 2), len(counts.rows)
    parts = [
        _ask(grouping, _piece(counts, slice(start, start + piece)), name, level) for start in range(0, shuffles, piece)
    ]
    value, low, high = (np.concatenate(column) for column in zip(*parts, strict=True))
    if measure.is_ratio:
        refused, passed, raw = high < limit, low >= limit, value < limit
    else:
        refused, passed, raw = low > limit, high <= limit, value > limit
    false, pass_share = float(refused.mean()), float(passed.mean())
    allowed = ALLOWED + 2 * math.sqrt(ALLOWED * (1 - ALLOWED) / shuffles)
    return ProofRow(
        of=grouping.columns,
        measure=name,
        limit=limit,
        groups=len(grouping.rows),
        shuffles=shuffles,
        false_refusals=false,
        unknown=1 - false - pass_share,
        passed=pass_share,
        highest_allowed=allowed,
        raw_refusals=float(raw.mean()),
    )


def _ask(grouping: Grouping, counts: Counts, name: str, level: float) -> tuple[Floats, Floats, Floats]:
    """Value, low and high of every shuffle; the same floors and bounds as the gate's."""
    measure = MEASURES[name]
    group_rows = counts.rows.sum((-1, -2))
    estimates, everybody = {}, {}
    for of in measure.of:
        under = rate(counts, of).rows
        estimates[of] = of_shares(counts, of, enough(group_rows, under, grouping.floors), grouping.effect(of))
        everybody[of] = np.ones(group_rows.shape, bool)
    found = bounds.interval(measure, estimates, grouping.is_reference, Levels(level, level))
    values = {of: estimate.value for of, estimate in estimates.items()}
    return gap(measure, values, everybody, grouping.is_reference), found.low, found.high


def _piece(counts: Counts, which: slice) -> Counts:
    return Counts(counts.rows[which], counts.weight[which], counts.weight2[which])
