"""One model of a sweep, judged on rows that were set aside: with the fairness gate's own arithmetic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from models.sensitive import values_of
from schemas.sensitive import SensitiveColumn
from sluicegate.fairness import groups, profiles, questions, ranking, resampling
from sluicegate.fairness.estimates import Floors, Grouping
from sluicegate.fairness.gaps import MEASURES
from sluicegate.fairness.policy import Gap, Limit, Policy
from sluicegate.fairness.rates import rate
from sluicegate.fairness.rows import OneClass, Rows, groupings, one_class
from sluicegate.reports.frontier import FrontierDot
from sluicegate.stats import limits
from sluicegate.stats.arrays import Floats
from sluicegate.stats.interval import Levels
from sluicegate.stats.judge import answer

#: By training.mitigation_goal: what is looked at where no limit is about the mitigation's columns.
MEASURE_OF_GOAL: Mapping[str, Gap] = {
    "parity": "demographic_parity_ratio",
    "equal_opportunity": "equal_opportunity_difference",
}


@dataclass(frozen=True, eq=False)
class Scored:
    """What one model says of the judged rows.  scores : (rows, 2), as served.  is_selected : (rows,)."""

    scores: npt.NDArray[np.float32]
    is_selected: npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Judge:
    """The judged rows, and the one limit that every model is held against.

    classes : (negative, positive).  label : (rows,) place in them.  weight : (rows,), or None where all weigh the same.
    parts : the rows' groups, by column.  limit : with `at_least`, `at_most` or neither.
    """

    classes: tuple[str, ...]
    label: npt.NDArray[np.int64]
    weight: Floats | None
    parts: tuple[groups.Groups, ...]
    limit: Limit
    policy: Policy

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(part.columns[0] for part in self.parts)

    def point(self, scored: Scored, shell: FrontierDot) -> FrontierDot:
        """`shell` with everything that is measured."""
        decision = scored.is_selected.astype(np.int64)
        rows = Rows("binary", self.classes, self.label, decision, scored.scores, self.parts, self.weight)
        part = one_class(rows, self.classes[-1], groups.intersect(self.parts))
        floors = Floors(self.policy.min_rows, self.policy.min_positives)
        [grouping] = groupings(part, [self.columns], floors, {self.columns} if self.limit.measure == "abcc" else ())
        return self._with_gap(self._with_accuracy(shell, part), part, grouping)

    def _with_accuracy(self, shell: FrontierDot, part: OneClass) -> FrontierDot:
        assert part.joint is not None  # noqa: S101  a binary task has counts
        together = np.zeros(len(part.joint.rows), np.int64)
        found = rate(part.joint.candidate().merged(together, 1), "accuracy")
        low, high = limits.wilson(found.value, found.effective, self.policy.confidence)
        everybody = np.zeros(len(self.label), np.int64)
        auc = ranking.rank(everybody, 1, self.label == 1, part.score, self.weight).auc[0]
        return replace(
            shell, accuracy=float(found.value[0]), accuracy_low=float(low[0]), accuracy_high=float(high[0]), auc=_known(auc)
        )  # fmt: skip

    def _with_gap(self, point: FrontierDot, part: OneClass, grouping: Grouping) -> FrontierDot:
        resampled = resampling.resample(part.joint, [grouping], self.policy.draws, self.policy.seed, part.keyed_cells)
        drawn = resampled.candidate.get((self.columns, self.limit.measure))
        level = self.policy.level
        if drawn is not None and not np.isnan(drawn).all():
            low, high = np.nanquantile(drawn, [level, 1 - level])
            point = replace(point, bootstrap_low=float(low), bootstrap_high=float(high))
        measured = questions.MeasuredGap({self.columns: grouping}, resampled, is_first=True, has_baseline=False)
        asked = list(questions.questions(self.policy, (self.limit,), measured))
        if asked:
            said = answer(asked, level)[asked[0].key].measurement
            return replace(
                point, gap=said.value, gap_low=said.low, gap_high=said.high, status=said.status.value, detail=said.detail
            )  # fmt: skip
        measure = MEASURES[self.limit.measure]
        ends = grouping.interval(measure, Levels(level, level), seed=self.policy.seed)
        return replace(
            point, gap=_known(grouping.point(measure)), gap_low=_known(float(ends.low)), gap_high=_known(float(ends.high))
        )  # fmt: skip


def limit_about(columns: Sequence[str], policy: Policy, goal: str) -> Limit:
    """The first limit with a bound that is about these columns and no others; without one the goal's measure, unbounded."""
    known = (*policy.limits, *profiles.limits_of(policy.profile, [one.column for one in policy.sensitive]))
    for one in known:
        if set(one.of) == set(columns) and (one.at_least is not None or one.at_most is not None):
            return replace(one, max_rise=None)
    return Limit(MEASURE_OF_GOAL[goal], tuple(columns))


def parts_of(keys: npt.NDArray[np.bytes_], about: Sequence[SensitiveColumn]) -> tuple[groups.Groups, ...]:
    """Each column's groups.  keys : (rows,) of models.group_keys."""
    distinct, places = np.unique(keys, return_inverse=True)
    values = [values_of(key, about) for key in distinct.tolist()]
    found = []
    for one in about:
        names = sorted({value for row in values if (value := row[one.column]) is not None})
        code = {name: place for place, name in enumerate(names)}
        codes = np.array([code.get(row[one.column] or "", -1) for row in values], np.int64)
        found.append(groups.of_texts(one.column, codes[places], names))
    return tuple(found)


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
