"""Permutation importance of columns and groups of columns: what is lost when their values change rows.

Breiman 2001 (Machine Learning 45:5), on the model's raw columns. The columns of a group change rows together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from components.explanation_report.asking import Asker
from components.explanation_report.measures import Measure, Measured, estimate, standard_error
from components.explanation_report.table import Codes, Floats
from schemas.explanation_evidence import Estimate


@dataclass(frozen=True, eq=False)
class Loss:
    """What shuffling cost.

    by_repeat : (repeats,) loss of each shuffle.
    whole : its mean, with an interval over rows and repeats: the variance of the mean influence of the rows, plus the
    variance of the repeats' mean. Part of the shuffles' noise is in both, so the interval is rather too wide.
    """

    by_repeat: Floats
    whole: Estimate

    @property
    def repeat_sd(self) -> float | None:
        return float(self.by_repeat.std(ddof=1)) if len(self.by_repeat) > 1 else None


def losses(
    ask: Asker,
    rows: Codes,
    targets: Sequence[Sequence[int]],
    measures: Sequence[tuple[Measure, float]],
    setup: tuple[Floats, int, np.random.Generator],
) -> list[list[Loss]]:
    """For each target, one Loss per measure.

    rows : (n, k) codes.  targets : columns that change rows together.
    measures : each with its sign: 1 where a larger value is better, -1 where it is worse.
    setup : (n,) weights, repeats, the source of chance.
    """
    weight, repeats, rng = setup
    base = ask.remember(rows)
    before = [measure(base) for measure, _ in measures]
    found = []
    for columns in targets:
        scores = ask(shuffled(rows, columns, repeats, rng)).reshape(repeats, len(rows), -1)
        after = [[measure(one) for one in scores] for measure, _ in measures]
        pairs = zip(before, after, (sign for _, sign in measures), strict=True)
        found.append([_loss(was, now, sign, weight) for was, now, sign in pairs])
    return found


def shuffled(rows: Codes, columns: Sequence[int], repeats: int, rng: np.random.Generator) -> Codes:
    """(repeats * n, k): the rows, with these columns taken from another row, the same for all of them."""
    n = len(rows)
    order = rng.permuted(np.tile(np.arange(n), (repeats, 1)), axis=1).ravel()
    many = np.tile(rows, (repeats, 1))
    for column in columns:
        many[:, column] = rows[order, column]
    return many


def _loss(before: Measured, after: Sequence[Measured], sign: float, weight: Floats) -> Loss:
    by_repeat = sign * (before.value - np.array([one.value for one in after]))
    influence = before.influence - np.mean([one.influence for one in after], axis=0)
    over_repeats = by_repeat.std(ddof=1) / np.sqrt(len(by_repeat)) if len(by_repeat) > 1 else 0.0
    error = np.hypot(standard_error(influence, weight), over_repeats)
    return Loss(by_repeat, estimate(float(by_repeat.mean()), float(error)))
