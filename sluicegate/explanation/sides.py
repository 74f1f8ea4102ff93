"""The gap that is explained: of which rate, over which rows, between which two groups.

Shapley values and shuffles need a gap that is a difference of two means over rows that do not change with the decisions.
Selection rate, true and false positive rate, error and score are such means; precision is not, for its rows are those that
the model selects.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sluicegate.explanation import measures
from sluicegate.explanation.asking import Outcome
from sluicegate.explanation.chosen import decide
from sluicegate.explanation.subject import ExplainedGrouping, ExplainedSplit, SensitiveCodes, together
from sluicegate.explanation.table import Floats

Mask = npt.NDArray[np.bool_]
_SELECTED = "selection_rate"
#: Kind of a rate to its name, and to which rows it is over, told of the explained class.
_WORDS = {
    _SELECTED: ("selection rate", ""),
    "tpr": ("true positive rate", " whose label is {}"),
    "fpr": ("false positive rate", " whose label is not {}"),
    "error": ("error rate", " with a known label"),
    "score": ("mean score", ""),
}


@dataclass(frozen=True)
class Rate:
    """A mean over rows.  kind : a key of fairness.rates, "error" or "score".  explained : place of the positive class."""

    kind: str
    explained: int

    def under(self, split: ExplainedSplit) -> Mask:
        """(n,) the rows that the rate is about, whatever they weigh: what the gate's floors count."""
        if self.kind in (_SELECTED, "score"):
            return np.ones(len(split), bool)
        if self.kind == "error":
            return split.has_label
        return np.asarray(split.has_label & ((split.label == self.explained) == (self.kind == "tpr")))

    def base(self, split: ExplainedSplit) -> Mask:
        """(n,) the rows that the mean is over; without weight, a row counts nowhere."""
        return np.asarray(self.under(split) & (split.weight > 0))

    def outcome(self, split: ExplainedSplit) -> Outcome:
        """What is averaged, for scores of rows of `split`."""
        answers, label, explained = split.answers, split.label, self.explained
        if self.kind == "score":
            return lambda scores, rows: scores[:, explained]
        if answers.task == "regression":
            return lambda scores, rows: np.abs(scores[:, 0] - label[rows])
        if self.kind == "error":
            return lambda scores, rows: ((decide(answers, scores) == explained) != (label[rows] == explained)).astype(
                np.float64
            )
        return lambda scores, rows: (decide(answers, scores) == explained).astype(np.float64)

    def name(self, split: ExplainedSplit) -> str:
        if split.answers.task == "regression":
            return "mean absolute error" if self.kind == "error" else "mean value"
        name = _WORDS[self.kind][0]
        if split.answers.task == "binary":
            return name
        named = split.answers.classes[self.explained]
        return f"rate of {named}" if self.kind == _SELECTED else f"{name} of {named}"

    def rows(self, split: ExplainedSplit) -> str:
        """Words behind "rows" that say which."""
        classes = split.answers.classes
        return _WORDS[self.kind][1].format(classes[self.explained] if classes else "")


@dataclass(frozen=True, eq=False)
class Sides:
    """The two groups that lie furthest apart, on all rows.

    rate : what they differ in.  grouping : of every row of the split.  over_all_rows : the gap there.
    """

    columns: tuple[str, ...]
    rate: Rate
    grouping: ExplainedGrouping
    high: str
    low: str
    over_all_rows: float

    def members(self, split: ExplainedSplit) -> tuple[Mask, Mask]:
        """Rows of either side that the rate is over.  split : the rows that `grouping` groups."""
        base = self.rate.base(split)
        return self.grouping.members(self.high) & base, self.grouping.members(self.low) & base

    def measure(self, split: ExplainedSplit) -> measures.Measure:
        """The gap as a function of all rows' scores."""
        high, low = self.members(split)
        outcome, numbers = self.rate.outcome(split), np.arange(len(split))
        return lambda scores: measures.gap(outcome(scores, numbers), high, low, split.weight)


def rates_of(split: ExplainedSplit, sensitive: SensitiveCodes, explained: int) -> tuple[Rate, ...]:
    """What the first limit compares; where that is no mean over known rows, the selection rate or a regression's value."""
    if split.answers.task == "regression":
        return (Rate("error" if "error" in sensitive.rates else "score", 0),)
    kinds = [{"scores": "score"}.get(kind, kind) for kind in sensitive.rates]
    return tuple(Rate(kind, explained) for kind in kinds if kind in _WORDS) or (Rate(_SELECTED, explained),)


def sides_of(split: ExplainedSplit, sensitive: SensitiveCodes, explained: int) -> Sides | str:
    """The two groups that are compared, or why there are none. Of two rates, that with the larger gap.

    Only groups that the gate judges can be the highest or the lowest: `sensitive.min_rows` rows or more, and
    `sensitive.min_positives` or more under the rate.
    """
    if not sensitive.compared:
        return "No sensitive column is declared (fairness.sensitive), so no gap is explained."
    grouping = together([split.groups[name] for name in sensitive.compared])
    found = [_furthest(split, sensitive, grouping, rate) for rate in rates_of(split, sensitive, explained)]
    return max(found, key=lambda one: one.over_all_rows if isinstance(one, Sides) else -1.0)


def _furthest(split: ExplainedSplit, sensitive: SensitiveCodes, grouping: ExplainedGrouping, rate: Rate) -> Sides | str:
    means = _means(split, grouping, rate, sensitive)
    what = " x ".join(sensitive.compared)
    if len(means) < 2:
        return (
            f"Fewer than two groups of {what} have {sensitive.min_rows} rows (fairness.min_rows) and {sensitive.min_positives} "
            f"rows{rate.rows(split)} (fairness.min_positives), so no gap is explained."
        )
    high, low = max(means, key=lambda name: means[name]), min(means, key=lambda name: means[name])
    if means[high] == means[low]:
        return f"The groups of {what} do not differ in {rate.name(split)}, so there is no gap to explain."
    return Sides(sensitive.compared, rate, grouping, high, low, means[high] - means[low])


def _means(split: ExplainedSplit, grouping: ExplainedGrouping, rate: Rate, floors: SensitiveCodes) -> dict[str, float]:
    under, base = rate.under(split), rate.base(split)
    outcome: Floats = rate.outcome(split)(split.scores, np.arange(len(split)))
    means = {}
    for name in grouping.names:
        members = grouping.members(name)
        is_judged = members.sum() >= floors.min_rows and (members & under).sum() >= floors.min_positives
        rows = members & base
        if is_judged and rows.any():
            means[name] = float(np.average(outcome[rows], weights=split.weight[rows]))
    return means
