"""Rows of one key as one observation: what rows add to a value is added up by key before it is squared, and draws take whole keys.

Every interval and every draw of a gate goes through here, so that all of them have one answer to the question which rows belong together:
the scored rows' column `cluster` (docs/splits.md). A variance added up by key is that of Kish (1965, Survey Sampling, 6.4) and of Liang &
Zeger (1986, Biometrika 73:13); drawing whole keys is Davison & Hinkley's (1997, Bootstrap Methods and their Application, 3.8).
Few keys know their variance badly: Student's quantile in place of the normal one widens that.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sluicegate.stats import limits
from sluicegate.stats.arrays import Floats, Ints, Mask

#: Level at which Student's quantile is compared with the normal one.
LEVEL = 0.025


def numbered(cluster: npt.NDArray[np.integer] | None) -> Ints | None:
    """(rows,) the keys' numbers from 0 without a gap; None where no key has two rows, which need no adding up.

    >>> numbered(np.array([7, 3, 7])).tolist(), numbered(np.array([7, 3]))
    ([1, 0, 1], None)
    """
    if cluster is None:
        return None
    distinct, found = np.unique(cluster, return_inverse=True)
    return None if len(distinct) == len(found) else found.astype(np.int64)


def units(rows: int, cluster: Ints | None) -> int:
    """How many observations there are: keys, or rows.  cluster : of `numbered`, here and below."""
    return rows if cluster is None else int(cluster.max(initial=-1)) + 1


def added(values: Floats, cluster: Ints | None) -> Floats:
    """(rows, ...) summed up by key: (keys, ...)."""
    if cluster is None:
        return values
    if values.ndim == 1:
        return np.bincount(cluster, values).astype(np.float64)
    found = np.zeros((units(len(values), cluster), *values.shape[1:]))
    np.add.at(found, cluster, values)
    return found


def student(keys: Floats | float) -> Floats:
    """Student's quantile for so many keys through the normal one: what a standard error from few keys is widened by."""
    few = np.maximum(np.asarray(keys, np.float64), 2.0)
    widened: Floats = limits.student_quantile(LEVEL, few - 1.0) / -limits.normal_quantile(LEVEL)
    return widened


def small_sample(keys: int) -> float:
    """What a root of a sum of squares over keys is multiplied by; NaN for a single one, which tells no variance."""
    return float(np.sqrt(keys / (keys - 1)) * student(float(keys))) if keys > 1 else float("nan")


def deviation(values: Floats, cluster: Ints | None) -> float:
    """The standard deviation that as many independent rows with this error of their mean have.  values : (rows,); NaN for a single unit."""
    if cluster is None:
        return float(values.std(ddof=1)) if len(values) > 1 else float("nan")
    sums = added(values - values.mean(), cluster)
    return float(np.sqrt((sums * sums).sum() / len(values))) * small_sample(len(sums))


def effective_share(is_hit: Mask, cluster: Ints | None) -> float:
    """Independent rows that would know the share of hits as well: never more than there are.

    A share of none or all shows no variance; then Kish's number for keys of such sizes (1965, Survey Sampling, 8.2) stands for it.
    """
    rows = len(is_hit)
    if cluster is None or not rows:
        return float(rows)
    sizes = np.bincount(cluster).astype(np.float64)
    share = float(is_hit.mean())
    if not 0 < share < 1:
        return rows**2 / float((sizes * sizes).sum()) / float(student(float(len(sizes)))) ** 2
    spread = deviation(is_hit.astype(np.float64), cluster)
    return min(rows, rows * share * (1 - share) / spread**2) if np.isfinite(spread) and spread > 0 else 1.0


def drawn(rows: int, cluster: Ints | None, rng: np.random.Generator) -> Ints:
    """Places of the rows of as many keys as there are, drawn with replacement; of rows, where each is by itself."""
    if cluster is None:
        return rng.choice(np.arange(rows), rows)
    order, starts, sizes = by_key(cluster)
    chosen = rng.integers(0, len(sizes), len(sizes))
    within = np.arange(int(sizes[chosen].sum())) - np.repeat(np.cumsum(sizes[chosen]) - sizes[chosen], sizes[chosen])
    return np.asarray(order[np.repeat(starts[chosen], sizes[chosen]) + within])


def by_key(cluster: Ints) -> tuple[Ints, Ints, Ints]:
    """(rows,) places of the rows with each key's together; (keys,) where each key begins among them; (keys,) rows of each."""
    sizes = np.bincount(cluster)
    return np.argsort(cluster, kind="stable"), np.cumsum(sizes) - sizes, sizes
