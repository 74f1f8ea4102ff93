"""Partial dependence (Friedman 2001, Ann. Stat. 29:1189) and single rows' curves (Goldstein et al. 2015, JCGS 24:44)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from schemas.explanation_evidence import CurvePoint, Dependence
from sluicegate.explanation.asking import ModelEvaluator, Outcome
from sluicegate.explanation.measures import half_width
from sluicegate.explanation.table import Codes, EncodedTable, Floats
from sluicegate.stats.arrays import Ints

MAX_POINTS = 20
MAX_CURVES = 30


def dependence(
    ask: ModelEvaluator,
    outcome: Outcome,
    table: EncodedTable,
    numbers: npt.NDArray[np.int64],
    column: int,
    cluster: Ints | None = None,
) -> Dependence:
    """The explained score with `column` set to each of its usual values.

    numbers : (n,) the rows' numbers in the split.  cluster : (n,) of fairness.keys.numbered, or None.
    The interval at a point is of the mean over rows.
    """
    grid = points(table, column)
    codes = np.repeat(table.codes[:, None, :], len(grid), axis=1)
    codes[:, :, column] = grid
    which = np.repeat(np.arange(len(table)), len(grid))
    curves = outcome(ask(codes.reshape(-1, codes.shape[2])), which).reshape(len(table), len(grid))
    drawn = np.unique(np.linspace(0, len(table) - 1, min(MAX_CURVES, len(table))).astype(np.int64))
    described = table.columns[column]
    return Dependence(
        described.name,
        described.kind,
        tuple(_point(table, column, int(code), curves[:, place], cluster) for place, code in enumerate(grid)),
        tuple(tuple(curve) for curve in curves[drawn].round(6).tolist()),
        tuple(numbers[drawn].tolist()),
        len(table),
    )


def points(table: EncodedTable, column: int) -> Codes:
    """Codes of up to 20 values: evenly spread over the rows of a number column; the most frequent ones of another.

    A missing value is a point of its own where rows lack one. The least and greatest number are among the points.
    """
    described, codes = table.columns[column], table.codes[:, column]
    counts = np.bincount(codes, minlength=len(described.values))
    seen = np.flatnonzero(counts)
    if not described.is_number:
        return np.asarray(seen[np.argsort(-counts[seen], kind="stable")][:MAX_POINTS], np.int32)
    has_gaps = described.missing is not None and counts[described.missing] > 0
    present = seen[seen != described.missing]
    room = MAX_POINTS - int(has_gaps)
    if len(present) > room:
        # By rows and by distinct values, half and half: quantiles alone are all 0 where nearly every row is 0.
        rows = np.sort(codes[codes != described.missing])
        by_rows = rows[np.linspace(0, len(rows) - 1, room // 2).astype(np.int64)]
        by_values = present[np.linspace(0, len(present) - 1, room - room // 2).astype(np.int64)]
        present = np.unique(np.concatenate([by_rows, by_values]))
    return np.concatenate([present, [described.missing] if has_gaps else []]).astype(np.int32)


def _point(table: EncodedTable, column: int, code: int, scores: Floats, cluster: Ints | None) -> CurvePoint:
    described = table.columns[column]
    at = float(described.values[code]) if described.is_number and code != described.missing else None
    half = np.nan_to_num(half_width(scores, cluster))
    mean, share = float(scores.mean()), float((table.codes[:, column] == code).mean())
    return CurvePoint(described.text(code), at, mean, mean - float(half), mean + float(half), share)
