"""The model as a whole: importances, attributions, the gap's decomposition and curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from schemas.explanation_evidence import Carried, ColumnGroup, Dependence, GapDecomposition, Importance
from sluicegate.explanation import association, disparity, measures
from sluicegate.explanation.asking import ModelEvaluator, Outcome
from sluicegate.explanation.dependence import dependence
from sluicegate.explanation.importance import Loss, by_halves, losses
from sluicegate.explanation.order import is_open
from sluicegate.explanation.shapley import Contributions, Game, play
from sluicegate.explanation.sides import Sides
from sluicegate.explanation.subject import ExplainedSplit, Subject
from sluicegate.explanation.table import Codes, Floats
from sluicegate.explanation.work import Work

TOP_COLUMNS = 6
CURVE_ROWS = 500


def score_of(explained: int) -> Outcome:
    """The explained score itself."""
    return lambda scores, rows: scores[:, explained]


def importances(
    ask: ModelEvaluator,
    rows: tuple[Codes, ExplainedSplit],
    groups: Sequence[ColumnGroup],
    sides: Sides | None,
    setup: Setup,
) -> tuple[list[Importance], list[Loss], measures.InfluencedValue]:
    """Of every column, then of every group of several; the losses of quality, column by column; the quality itself.

    sides : with its grouping on these very rows; None where no gap is looked at.
    Shuffles are doubled until two halves of them order the columns, or the work for it ends.
    """
    codes, split = rows
    task, names = split.answers.task, ask.table.names
    of_quality = measures.quality(task, split.label, split.weight)
    wanted = [(of_quality, -1.0 if task == "multiclass" else 1.0)]
    if sides is not None:
        wanted.append((sides.measure(split), 1.0))
    targets = [*((name, (name,)) for name in names), *((g.name, g.columns) for g in groups if len(g.columns) > 1)]
    places = [[names.index(column) for column in columns] for _, columns in targets]
    found = losses(ask, codes, places, wanted, (split.weight, setup.work.repeats, setup.rng), split.cluster)
    left = setup.work.more
    while is_open(*by_halves([loss[0] for loss in found[: len(names)]])):
        repeats = len(found[0][0].by_repeat)
        left -= repeats * len(codes) * len(places)
        if left < 0:
            break
        more = losses(ask, codes, places, wanted, (split.weight, repeats, setup.rng), split.cluster)
        found = [[a.joined(b) for a, b in zip(*pair, strict=True)] for pair in zip(found, more, strict=True)]
    listed = [
        Importance(name, columns, loss[0].whole, loss[0].repeat_sd, loss[1].whole if len(loss) > 1 else None)
        for (name, columns), loss in zip(targets, found, strict=True)
    ]
    return listed, [loss[0] for loss in found[: len(names)]], of_quality(ask(codes))


@dataclass(frozen=True, eq=False)
class Setup:
    """explained : place of the class whose score is looked at.  work : how much is asked.  rng : the source of chance."""

    explained: int
    work: Work
    rng: np.random.Generator


def attributions(
    ask: ModelEvaluator, rows: Codes, references: Codes, explained: int, rng: np.random.Generator
) -> Contributions:
    """Contributions of every column to the explained score.  references : (r, k), the same for all rows."""
    each = np.broadcast_to(references, (len(rows), *references.shape))
    players = [[j] for j in range(rows.shape[1])]
    return play(Game(ask, score_of(explained), players, rows, each), rng)


def with_attributions(listed: Sequence[Importance], attribution: Floats) -> tuple[Importance, ...]:
    """`listed`, columns first, with mean |contribution| beside them."""
    values = [*attribution.tolist(), *[None] * (len(listed) - len(attribution))]
    return tuple(replace(one, attribution=value) for one, value in zip(listed, values, strict=True))


def decomposition(
    ask: ModelEvaluator, subject: Subject, groups: Sequence[ColumnGroup], sides: Sides, setup: Setup
) -> GapDecomposition:
    """Which groups of columns carry the gap, on as many rows of either side as of the other, where there are enough."""
    pool, names, work = subject.pool, subject.table.names, setup.work
    here = replace(sides, grouping=sides.grouping.take(subject.numbers))
    high, low = (np.flatnonzero(members) for members in here.members(pool))
    half = work.gap_rows // 2
    chosen = [
        setup.rng.permutation(one)[: max(half, work.gap_rows - len(other))] for one, other in ((high, low), (low, high))
    ]
    rows = np.concatenate(chosen)
    codes = subject.table.codes[rows]
    others = disparity.donors(subject.table.codes, len(rows), work.donors, setup.rng)
    is_high = np.arange(len(rows)) < len(chosen[0])
    players = [[names.index(column) for column in group.columns] for group in groups]
    found = disparity.decompose(
        ask,
        sides.rate.outcome(pool.take(rows)),
        players,
        disparity.Sides(codes, is_high, pool.weight[rows], others, pool.keys_of(rows)),
        (work.exact, setup.rng),
    )
    proxies = association.with_groups(subject.table, here.grouping.codes)
    carried = [
        Carried(group.name, group.columns, share, _highest(proxies[columns]))
        for group, columns, share in zip(groups, players, found.shares, strict=True)
    ]
    return GapDecomposition(
        sensitive=sides.columns,
        high=sides.high,
        low=sides.low,
        measure=sides.rate.name(pool),
        over_all_rows=sides.over_all_rows,
        full=found.full,
        null=found.null,
        rows_high=len(chosen[0]),
        rows_low=len(chosen[1]),
        method="exact" if work.exact else "sampled",
        donors=work.donors,
        efficiency_error=found.efficiency_error,
        carried=tuple(sorted(carried, key=lambda one: -abs(one.contribution.value or 0.0))),
    )


def _highest(values: Floats) -> float | None:
    return None if np.isnan(values).all() else float(np.nanmax(values))


def curves(
    ask: ModelEvaluator, subject: Subject, rows: npt.NDArray[np.int64], listed: Sequence[Importance], explained: int
) -> tuple[Dependence, ...]:
    """Of the most important columns, most important first; a column that never changes has none.

    rows : places in the pool.
    """
    table = subject.table.take(rows[:CURVE_ROWS])
    single = [one for one in listed if len(one.columns) == 1]
    ordered = sorted(single, key=lambda one: (-(one.quality.value or 0.0), -(one.attribution or 0.0)))
    places = [subject.table.names.index(one.name) for one in ordered]
    varying = [j for j in places if len(np.unique(table.codes[:, j])) > 1][:TOP_COLUMNS]
    numbers, cluster = subject.numbers[rows[:CURVE_ROWS]], subject.split.keys_of(subject.numbers[rows[:CURVE_ROWS]])
    return tuple(dependence(ask, score_of(explained), table, numbers, j, cluster) for j in varying)
