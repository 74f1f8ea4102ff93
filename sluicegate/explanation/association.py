"""How much two raw columns say the same, 0 to 1, and which of them belong together."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from schemas.explanation_evidence import ColumnGroup
from sluicegate.explanation.table import Codes, EncodedColumn, EncodedTable, Floats

#: Mean association from which columns are one group. A half is the usual border of a "strong" association for all
#: three measures (Cohen 1988, table 3.3 and 7.2: r and w of 0.5); shuffling one of them alone then asks the model for
#: rows that hardly exist.
TOGETHER = 0.5
#: Rarer values of a text column count as one, so that ids and names do not look related to everything.
MAX_VALUES = 30


def matrix(table: EncodedTable) -> Floats:
    """(k, k) symmetric, NaN where a column is constant.

    Two number columns: |Spearman's rank correlation| of the rows that have both. Two text columns: Cramér's V, corrected
    for chance (Bergsma 2013, J. Korean Stat. Soc. 42:323). One of each: the correlation ratio of the number's ranks,
    corrected for chance likewise (Kelley 1935, PNAS 21:554).
    """
    k = len(table.columns)
    found = np.full((k, k), np.nan)
    ranks = [_ranks(c, table.codes[:, j]) if c.is_number else None for j, c in enumerate(table.columns)]
    levels = [None if c.is_number else _levels(table.codes[:, j]) for j, c in enumerate(table.columns)]
    for i in range(k):
        for j in range(i, k):
            found[i, j] = found[j, i] = _pair((ranks[i], levels[i]), (ranks[j], levels[j]))
    return found


_Values = tuple[Floats | None, Codes | None]


def _pair(one: _Values, other: _Values) -> float:
    if one[0] is not None and other[0] is not None:
        return _spearman(one[0], other[0])
    if one[1] is not None and other[1] is not None:
        return _cramers_v(one[1], other[1])
    ranks, levels = (one[0], other[1]) if one[0] is not None else (other[0], one[1])
    if ranks is None or levels is None:
        return float("nan")
    return _correlation_ratio(ranks, levels)


def _ranks(column: EncodedColumn, codes: Codes) -> Floats:
    return column.place[codes]


def _levels(codes: Codes) -> Codes:
    """The most frequent values' own codes from 0, all others together as one."""
    counts = np.bincount(codes)
    if (counts > 0).sum() <= MAX_VALUES:
        return np.unique(codes, return_inverse=True)[1].astype(np.int32)
    place = np.full(len(counts), MAX_VALUES - 1, np.int32)
    place[np.argsort(-counts, kind="stable")[: MAX_VALUES - 1]] = np.arange(MAX_VALUES - 1)
    return place[codes]


def _spearman(one: Floats, other: Floats) -> float:
    both = ~np.isnan(one) & ~np.isnan(other)
    return abs(correlation(rank(one[both]), rank(other[both])))


def correlation(one: Floats, other: Floats) -> float:
    """Pearson's; NaN where one of the two is constant or there are fewer than 3 values."""
    if len(one) < 3 or np.ptp(one) == 0 or np.ptp(other) == 0:
        return float("nan")
    one, other = one - one.mean(), other - other.mean()
    return float(np.clip((one @ other) / np.sqrt((one @ one) * (other @ other)), -1, 1))


def rank(values: Floats) -> Floats:
    """Ranks from 0, ties share their mean."""
    _, back, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts + 1) / 2)[back])


def _cramers_v(one: Codes, other: Codes) -> float:
    rows, shape = len(one), (int(one.max(initial=0)) + 1, int(other.max(initial=0)) + 1)
    if min(shape) < 2 or rows < 3:
        return float("nan")
    seen = np.bincount(one * shape[1] + other, minlength=shape[0] * shape[1]).reshape(shape)
    expected = seen.sum(1, keepdims=True) * seen.sum(0, keepdims=True) / rows
    phi2 = float(((seen - expected) ** 2 / expected).sum()) / rows
    left, right = (s - (s - 1) ** 2 / (rows - 1) for s in shape)
    by_chance = (shape[0] - 1) * (shape[1] - 1) / (rows - 1)
    width = min(left, right) - 1
    return float(np.sqrt(min(max(phi2 - by_chance, 0.0) / width, 1.0))) if width > 0 else float("nan")


def _correlation_ratio(ranks: Floats, levels: Codes) -> float:
    present = ~np.isnan(ranks)
    values, groups = ranks[present], levels[present]
    counts = np.bincount(groups) if len(groups) else np.zeros(0, np.int64)
    used = int((counts > 0).sum())
    if len(values) <= used or used < 2 or np.ptp(values) == 0:
        return float("nan")
    means = np.bincount(groups, values) / np.maximum(counts, 1)
    within, total = float(((values - means[groups]) ** 2).sum()), float(((values - values.mean()) ** 2).sum())
    eta2 = 1 - within / total * (len(values) - 1) / (len(values) - used)
    return float(np.sqrt(max(eta2, 0.0)))


def group(table: EncodedTable, associations: Floats, together: float = TOGETHER) -> tuple[ColumnGroup, ...]:
    """Every column in one group: the two groups with the highest mean association join, while that is `together` or more.

    Average linkage, because single linkage chains: a is like b, b like c, and a nothing like c.
    """
    members = [[j] for j in range(len(table.columns))]
    near = np.nan_to_num(associations, nan=0.0)
    while len(members) > 1:
        i, j, height = _closest(members, near)
        if height < together:
            break
        members[i] = sorted(members[i] + members.pop(j))
    return tuple(_named(table, near, group) for group in sorted(members))


def _closest(members: list[list[int]], near: Floats) -> tuple[int, int, float]:
    joined = np.zeros((len(members), len(near)))
    for row, group in enumerate(members):
        joined[row, group] = 1 / len(group)
    between = joined @ near @ joined.T
    between[np.tril_indices(len(members))] = -1
    i, j = np.unravel_index(int(between.argmax()), between.shape)
    return int(i), int(j), float(between[i, j])


def _named(table: EncodedTable, near: Floats, members: list[int]) -> ColumnGroup:
    names = tuple(table.names[j] for j in members)
    if len(members) == 1:
        return ColumnGroup(names[0], names)
    pairs: npt.NDArray[np.float64] = near[np.ix_(members, members)][np.triu_indices(len(members), 1)]
    return ColumnGroup(" + ".join(names), names, float(pairs.mean()))


def with_groups(table: EncodedTable, groups: npt.NDArray[np.int64]) -> Floats:
    """(k,) association of each column with the groups that rows are in, 0 to 1; NaN where undefined."""
    levels = _levels(groups.astype(np.int32))
    found = []
    for j, column in enumerate(table.columns):
        codes = table.codes[:, j]
        one = (
            _correlation_ratio(_ranks(column, codes), levels)
            if column.is_number
            else _cramers_v(_levels(codes), levels)
        )
        found.append(one)
    return np.array(found)
