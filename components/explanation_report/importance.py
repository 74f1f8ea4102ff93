"""Permutation importance of columns and groups of columns: what is lost when their values change rows.

Breiman 2001 (Machine Learning 45:5), on the model's raw columns. The columns of a group change rows together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from components.explanation_report.asking import Asker
from components.explanation_report.measures import Measure, Measured, estimate, standard_error
from components.explanation_report.table import Codes, Floats
from schemas.explanation_evidence import Estimate


@dataclass(frozen=True, eq=False)
class Loss:
    """What shuffling cost.

    by_repeat : (repeats,) loss of each shuffle.
    whole : its mean, with an interval over rows and repeats together. A row moves it in two ways, as itself and as the one
    whose values another row was given (the two projections of a V-statistic, Serfling 1980, sec. 5.7 and 6.4); with few
    repeats the shuffles' noise is in both, and the interval rather too wide.
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
        codes, donors = shuffled(rows, columns, repeats, rng)
        scores = ask(codes).reshape(repeats, len(rows), -1)
        after = [[measure(one) for one in scores] for measure, _ in measures]
        pairs = zip(before, after, (sign for _, sign in measures), strict=True)
        found.append([_loss(was, now, sign, (weight, donors)) for was, now, sign in pairs])
    return found


def shuffled(
    rows: Codes, columns: Sequence[int], repeats: int, rng: np.random.Generator
) -> tuple[Codes, npt.NDArray[np.int64]]:
    """(repeats * n, k) the rows with these columns taken from another row, the same for all of them; (repeats, n) which."""
    donors = rng.permuted(np.tile(np.arange(len(rows)), (repeats, 1)), axis=1)
    many = np.tile(rows, (repeats, 1))
    for column in columns:
        many[:, column] = rows[donors.ravel(), column]
    return many, donors


def _loss(before: Measured, after: Sequence[Measured], sign: float, rows: tuple[Floats, npt.NDArray[np.int64]]) -> Loss:
    """Rows : (n,) weights; (repeats, n) whose values each row was given."""
    weight, donors = rows
    by_repeat = sign * (before.value - np.array([one.value for one in after]))
    moved = weight * np.stack([one.influence for one in after])
    as_donor = np.zeros_like(moved)
    np.put_along_axis(as_donor, donors, moved, axis=1)
    whole = weight * before.influence - moved.mean(axis=0) - as_donor.mean(axis=0)
    return Loss(
        by_repeat, estimate(float(by_repeat.mean()), standard_error(whole / weight.mean(), np.ones(len(weight))))
    )
