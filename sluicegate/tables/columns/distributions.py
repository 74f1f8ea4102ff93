"""What is kept of every column and split for skew and drift, from the columns' distinct values: no row is looked at twice."""

from __future__ import annotations

from typing import Any

from schemas.distributions import Distribution, Numbers, SplitDistributions, Values
from schemas.roles import SPLITS
from sluicegate.tables.columns.columns import TypedColumn
from sluicegate.tables.columns.effective import effective_rows
from sluicegate.tables.columns.inspection import Examined
from sluicegate.tables.source import Source

#: A column with no more distinct numbers than this is kept whole.
WHOLE = 512
#: Of the others so many quantiles: what lies between two of them is known to 0.4 % of the rows.
QUANTILES = 256
#: A category that fewer rows hold than this share is pooled, so that at most 1,000 stand there and no row's own text does.
LEAST_SHARE, LEAST_ROWS = 0.001, 2


def distributions_of(examined: Examined, source: Source) -> dict[str, SplitDistributions]:
    """By split. Ids are left out: they are new by nature."""
    columns = [column for column in examined.columns if column.name not in source.ids]
    found: dict[str, dict[str, Distribution]] = {split: {} for split in SPLITS}
    for column in columns:
        for split, one in zip(SPLITS, _by_split(column, examined.splits.of_row), strict=True):
            found[split][column.name] = one
    effective = effective_rows(examined, source)
    return {
        split: SplitDistributions(
            len(examined.splits.rows(split)), effective[split], split in examined.splits.drawn, found[split]
        )
        for split in SPLITS
    }


def _by_split(column: TypedColumn, of_row: Any) -> list[Distribution]:
    import numpy as np

    size, codes = len(column.column.values) + 1, column.column.codes
    # Code -1, a missing value, falls on place 0.
    counts = np.bincount((codes + 1) + of_row.astype(np.int64) * size, minlength=size * len(SPLITS))
    counts = counts.reshape(len(SPLITS), size)[:, 1:]
    if column.type == "text" or column.kind == "category":
        return [_values(column.column.values, one) for one in counts]
    return _numbers(column, counts)


def _numbers(column: TypedColumn, counts: Any) -> list[Distribution]:
    import numpy as np

    numbers = column.column.values.to_numpy(zero_copy_only=False)
    if column.type == "float":
        with np.errstate(over="ignore"):
            # As the examples hold them; so are an old release's statistics.
            numbers = numbers.astype(np.float32)
    numbers = numbers.astype(np.float64)
    known = ~np.isnan(numbers)
    points, places = np.unique(numbers[known], return_inverse=True)
    return [_kept(points, np.bincount(places, weights=one[known], minlength=len(points))) for one in counts]


def _kept(points: Any, counts: Any) -> Numbers:
    import numpy as np

    held = counts > 0
    points, counts = points[held], counts[held]
    upto = np.cumsum(counts)
    present = int(upto[-1]) if len(upto) else 0
    mean, std = _moments(points, counts)
    if len(points) > WHOLE:
        ranks = np.linspace(1, present, QUANTILES + 1)
        kept = np.unique(np.append(np.searchsorted(upto, ranks), 0))
        points, counts, upto = points[kept], counts[kept], upto[kept]
    return Numbers(present=present, points=points, upto=upto, below=upto - counts, is_exact=True, mean=mean, std=std)


def _moments(points: Any, counts: Any) -> tuple[float | None, float | None]:
    import numpy as np

    finite = np.isfinite(points)
    if not finite.any():
        return None, None
    mean = float(np.average(points[finite], weights=counts[finite]))
    with np.errstate(over="ignore"):
        spread = float(np.sqrt(np.average((points[finite] - mean) ** 2, weights=counts[finite])))
    return (mean, spread) if np.isfinite([mean, spread]).all() else (None, None)


def _values(values: Any, counts: Any) -> Values:
    import numpy as np
    import pyarrow as pa

    present = int(counts.sum())
    least = max(LEAST_ROWS, LEAST_SHARE * present)
    kept = np.flatnonzero(counts >= least)
    kept = kept[np.argsort(-counts[kept], kind="stable")]
    names = tuple(values.take(pa.array(kept)).cast(pa.string()).to_pylist())
    rest = np.delete(counts, kept)
    return Values(present, names, counts[kept].astype(np.int64), int(rest.max(initial=0)))
