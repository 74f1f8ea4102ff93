"""Raw rows with every value replaced by its number among the column's distinct values.

Shuffling, mixing and comparing rows then is arithmetic on small integers, and two equal rows are found by their codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
MISSING = "(missing)"


@dataclass(frozen=True, eq=False)
class EncodedColumn:
    """One raw column.

    kind : "number", "category" or "date".
    values : (v,) its distinct values, sorted; floats, NaN last, or text (str or bytes).
    place : (v,) for numbers, the share of rows below the value (half of its own counted); NaN where it is missing.
    """

    name: str
    kind: str
    values: npt.NDArray[Any]
    place: Floats

    @property
    def is_number(self) -> bool:
        """Whether its values have an order and distances."""
        return self.values.dtype.kind == "f"

    @property
    def missing(self) -> int | None:
        """The code of the missing value; None where no row lacks one."""
        if self.is_number:
            return len(self.values) - 1 if len(self.values) and np.isnan(self.values[-1]) else None
        return 0 if len(self.values) and len(self.values[0]) == 0 else None

    def text(self, code: int) -> str:
        """A value as people read it."""
        if code == self.missing:
            return MISSING
        value = self.values[code]
        return text_of(value) if not self.is_number else f"{value:.6g}" if abs(value) < 1e6 else f"{value:.10g}"


@dataclass(frozen=True, eq=False)
class EncodedTable:
    """codes : (n, k) int32, one column per member of `columns`."""

    columns: tuple[EncodedColumn, ...]
    codes: Codes

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def take(self, rows: npt.NDArray[np.int64]) -> EncodedTable:
        """Some of its rows; the distinct values and places stay those of all."""
        return replace(self, codes=self.codes[rows])

    def raw(self, codes: Codes) -> dict[str, npt.NDArray[Any]]:
        """(m, k) codes as the raw columns that a model is asked with."""
        return {column.name: column.values[codes[:, j]] for j, column in enumerate(self.columns)}

    def distances(self, codes: Codes, others: Codes) -> Floats:
        """(m, k): how far each value lies from the other's, 0 to 1.

        Numbers: the share of the table's rows between the two (Gower 1971, Biometrics 27:857, with the range replaced
        by ranks, because one huge value would make all others equal). Text, and missing against present: 0 or 1.
        """
        apart = (codes != others).astype(np.float64)
        for j, column in enumerate(self.columns):
            if column.is_number:
                between = np.abs(column.place[codes[:, j]] - column.place[others[:, j]])
                apart[:, j] = np.where(np.isnan(between), apart[:, j], between)
        return apart

    def typical(self) -> Codes:
        """(k,) the median of each number column (a value that occurs), the most frequent value of each other."""
        return np.array([self._typical(j) for j in range(len(self.columns))], np.int32)

    def _typical(self, j: int) -> int:
        column = self.columns[j]
        counts = np.bincount(self.codes[:, j], minlength=len(column.values))
        if column.is_number:
            if column.missing is not None:
                counts[column.missing] = 0
            if counts.any():
                return int(np.searchsorted(np.cumsum(counts), counts.sum() / 2))
            return int(column.missing or 0)
        return int(counts.argmax())


def text_of(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def of_columns(raw: Mapping[str, npt.NDArray[Any]], kinds: Mapping[str, str] | None = None) -> EncodedTable:
    """A table from raw columns.

    raw : (n,) each: float64 with NaN = missing, or objects (str or bytes) with '' = missing.
    kinds : "number", "category" or "date" of a column; read off its dtype where it is not named.
    """
    columns, codes = [], []
    for name, cells in raw.items():
        values, code = np.unique(cells, return_inverse=True)
        counts = np.bincount(code, minlength=len(values))
        kind = (kinds or {}).get(name) or ("number" if values.dtype.kind == "f" else "category")
        columns.append(EncodedColumn(name, kind, values, _places(values, counts)))
        codes.append(code.astype(np.int32))
    n_rows = len(codes[0]) if codes else 0
    return EncodedTable(tuple(columns), np.stack(codes, axis=1) if codes else np.empty((n_rows, 0), np.int32))


def _places(values: npt.NDArray[Any], counts: npt.NDArray[np.int64]) -> Floats:
    if values.dtype.kind != "f":
        return np.full(len(values), np.nan)
    counts = np.where(np.isnan(values), 0, counts)
    return np.where(np.isnan(values), np.nan, (np.cumsum(counts) - counts / 2) / max(counts.sum(), 1))
