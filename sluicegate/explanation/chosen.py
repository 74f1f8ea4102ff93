"""Which rows are explained by themselves: chosen by rule, so that nobody picks the flattering ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from schemas.predictions import Answers
from sluicegate.explanation.table import Codes, EncodedTable, Floats

TYPICAL, UNCERTAIN, WRONG = "most typical", "most uncertain", "most wrong"
ALL_ROWS = "all rows"


@dataclass(frozen=True)
class Chosen:
    """A place among the rows that were looked at, with the rules that chose it and the group of each."""

    place: int
    rules: tuple[str, ...]
    groups: tuple[str, ...]


def choose(orders: Mapping[str, Floats], groups: Mapping[str, npt.NDArray[np.bool_]], shown: int) -> tuple[Chosen, ...]:
    """The first `shown` rows of each rule within each group; a row that several choose stands there once.

    orders : per rule (n,), the smallest first; NaN is never chosen. Ties go to the lower row.
    groups : per name, which of the rows belong to it.
    """
    found: dict[int, list[tuple[str, str]]] = {}
    for group, members in groups.items():
        for rule, order in orders.items():
            fit = np.flatnonzero(members & ~np.isnan(order))
            for place in fit[np.argsort(order[fit], kind="stable")][:shown].tolist():
                found.setdefault(place, []).append((rule, group))
    return tuple(Chosen(place, *map(tuple, zip(*why, strict=True))) for place, why in found.items())


def orders(answers: Answers, table: EncodedTable, scores: Floats, label: npt.NDArray[Any]) -> dict[str, Floats]:
    """Per rule (n,), the smallest first.

    most typical    nearest to the typical row (median or most frequent value of each column); mean distance per column
    most uncertain  nearest to the threshold (binary); smallest lead of the highest score over the second (multiclass)
    most wrong      lowest score of the true class among wrong decisions; furthest from the label (regression)

    label : (n,) place of the class, -1 where unknown; float with NaN of a regression.
    """
    rules = {TYPICAL: typicality(table)}
    if answers.task == "regression":
        return rules | {WRONG: -np.abs(scores[:, 0] - label)}
    uncertain = np.abs(scores[:, -1] - (0.5 if answers.threshold is None else answers.threshold))
    if answers.task == "multiclass":
        ordered = np.sort(scores, axis=1)
        uncertain = ordered[:, -1] - ordered[:, -2]
    of_truth = np.take_along_axis(scores, np.maximum(label, 0)[:, None], axis=1)[:, 0]
    is_wrong = (label >= 0) & (decide(answers, scores) != label)
    return rules | {UNCERTAIN: uncertain, WRONG: np.where(is_wrong, of_truth, np.nan)}


def typicality(table: EncodedTable) -> Floats:
    """(n,) mean distance of a row's values from the typical ones, 0 to 1."""
    typical: Codes = table.typical()
    if not len(typical):
        return np.zeros(len(table))
    return np.asarray(table.distances(table.codes, np.broadcast_to(typical, table.codes.shape)).mean(axis=1))


def decide(answers: Answers, scores: Floats) -> npt.NDArray[np.int64]:
    """(m,) place of the decided class, as schemas.predictions.Answers decides."""
    if answers.task == "binary":
        threshold = 0.5 if answers.threshold is None else answers.threshold
        return np.asarray(scores[:, -1] >= threshold, np.int64)
    return np.asarray(scores.argmax(axis=1), np.int64)
