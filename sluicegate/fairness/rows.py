"""The rows as they come in, and the groupings that one pass over them gives."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from sluicegate.fairness import area, counts, groups, moments
from sluicegate.fairness.clusters import Clustered, RowValues
from sluicegate.fairness.counts import UNLABELLED, JointCounts
from sluicegate.fairness.estimates import Areas, Floors, Grouping
from sluicegate.fairness.groups import Groups
from sluicegate.fairness.keyed_draws import KeyedCells
from sluicegate.fairness.moments import Moments
from sluicegate.stats.arrays import Floats, Mask
from sluicegate.stats.keys import numbered

#: A grouping with more groups has no areas between all pairs of them, unless a limit asks for it.
MOST_AREAS = 12


@dataclass(frozen=True, eq=False)
class Rows:
    """What the model answered on a split.

    task : "binary", "multiclass" or "regression".  classes : the positive one last; () for a regression.
    label : (rows,) place in `classes`, -1 = unknown; a regression's: float64, NaN = unknown.
    decision : (rows,) place in `classes`; None for a regression.
    scores : (rows, classes), or (rows, 1) values of a regression.
    sensitive : one partition of the rows per sensitive column.  weight : (rows,) or None.
    baseline_... : the released model's on the same rows, or None.  baseline_version : of the released model that answered.
    has_release : whether a model was released, though it may not have answered; baseline_note then says why it did not.
    cluster : (rows,) from 0, the same for rows of one key, which is made of the columns `cluster_of`; None: rows are independent.
    caution : why a comparison with the released model on these rows may favour it, or "".
    """

    task: str
    classes: tuple[str, ...]
    label: npt.NDArray[Any]
    decision: npt.NDArray[np.integer] | None
    scores: npt.NDArray[np.floating]
    sensitive: tuple[Groups, ...]
    weight: Floats | None = None
    baseline_decision: npt.NDArray[np.integer] | None = None
    baseline_scores: npt.NDArray[np.floating] | None = None
    baseline_version: int | None = None
    split: str = "test"
    has_release: bool = False
    baseline_note: str = ""
    cluster: npt.NDArray[np.integer] | None = None
    cluster_of: tuple[str, ...] = ()
    caution: str = ""

    @property
    def has_baseline(self) -> bool:
        """Whether the released model answered these rows."""
        return (self.baseline_scores if self.task == "regression" else self.baseline_decision) is not None

    @property
    def is_first(self) -> bool:
        """Whether no model was released yet. One that was released and did not answer is no first model."""
        return not (self.has_release or self.has_baseline or self.baseline_version is not None)

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(part.columns[0] for part in self.sensitive)

    def digest(self) -> str:
        """Of the labels in their order: the same test rows give the same digest, whatever they are grouped by and whichever class is positive."""
        names = sorted(self.classes)
        found = hashlib.sha256(repr(names).encode())
        if names:
            places = np.array([*(names.index(name) for name in self.classes), -1], np.int64)
            found.update(places[self.label].tobytes())
        else:
            found.update(np.ascontiguousarray(self.label, np.float64).tobytes())
        return found.hexdigest()


@dataclass(frozen=True, eq=False)
class OneClass:
    """One class against the rest, or a regression.

    positive : the class; "" for a regression.  score : (rows,) of it.  label : (rows,) 0, 1, 2 = unknown; None for a regression.
    joint : counts of the finest groups; None for a regression.  keyed : the rows' own values, where rows have keys.
    """

    positive: str
    score: Floats
    label: npt.NDArray[np.int8] | None
    error: Floats | None
    finest: Groups
    joint: JointCounts | None
    score_sums: Moments
    error_sums: Moments | None
    histogram: area.Histogram
    weight: Floats | None
    keyed: RowValues | None = None

    def known(self) -> Mask:
        """(rows,) whether the label is known."""
        found: Mask = self.label != UNLABELLED if self.label is not None else np.ones(len(self.score), bool)
        return found

    @property
    def keyed_cells(self) -> KeyedCells | None:
        """The rows as draws by key need them; None where no key has two rows, and of a regression, which has no counts."""
        if self.keyed is None or self.label is None or self.keyed.decision is None:
            return None
        cell = self.label * 2 + self.keyed.decision
        return KeyedCells(
            self.keyed.cluster, self.finest.codes, cell, self.weight, int(self.finest.codes.max(initial=-1)) + 1
        )


def one_class(rows: Rows, positive: str, finest: Groups) -> OneClass:
    """Counts and sums of one class against the rest.  finest : the intersection of all sensitive columns."""
    place = rows.classes.index(positive)
    score = rows.scores[:, place].astype(np.float64)
    label = np.where(rows.label < 0, UNLABELLED, rows.label == place).astype(np.int8)
    assert rows.decision is not None  # noqa: S101  a task with classes has decisions
    before = None if rows.baseline_decision is None else rows.baseline_decision == place
    joint = counts.count(finest.codes, label, rows.decision == place, rows.weight, before)
    score_before = None if rows.baseline_scores is None else rows.baseline_scores[:, place].astype(np.float64)
    keyed, cluster = None, numbered(rows.cluster)
    if cluster is not None:
        decided = rows.decision == place
        keyed = RowValues(
            cluster=cluster,
            weight=rows.weight,
            label=label,
            decision=decided,
            before=before,
            score=score,
            score_before=score_before,
            error=None,
            error_before=None,
        )
    return OneClass(
        positive=positive,
        score=score,
        label=label,
        error=None,
        finest=finest,
        joint=joint,
        score_sums=moments.add_up(finest.codes, score, rows.weight, score_before),
        error_sums=None,
        histogram=area.histogram(finest.codes, score, rows.weight),
        weight=rows.weight,
        keyed=keyed,
    )


def regression(rows: Rows, finest: Groups) -> OneClass:
    """Sums of values and absolute errors."""
    value = rows.scores[:, 0].astype(np.float64)
    before = None if rows.baseline_scores is None else rows.baseline_scores[:, 0].astype(np.float64)
    error = np.abs(value - rows.label)
    error_before = None if before is None else np.abs(before - rows.label)
    keyed, cluster = None, numbered(rows.cluster)
    if cluster is not None:
        keyed = RowValues(
            cluster=cluster,
            weight=rows.weight,
            label=None,
            decision=None,
            before=None,
            score=value,
            score_before=before,
            error=error,
            error_before=error_before,
        )
    return OneClass(
        positive="",
        score=value,
        label=None,
        error=value - rows.label,
        finest=finest,
        joint=None,
        score_sums=moments.add_up(finest.codes, value, rows.weight, before),
        error_sums=moments.add_up(finest.codes, error, rows.weight, error_before),
        histogram=area.histogram(finest.codes, value, rows.weight),
        weight=rows.weight,
        keyed=keyed,
    )


def groupings(
    part: OneClass, wanted: Sequence[tuple[str, ...]], floors: Floors, with_areas: Collection[tuple[str, ...]] = ()
) -> Iterator[Grouping]:
    """The wanted groupings, from the finest counts: no second pass over the rows, but for areas between scores."""
    joint = part.joint
    weight = part.score_sums.sums[..., 1] if joint is None else joint.weight.sum((-1, -2, -3))
    rows = part.score_sums.rows if joint is None else joint.rows.sum((-1, -2, -3))
    for chosen in wanted:
        coarse, parents = groups.coarsen(part.finest, chosen)
        number = len(coarse.values)
        grouping = Grouping(
            columns=chosen,
            values=coarse.values,
            names=coarse.names,
            parents=parents,
            rows=_summed(parents, rows, number),
            weight=_summed(parents, weight, number),
            floors=floors,
            score=part.score_sums.merged(parents, number),
            error=None if part.error_sums is None else part.error_sums.merged(parents, number),
        )
        if joint is not None:
            merged = joint.merged(parents, number)
            grouping = replace(grouping, counts=merged.candidate(), joint=merged if merged.has_baseline else None)
        if part.keyed is not None:
            grouping = replace(grouping, clustered=Clustered(part.keyed, parents[part.finest.codes], number))
        if number <= MOST_AREAS or chosen in with_areas:
            grouping = replace(grouping, areas=_areas(part, parents, number))
        yield grouping


def _areas(part: OneClass, parents: npt.NDArray[np.int64], number: int) -> Areas:
    between = area.areas(parents[part.finest.codes], part.score, number, part.weight)
    return Areas(between, part.histogram.merged(parents, number))


def _summed(parents: npt.NDArray[np.int64], values: Floats, number: int) -> Floats:
    return np.bincount(parents, values, minlength=number).astype(np.float64)
