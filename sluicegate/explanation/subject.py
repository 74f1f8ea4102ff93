"""What is explained: the settings, the rows that were scored, and the groups they fall into."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from schemas.predictions import Answers
from sluicegate.explanation.table import MISSING, Codes, EncodedTable, Floats
from sluicegate.fairness.gaps import MEASURES
from sluicegate.fairness.policy import Policy
from sluicegate.stats.arrays import Ints
from sluicegate.stats.keys import numbered

#: Rows that are kept in memory with all their columns; of a larger split, a random sample of so many.
POOL_ROWS = 20_000
MAX_GROUPS = 8


@dataclass(frozen=True)
class SensitiveCodes:
    """What settings.Fairness says about groups.

    columns : by name, where a number column's bins begin; () for text.
    compared : the columns whose groups' gap is decomposed: those of the first limit, or the first column.
    min_rows, min_positives : a group with fewer rows, or fewer under a rate, is not judged.
    rates : what that limit compares, by the names of fairness.gaps.
    """

    columns: Mapping[str, tuple[float, ...]]
    compared: tuple[str, ...]
    positive: str | None = None
    min_rows: int = Policy.min_rows
    min_positives: int = Policy.min_positives
    rates: tuple[str, ...] = ("selection_rate",)

    @classmethod
    def from_json(cls, text: str) -> SensitiveCodes:
        """Reads the JSON of settings.Fairness; `fairness: off` leaves no columns."""
        policy = Policy.from_json(text)
        columns = {one.column: one.bins for one in policy.sensitive if policy.enabled}
        limit = next((one for one in policy.limits if set(one.of) <= set(columns)), None)
        found = cls(columns, tuple(columns)[:1], policy.positive, policy.min_rows, policy.min_positives)
        return replace(found, compared=limit.of, rates=MEASURES[limit.measure].of) if limit else found


@dataclass(frozen=True, eq=False)
class ExplainedGrouping:
    """Rows by group.  codes : (n,) places in `names`; every row is in one."""

    names: tuple[str, ...]
    codes: npt.NDArray[np.int64]

    def members(self, name: str) -> npt.NDArray[np.bool_]:
        return np.asarray(self.codes == self.names.index(name))

    def take(self, rows: npt.NDArray[np.int64]) -> ExplainedGrouping:
        return ExplainedGrouping(self.names, self.codes[rows])

    def largest(self, most: int = MAX_GROUPS) -> tuple[str, ...]:
        """The largest groups that have a row, largest first."""
        counts = np.bincount(self.codes, minlength=len(self.names))
        order = np.argsort(-counts, kind="stable")[:most]
        return tuple(self.names[place] for place in order.tolist() if counts[place])


def group_texts(values: Sequence[Any] | npt.NDArray[Any]) -> ExplainedGrouping:
    """Groups of a text column; None or '' is a group of its own."""
    texts = np.array([MISSING if value is None or not len(value) else str(value) for value in values], object)
    names, codes = np.unique(texts, return_inverse=True) if len(texts) else (np.empty(0, object), np.empty(0, np.int64))
    return ExplainedGrouping(tuple(names.tolist()), codes.astype(np.int64))


def group_numbers(values: Floats, bins: Sequence[float]) -> ExplainedGrouping:
    """Groups of a number column, NaN = missing.

    bins : where the next one begins: (25, 40) makes <25, 25-40 and >=40. Without bins each value is a group.

    >>> group_numbers(np.array([24.0, 25, 40, np.nan]), (25, 40)).names
    ('<25', '25-40', '>=40', '(missing)')
    """
    missing = np.isnan(values)
    if not bins:
        return group_texts([None if gone else f"{value:g}" for value, gone in zip(values, missing, strict=True)])
    middle = [f"{low:g}-{high:g}" for low, high in itertools.pairwise(bins)]
    names = (f"<{bins[0]:g}", *middle, f">={bins[-1]:g}", MISSING)
    codes = np.where(missing, len(bins) + 1, np.digitize(np.nan_to_num(values), bins))
    return ExplainedGrouping(names, codes.astype(np.int64))


def together(groupings: Sequence[ExplainedGrouping]) -> ExplainedGrouping:
    """The intersection: 'Black, Female'."""
    if len(groupings) == 1:
        return groupings[0]
    texts = [[one.names[code] for code in one.codes] for one in groupings]
    return group_texts([", ".join(parts) for parts in zip(*texts, strict=True)])


@dataclass(frozen=True, eq=False)
class ExplainedSplit:
    """Every scored row of the split, without its columns.

    scores : (n, width).  label : (n,) place of the class, -1 = unknown; float, NaN = unknown, of a regression.
    groups : by sensitive column.
    cluster : (n,) of fairness.keys.numbered: which rows are of one key, made of the columns `cluster_of`; None: each row by itself.
    """

    answers: Answers
    scores: Floats
    label: npt.NDArray[Any]
    weight: Floats
    groups: Mapping[str, ExplainedGrouping] = field(default_factory=dict)
    cluster: Ints | None = None
    cluster_of: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.scores)

    @property
    def has_label(self) -> npt.NDArray[np.bool_]:
        return ~np.isnan(self.label) if self.answers.task == "regression" else np.asarray(self.label >= 0)

    def take(self, rows: npt.NDArray[np.int64]) -> ExplainedSplit:
        groups = {name: grouping.take(rows) for name, grouping in self.groups.items()}
        taken = self.scores[rows], self.label[rows], self.weight[rows]
        return ExplainedSplit(self.answers, *taken, groups, self.keys_of(rows), self.cluster_of)

    def keys_of(self, rows: npt.NDArray[np.int64]) -> Ints | None:
        """(m,) of these rows alone, numbered anew."""
        return None if self.cluster is None else numbered(self.cluster[rows])

    def explained(self, positive: str | None) -> int:
        """Place of the class whose score is explained: `positive`, else the last; 0 for a regression."""
        classes = self.answers.classes
        return classes.index(positive) if positive in classes else max(len(classes) - 1, 0)


@dataclass(frozen=True, eq=False)
class Subject:
    """What is explained.

    split : all rows.  numbers : (m,) the rows whose columns are at hand, ascending.  table : (m, k) those.
    """

    split: ExplainedSplit
    numbers: npt.NDArray[np.int64]
    table: EncodedTable

    @property
    def pool(self) -> ExplainedSplit:
        return self.split.take(self.numbers)


def pool_numbers(rows: int, seed: int, most: int = POOL_ROWS) -> npt.NDArray[np.int64]:
    """Numbers of the rows whose columns are read, ascending: all, or `most` drawn at random."""
    if rows <= most:
        return np.arange(rows)
    return np.sort(np.random.default_rng([seed, rows]).choice(rows, most, replace=False))


def value_groups(table: EncodedTable, column: int, bins: Sequence[float], most: int = MAX_GROUPS) -> dict[str, Codes]:
    """Codes of a sensitive column by group, largest group first; in each, the most frequent code first (text) or the median's."""
    described, codes = table.columns[column], table.codes[:, column]
    counts = np.bincount(codes, minlength=len(described.values))
    if described.is_number:
        grouping = group_numbers(described.values, bins)
    else:
        grouping = group_texts([described.text(code) for code in range(len(described.values))])
    rows = np.bincount(grouping.codes, counts, minlength=len(grouping.names))
    found = {}
    for place in np.argsort(-rows, kind="stable")[:most].tolist():
        members = np.flatnonzero((grouping.codes == place) & (counts > 0)).astype(np.int32)
        if len(members):
            shares = np.cumsum(counts[members])
            middle = (
                int(np.searchsorted(shares, shares[-1] / 2)) if described.is_number else int(counts[members].argmax())
            )
            found[grouping.names[place]] = np.roll(members, -middle)
    return found
