"""The scored rows as samples: all of them, and each group of `evaluation.slices`; each as both models answered."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from schemas.evidence import MetricRow
from schemas.predictions import DECISION, SCORE, VALUE
from schemas.release_metrics import MetricThen, ReleaseMetrics
from schemas.scored_rows import BASELINE, CLUSTER, LABEL, SLICE, WEIGHT, About, ScoredRows, Texts
from sluicegate.fairness.groups import MISSING
from sluicegate.quality.estimates import Ints, spread
from sluicegate.quality.intervals import SHOWN, MeasuredMetric, measured, of_spread
from sluicegate.quality.metrics import METRICS, ScoredSample, measure

OVERALL = "overall"


@dataclass(frozen=True, eq=False)
class RowGroup:
    """Rows that are measured together.

    columns : those it is a group of, () for all rows.  name : as in "sex=Female, race=White", or "overall".
    released : the same rows as the released model answered them; None where it did not.
    """

    task: str
    columns: tuple[str, ...]
    name: str
    candidate: ScoredSample
    released: ScoredSample | None = None
    _known: dict[str, MeasuredMetric] = field(default_factory=dict, init=False, repr=False)

    def __len__(self) -> int:
        return len(self.candidate)

    @cached_property
    def metrics(self) -> Mapping[str, MeasuredMetric]:
        """Every metric of the task, of the candidate."""
        return {metric: self.metric(metric) for metric in METRICS[self.task]}

    def metric(self, name: str) -> MeasuredMetric:
        """One of them; each is worked out once."""
        if name not in self._known:
            self._known[name] = measured(name, measure(name, self.task, self.candidate), self.candidate)
        return self._known[name]

    def before(self, name: str) -> float | None:
        """The released model's value; None where it has none."""
        value = math.nan if self.released is None else measure(name, self.task, self.released).value
        return value if math.isfinite(value) else None


def columns_needed(about: About) -> list[str]:
    """What is read of the scored rows."""
    answers = [VALUE] if about.task == "regression" else [DECISION, *(SCORE + name for name in about.classes)]
    baseline = [BASELINE + name for name in answers] if about.has_baseline else []
    return [
        LABEL,
        WEIGHT,
        *answers,
        *baseline,
        *(SLICE + name for name in about.slices),
        *([CLUSTER] if about.cluster else []),
    ]


def groups(rows: ScoredRows, slices: Sequence[Sequence[str]] = ()) -> tuple[RowGroup, ...]:
    """All rows, then every group of each slice by its name. A row whose label is not known is in none."""
    task = rows.about.task
    known = np.isfinite(rows.label) if task == "regression" else rows.label >= 0
    candidate = _sample(rows, known)
    released = _sample(rows, known, baseline=True) if rows.has_baseline else None
    found = [RowGroup(task, (), OVERALL, candidate, released)]
    for columns in slices:
        for name, places in _places(rows, columns, known):
            parts = candidate.only(places), released.only(places) if released else None
            found.append(RowGroup(task, tuple(columns), name, *parts))
    return tuple(found)


def unlabelled(rows: ScoredRows) -> int:
    """Rows that nothing is measured on."""
    known = np.isfinite(rows.label) if rows.about.task == "regression" else rows.label >= 0
    return int((~known).sum())


def _sample(rows: ScoredRows, known: npt.NDArray[np.bool_], baseline: bool = False) -> ScoredSample:
    decision = None
    if rows.about.task != "regression":
        decision = (rows.baseline_decision if baseline else rows.decision)[known]
    scores = rows.baseline_scores if baseline else rows.scores
    return ScoredSample(rows.label[known], scores[known], decision, rows.weight[known], _cluster(rows, known))


def _cluster(rows: ScoredRows, known: npt.NDArray[np.bool_]) -> Ints | None:
    """None where every row is alone, which needs no adding up."""
    if rows.cluster is None:
        return None
    distinct, cluster = np.unique(rows.cluster[known], return_inverse=True)
    return None if len(distinct) == len(cluster) else cluster


def _places(
    rows: ScoredRows, columns: Sequence[str], known: npt.NDArray[np.bool_]
) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    """Name of each group, and the places of its rows among those with a known label."""
    code = np.zeros(int(known.sum()), np.int64)
    values = []
    for column in columns:
        texts: Texts = rows[SLICE + column]
        values.append((*texts.values, MISSING))
        own = np.where(texts.codes < 0, len(texts.values), texts.codes)[known]
        code = code * len(values[-1]) + own
    order = np.argsort(code, kind="stable")
    distinct, starts = np.unique(code[order], return_index=True)
    named = []
    for one, places in zip(distinct, np.split(order, starts[1:]), strict=True):
        rest, parts = int(one), []
        for column, texts_of in zip(reversed(columns), reversed(values), strict=True):
            rest, own_code = divmod(rest, len(texts_of))
            parts.append(f"{column}={texts_of[own_code]}")
        named.append((", ".join(sorted(parts)), places))
    return iter(sorted(named, key=lambda pair: pair[0]))


def metric_rows(made: Sequence[RowGroup]) -> tuple[MetricRow, ...]:
    """Every metric of every group, with the released model's value where it answered."""
    return tuple(_row(group, metric, found) for group in made for metric, found in group.metrics.items())


def _row(group: RowGroup, metric: str, found: MeasuredMetric) -> MetricRow:
    return MetricRow(
        metric, group.name, found.value if found.is_defined else None, found.rows, *found.shown(),
        group.before(metric), *_change(group, metric),
    )  # fmt: skip


def _change(group: RowGroup, metric: str) -> tuple[float | None, float | None]:
    """95 % interval of the difference to the released model, both on the same rows; of all rows only."""
    if group.columns or group.released is None:
        return (None, None)
    now, before = (measure(metric, group.task, sample) for sample in (group.candidate, group.released))
    change = now.minus(before)
    low, high = of_spread(change.value, spread(change, group.candidate.cluster), SHOWN)
    return (low, high) if np.isfinite(low) and np.isfinite(high) else (None, None)


def then(made: Sequence[RowGroup], constant: float | None) -> ReleaseMetrics:
    """What is kept of them for the day on which the model is the released one."""
    known = [
        MetricThen(metric, group.name, m.value, m.rows, m.spread.error, m.spread.freedom, m.spread.units)
        for group in made
        for metric, m in group.metrics.items()
        if m.is_defined and np.isfinite(m.spread.error)
    ]
    return ReleaseMetrics(made[0].task, tuple(known), constant)


def confusion(sample: ScoredSample, classes: int) -> tuple[tuple[float, ...], ...]:
    """Weighted rows by true class (rows) and decision (columns); () of a regression."""
    if sample.decision is None:
        return ()
    cells = np.bincount(sample.label * classes + sample.decision, sample.weight, minlength=classes * classes)
    return tuple(tuple(row) for row in cells.reshape(classes, classes).tolist())
