"""The model as a whole: importances, attributions, the gap's decomposition and curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from components.explanation_report import association, disparity, measures
from components.explanation_report.asking import Asker, Outcome
from components.explanation_report.chosen import decide
from components.explanation_report.dependence import dependence
from components.explanation_report.importance import Loss, losses
from components.explanation_report.shapley import Contributions, Game, play
from components.explanation_report.subject import Grouping, Sensitive, Split, Subject, together
from components.explanation_report.table import Codes, Floats
from components.explanation_report.work import Work
from schemas.explanation_evidence import Carried, ColumnGroup, Dependence, GapDecomposition, Importance

TOP_COLUMNS = 6
CURVE_ROWS = 500


@dataclass(frozen=True, eq=False)
class Sides:
    """The two groups that lie furthest apart, on all rows.

    grouping : of every row of the split.  over_all_rows : the gap there.
    """

    columns: tuple[str, ...]
    grouping: Grouping
    high: str
    low: str
    over_all_rows: float


def outcome_of(split: Split, explained: int) -> Outcome:
    """1 where the row is decided for the explained class, 0 elsewhere; the value of a regression."""
    if split.answers.task == "regression":
        return lambda scores, rows: scores[:, 0]
    return lambda scores, rows: (decide(split.answers, scores) == explained).astype(np.float64)


def score_of(explained: int) -> Outcome:
    """The explained score itself."""
    return lambda scores, rows: scores[:, explained]


def sides_of(split: Split, sensitive: Sensitive, explained: int) -> Sides | str:
    """The two groups that are compared, or why there are none.

    Only groups with `sensitive.min_rows` rows or more can be the highest or the lowest.
    """
    if not sensitive.compared:
        return "No sensitive column is declared (fairness.sensitive), so no gap is explained."
    grouping = together([split.groups[name] for name in sensitive.compared])
    outcome = outcome_of(split, explained)(split.scores, np.arange(len(split)))
    means = {}
    for name in grouping.names:
        rows = grouping.members(name)
        if rows.sum() >= sensitive.min_rows and split.weight[rows].sum() > 0:
            means[name] = float(np.average(outcome[rows], weights=split.weight[rows]))
    what = " x ".join(sensitive.compared)
    if len(means) < 2:
        return f"Fewer than two groups of {what} have {sensitive.min_rows} rows (fairness.min_rows), so no gap is explained."
    high, low = max(means, key=lambda name: means[name]), min(means, key=lambda name: means[name])
    if means[high] == means[low]:
        return f"The groups of {what} do not differ, so there is no gap to explain."
    return Sides(sensitive.compared, grouping, high, low, means[high] - means[low])


def importances(
    ask: Asker, rows: tuple[Codes, Split], groups: Sequence[ColumnGroup], sides: Sides | None, setup: Setup
) -> tuple[list[Importance], list[Loss], measures.Measured]:
    """Of every column, then of every group of several; the losses of quality, column by column; the quality itself.

    sides : with its grouping on these very rows; None where no gap is looked at.
    """
    codes, split = rows
    task, names = split.answers.task, ask.table.names
    of_quality = measures.quality(task, split.label, split.weight)
    wanted = [(of_quality, -1.0 if task == "multiclass" else 1.0)]
    if sides is not None:
        wanted.append((_gap_measure(split, sides, setup.explained), 1.0))
    targets = [*((name, (name,)) for name in names), *((g.name, g.columns) for g in groups if len(g.columns) > 1)]
    places = [[names.index(column) for column in columns] for _, columns in targets]
    found = losses(ask, codes, places, wanted, (split.weight, setup.work.repeats, setup.rng))
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


def _gap_measure(split: Split, sides: Sides, explained: int) -> measures.Measure:
    high, low = sides.grouping.members(sides.high), sides.grouping.members(sides.low)
    outcome = outcome_of(split, explained)

    def measure(scores: Floats) -> measures.Measured:
        return measures.gap(outcome(scores, np.arange(len(scores))), high, low, split.weight)

    return measure


def attributions(ask: Asker, rows: Codes, references: Codes, explained: int, rng: np.random.Generator) -> Contributions:
    """Contributions of every column to the explained score.  references : (r, k), the same for all rows."""
    each = np.broadcast_to(references, (len(rows), *references.shape))
    players = [[j] for j in range(rows.shape[1])]
    return play(Game(ask, score_of(explained), players, rows, each), rng)


def with_attributions(listed: Sequence[Importance], attribution: Floats) -> tuple[Importance, ...]:
    """`listed`, columns first, with mean |contribution| beside them."""
    values = [*attribution.tolist(), *[None] * (len(listed) - len(attribution))]
    return tuple(replace(one, attribution=value) for one, value in zip(listed, values, strict=True))


def decomposition(
    ask: Asker, subject: Subject, groups: Sequence[ColumnGroup], sides: Sides, setup: Setup
) -> GapDecomposition:
    """Which groups of columns carry the gap, on as many rows of either side as of the other, where there are enough."""
    pool, names, work = subject.pool, subject.table.names, setup.work
    grouping = sides.grouping.take(subject.numbers)
    high, low = (np.flatnonzero(grouping.members(name) & (pool.weight > 0)) for name in (sides.high, sides.low))
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
        outcome_of(pool, setup.explained),
        players,
        disparity.Sides(codes, is_high, pool.weight[rows], others),
        (work.exact, setup.rng),
    )
    proxies = association.with_groups(subject.table, grouping.codes)
    carried = [
        Carried(group.name, group.columns, share, _highest(proxies[columns]))
        for group, columns, share in zip(groups, players, found.shares, strict=True)
    ]
    return GapDecomposition(
        sensitive=sides.columns,
        high=sides.high,
        low=sides.low,
        measure=_gap_name(pool, setup.explained),
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


def _gap_name(split: Split, explained: int) -> str:
    if split.answers.task == "regression":
        return "mean value"
    return "selection rate" if split.answers.task == "binary" else f"rate of {split.answers.classes[explained]}"


def _highest(values: Floats) -> float | None:
    return None if np.isnan(values).all() else float(np.nanmax(values))


def curves(
    ask: Asker, subject: Subject, rows: npt.NDArray[np.int64], listed: Sequence[Importance], explained: int
) -> tuple[Dependence, ...]:
    """Of the most important columns, most important first; a column that never changes has none.

    rows : places in the pool.
    """
    table = subject.table.take(rows[:CURVE_ROWS])
    single = [one for one in listed if len(one.columns) == 1]
    ordered = sorted(single, key=lambda one: (-(one.quality.value or 0.0), -(one.attribution or 0.0)))
    places = [subject.table.names.index(one.name) for one in ordered]
    varying = [j for j in places if len(np.unique(table.codes[:, j])) > 1][:TOP_COLUMNS]
    numbers = subject.numbers[rows[:CURVE_ROWS]]
    return tuple(dependence(ask, score_of(explained), table, numbers, j) for j in varying)
