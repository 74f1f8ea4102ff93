"""Does the score hang on the columns that an explanation names? They are replaced, and so are as many random ones.

The deletion test of Samek et al. 2017 (IEEE TNNLS 28:2660), per row and with values of reference rows, by group.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sluicegate.explanation.asking import ModelEvaluator, Outcome
from sluicegate.explanation.table import Codes, Floats
from sluicegate.stats.arrays import Ints

#: Beside the strongest column, rounding of float32 scores is no part in them.
ROUNDING = 1e-6
#: One column in four is replaced, at least one.
SHARE = 4


def active_columns(contributions: Floats) -> npt.NDArray[np.int64]:
    """Columns that move some row's score.  contributions : (n, k)."""
    strongest = np.abs(contributions).max(axis=0, initial=0.0)
    return np.flatnonzero(strongest > ROUNDING * strongest.max(initial=0.0))


@dataclass(frozen=True, eq=False)
class Changes:
    """(n,) each: mean |change of the outcome| over the references with the strongest columns replaced, and with random ones.

    claimed : by how much the strongest should move it more, by the contributions' own sums.
    cluster : (n,) of fairness.keys.numbered, or None.
    """

    strongest: Floats
    random: Floats
    claimed: Floats
    cluster: Ints | None = None


def changes(
    ask: ModelEvaluator, outcome: Outcome, rows: Codes, setup: tuple[Floats, Codes, np.random.Generator]
) -> Changes:
    """Two replacements for every row.  setup : (n, k) contributions, (r, k) references, the source of chance.

    Only columns that move some row's score are drawn from: to beat columns without any part in it is no proof.
    """
    contributions, references, rng = setup
    active = active_columns(contributions)
    count = max(-(-len(active) // SHARE), 1)
    strength = np.abs(contributions[:, active])
    strongest = active[np.argsort(-strength, axis=1, kind="stable")[:, :count]] if len(active) else None
    if strongest is None:
        nothing = np.zeros(len(rows))
        return Changes(nothing, nothing, nothing)
    random = active[rng.random(strength.shape).argsort(axis=1)[:, :count]]
    before = outcome(ask(rows), np.arange(len(rows)))
    first, second = (_moved(ask, outcome, rows, references, columns, before) for columns in (strongest, random))
    sums = [np.abs(np.take_along_axis(contributions, one, axis=1).sum(axis=1)) for one in (strongest, random)]
    return Changes(first, second, sums[0] - sums[1])


def _moved(
    ask: ModelEvaluator,
    outcome: Outcome,
    rows: Codes,
    references: Codes,
    columns: npt.NDArray[np.int64],
    before: Floats,
) -> Floats:
    n, r = len(rows), len(references)
    replaced = np.zeros(rows.shape, bool)
    np.put_along_axis(replaced, columns, True, axis=1)
    codes = np.where(replaced[:, None], references[None], rows[:, None]).reshape(n * r, -1)
    after = outcome(ask(codes), np.repeat(np.arange(n), r)).reshape(n, r)
    return np.asarray(np.abs(after - before[:, None]).mean(axis=1))
