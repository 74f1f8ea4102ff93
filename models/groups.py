"""Which group each row of a split belongs to, as small numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.rows import ModelRows
from schemas.errors import DataError, Problem

#: Fewer rows than these say too little about a group: it is left as it is.
LEAST_ROWS, LEAST_POSITIVES = 100, 30
OTHER = -1

Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class ModelGroups:
    """keys : the groups that are told apart, in byte order (group_keys.py says what a key holds)."""

    keys: tuple[bytes, ...]

    @classmethod
    def of_rows(cls, rows: ModelRows) -> ModelGroups:
        """The groups with at least LEAST_ROWS rows, LEAST_POSITIVES of them of the last class.

        rows : with their groups.
        """
        keys, codes = np.unique(rows.group_keys, return_inverse=True)
        counts = np.bincount(codes, minlength=len(keys))
        positives = np.bincount(codes, weights=rows.label == rows.label.max(), minlength=len(keys))
        return cls(tuple(keys[(counts >= LEAST_ROWS) & (positives >= LEAST_POSITIVES)].tolist()))

    @classmethod
    def told_apart(cls, rows: ModelRows, split: str) -> ModelGroups:
        """The same, of which there must be two.

        Raises
        ------
        DataError : one or none has enough rows.
        """
        groups = cls.of_rows(rows)
        if len(groups.keys) < 2:
            got = f"{len(groups.keys)} of {len(np.unique(rows.group_keys))} groups with enough rows"
            needed = f"two groups with {LEAST_ROWS} rows each, {LEAST_POSITIVES} of them positive"
            cure = "Widen fairness.sensitive's bins, name fewer columns in training.mitigation_of, or bring more rows."
            raise DataError("Groups cannot be treated alike.", Problem(f"split '{split}'", got, needed, cure))
        return groups

    def codes(self, rows: ModelRows) -> Codes:
        """(n_rows,) the place of each row's group in `keys`; OTHER for a group that is not told apart."""
        place = {key: code for code, key in enumerate(self.keys)}
        found, inverse = np.unique(rows.group_keys, return_inverse=True)
        return np.array([place.get(key, OTHER) for key in found.tolist()], np.int64)[inverse]
