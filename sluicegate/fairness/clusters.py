"""How much less rows tell where several belong to one key: a patient's visits, a customer's orders.

The variance of a share or a mean is linearised and added up by key instead of by row (Kish 1965, Survey Sampling, 5.4; Cochran 1977,
Sampling Techniques, 9A); through the variance of independent rows it is the design effect, by which the number of rows is divided (Korn &
Graubard 1998, Survey Methodology 24:193). It is never below 1, and never below what the correlation within keys, pooled over all groups,
makes of the group's own keys: a small group's own variance is noise. Few keys know their variance badly: Student's quantile in place of the
normal one widens that.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from sluicegate.fairness.counts import LABELS
from sluicegate.fairness.rates import RATES
from sluicegate.stats import keys as keys_
from sluicegate.stats.arrays import Floats, Ints, Mask

Which = Literal["mine", "before", "change"]


@dataclass(frozen=True, eq=False)
class RowValues:
    """What design effects are taken of; None where the task has it not.

    cluster : (rows,) from 0.  label : (rows,) 0, 1, 2 = unknown.  decision, before : (rows,) of the model and of the released one.
    score, error : (rows,) NaN where unknown; and the released model's.
    """

    cluster: Ints
    weight: Floats | None
    label: npt.NDArray[np.integer] | None
    decision: Mask | None
    before: Mask | None
    score: Floats
    score_before: Floats | None
    error: Floats | None
    error_before: Floats | None

    def taken(self, name: str, which: Which) -> tuple[Floats, Mask]:
        """(rows,) the values, and which rows they are taken over."""
        if name in ("score", "scores"):
            return _of(self.score, self.score_before, which)
        if name == "error" and self.error is not None:
            return _of(self.error, self.error_before, which)
        mine, of = self._hits("error_rate" if name == "error" else name, self.decision)
        if which == "mine":
            return mine, of
        before, of_before = self._hits("error_rate" if name == "error" else name, self.before)
        return (before, of_before) if which == "before" else (mine - before, of)

    def _hits(self, name: str, decision: Mask | None) -> tuple[Floats, Mask]:
        assert self.label is not None  # noqa: S101  only a task with classes has rates
        assert decision is not None  # noqa: S101
        found = []
        for cells in RATES[name]:
            table = np.zeros((LABELS, 2), bool)
            table[tuple(zip(*cells, strict=True))] = True
            found.append(table[self.label, decision.astype(np.int8)])
        return found[0].astype(np.float64), found[1]


def _of(mine: Floats, before: Floats | None, which: Which) -> tuple[Floats, Mask]:
    values = mine if which == "mine" or before is None else before if which == "before" else mine - before
    return np.nan_to_num(values), ~np.isnan(values)


@dataclass(frozen=True, eq=False)
class Clustered:
    """The rows of one grouping.  group : (rows,) from 0.  number : groups."""

    rows: RowValues
    group: Ints
    number: int
    _known: dict[tuple[str, str], Floats] = field(default_factory=dict)

    def effect(self, name: str, which: Which = "mine") -> Floats:
        """(groups,) design effect of an estimate: of the model, of the released one, or of the change between them."""
        key = (name, which)
        if key not in self._known:
            value, of = self.rows.taken(name, which)
            weight = np.ones(len(value)) if self.rows.weight is None else self.rows.weight
            chosen = of & (weight > 0)
            pairs = _Pairs.of(self.rows.cluster[chosen], self.group[chosen], self.number)
            self._known[key] = effects(pairs, value[chosen], weight[chosen])
        return self._known[key]


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Rows of one key in one group.  place : (rows,) which pair.  group : (rows,).  of_pair : (pairs,) the pair's group."""

    place: Ints
    group: Ints
    of_pair: Ints
    number: int

    @classmethod
    def of(cls, cluster: npt.NDArray[np.integer], group: Ints, number: int) -> _Pairs:
        codes, place = np.unique(cluster.astype(np.int64) * number + group, return_inverse=True)
        return cls(place, group, codes % number, number)

    def by_pair(self, values: Floats) -> Floats:
        return np.bincount(self.place, values, minlength=len(self.of_pair)).astype(np.float64)

    def by_group(self, values: Floats) -> Floats:
        return np.bincount(self.group, values, minlength=self.number).astype(np.float64)

    def of_pairs(self, values: Floats) -> Floats:
        return np.bincount(self.of_pair, values, minlength=self.number).astype(np.float64)


def effects(pairs: _Pairs, value: Floats, weight: Floats) -> Floats:
    """(groups,) design effects of the groups' weighted means; 1 where no key has two rows in the group."""
    rows, keys = pairs.by_group(np.ones(len(value))), pairs.of_pairs(np.ones(len(pairs.of_pair)))
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = pairs.by_group(weight * value) / pairs.by_group(weight)
        off = value - mean[pairs.group]
        alone = pairs.by_group((weight * off) ** 2)
        own = pairs.of_pairs(pairs.by_pair(weight * off) ** 2) / alone * (keys * (rows - 1)) / ((keys - 1) * rows)
        several = pairs.of_pairs(pairs.by_pair(weight) ** 2) / pairs.by_group(weight**2)
    pooled = 1 + _correlation(pairs, off) * (several - 1)
    found = np.fmax(np.fmax(own, pooled), 1.0)
    found = found * keys_.student(keys) ** 2
    return np.where((keys < rows) & np.isfinite(found), found, 1.0)


def _correlation(pairs: _Pairs, off: Floats) -> float:
    """Of two rows of one key in one group, over all groups, each group's variance taken as 1."""
    rows = pairs.by_group(np.ones(len(off)))
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = np.sqrt(pairs.by_group(off**2) / rows)[pairs.group]
        scaled = np.where(spread > 0, off / spread, 0.0)
    size = pairs.by_pair(np.ones(len(off)))
    several = (size * (size - 1)).sum()
    both = (pairs.by_pair(scaled) ** 2 - pairs.by_pair(scaled**2)).sum()
    return float(np.clip(both / several, 0.0, 1.0)) if several else 0.0
