"""Whether rows with equal features are copies of one record, or only rows of coarse features (docs/splits.md, docs/adr/0013)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sluicegate.tables.hashes import mixed

if TYPE_CHECKING:
    import numpy as np

    Hashes = np.ndarray[Any, np.dtype[np.uint64]]

#: Rows that are looked at.
SAMPLE = 30_000
#: A column of which two rows agree less often by chance can tell copies from coarse features.
FINE = 0.1
#: Share of the rows up to which a value is no spike.
RARE = 0.03
#: Copies carry the same label, but for so many.
OTHER_LABEL = 0.01
#: Fewer repeats change no figure.
MIN_SHARE = 0.01
#: How many times more often than by chance rows that agree elsewhere must agree in every fine column. Of 3,200 simulated tables
#: without copies (200 to 3,000 rows, columns independent to nearly the same) none was above 3.3; docs/splits.md has the power.
BEYOND_CHANCE = 4.0
#: Of two columns the second says nothing that the first does not, where rows that agree in one agree so often in the other.
DETERMINED = 0.5
#: Columns that one column is compared over.
MOST_COMPARED = 12
#: Pairs under which nothing can be said.
MIN_PAIRS = 20


@dataclass(frozen=True)
class Repeats:
    """share : of the rows that repeat another row's features.  same_label : share of such pairs with one label.

    beyond_chance : how many times more often than by chance pairs that agree in all other columns agree in a fine one, in the
    fine column where it is least; 0 where no column is fine, or there are too few pairs.
    """

    share: float
    same_label: float = 0.0
    beyond_chance: float = 0.0

    @property
    def are_copies(self) -> bool:
        """At most one pair in `beyond_chance` is no copy, and only such may differ in the label."""
        if self.beyond_chance < BEYOND_CHANCE:
            return False
        return 1 - self.same_label <= OTHER_LABEL + 1 / self.beyond_chance


def share_of_repeats(rows: Hashes) -> float:
    """Share of the rows whose hash another row has, the first of them apart.  rows : (n_rows,)."""
    import numpy as np

    return 1 - len(np.unique(rows)) / max(len(rows), 1)


def sample_of(rows: int) -> Any:
    """Numbers of the rows that are looked at, sorted; shares of pairs are the same in a sample."""
    import numpy as np

    return np.arange(rows) if rows <= SAMPLE else np.sort(np.random.default_rng(0).choice(rows, SAMPLE, replace=False))


def repeats(features: Sequence[Hashes], label: Hashes, share: float | None = None) -> Repeats:
    """features, label : a hash per cell, of each column, of all rows or of `sample_of` them.  share : of all rows, if known.

    Rows of one record agree in everything. Rows of coarse features agree in all columns by chance, so among rows that agree in
    all columns but one, they agree in that one about as often as rows do that differ elsewhere. Columns that determine each
    other (a product and its price) are left out together, or each would seem to be a copy's.
    """
    if not features:
        return Repeats(0.0)
    every = sum(features[1:], start=features[0])
    share = share_of_repeats(every) if share is None else share
    equal = pairs(every)
    if share < MIN_SHARE or equal < MIN_PAIRS:
        return Repeats(share)
    return Repeats(share, pairs(every + mixed(label)) / equal, _beyond_chance(features))


def _beyond_chance(features: Sequence[Hashes]) -> float:
    import numpy as np

    rows = len(features[0])
    chance = [pairs(cells) / (rows * (rows - 1) / 2) for cells in features]
    fine = sorted((place for place, share in enumerate(chance) if share < FINE), key=chance.__getitem__)[:MOST_COMPARED]
    bundles = _bundles(features, fine)
    others = [{place} for place in range(len(features)) if place not in fine]
    found = []
    for bundle in bundles:
        rare = np.logical_and.reduce([_are_rare(features[place]) for place in bundle])
        compared = [one for one in (*bundles, *others) if one is not bundle][:MOST_COMPARED]
        found.append(_of_bundle([cells[rare] for cells in features], bundle, compared))
    return min(found, default=0.0)


def _of_bundle(features: Sequence[Hashes], bundle: set[int], compared: Sequence[set[int]]) -> float:
    every = sum(features[1:], start=features[0])
    rows, equal = len(every), pairs(every)
    if equal < MIN_PAIRS:
        return 0.0

    def without(left_out: set[int]) -> float:
        return pairs(sum((_negative(features[place]) for place in left_out), start=every))

    agree = without(bundle)
    by_chance = max(pairs(features[place]) for place in bundle) / (rows * (rows - 1) / 2)
    for other in compared:
        differing = without(bundle | other) - agree
        by_chance = max(by_chance, (without(other) - equal + by_chance) / (differing + 1))
    return equal / (agree * by_chance)


def _are_rare(cells: Hashes) -> Any:
    """(n_rows,) bool: whether the value is no spike. That two rows hold a common value, such as 0, says little."""
    import numpy as np

    _, places, counts = np.unique(cells, return_inverse=True, return_counts=True)
    return counts[places] <= RARE * len(cells)


def _negative(hashes: Hashes) -> Hashes:
    """Taken off a sum of hashes, in the numbers of 64 bits that wrap around."""
    import numpy as np

    return np.uint64(0) - hashes


def _bundles(features: Sequence[Hashes], fine: Sequence[int]) -> list[set[int]]:
    """The fine columns, those that determine one another together."""
    alone = {place: max(pairs(features[place]), 1.0) for place in fine}
    bundles: list[set[int]] = []
    for place in fine:
        near = {
            other
            for bundle in bundles
            for other in bundle
            if pairs(features[place] + features[other]) > DETERMINED * min(alone[place], alone[other])
        }
        touched = [bundle for bundle in bundles if bundle & near]
        bundles = [bundle for bundle in bundles if not bundle & near] + [{place}.union(*touched)]
    return bundles


def pairs(hashes: Hashes) -> float:
    """How many pairs of rows have one hash."""
    import numpy as np

    counts = np.unique(hashes, return_counts=True)[1].astype(np.float64)
    return float((counts * (counts - 1) / 2).sum())
