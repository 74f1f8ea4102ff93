"""Digits that a number cannot hold: whole numbers beyond 53 bits, and zeros in front."""

from __future__ import annotations

from typing import Any

from sluicegate.tables.cells import have_leading_zeros
from sluicegate.tables.encoded import EncodedColumn

_DIGITS = r"^[+-]?[0-9]+(\.0*)?$"
_ZEROS = r"^[+-]?0[0-9]"
_SAFE_DIGITS = 15
"""Every whole number of so many digits is a double, too."""


def inexact(values: Any) -> Any:
    """(n,) bool: whole numbers that a 64-bit float cannot hold, so that neighbours would become one.

    values : pyarrow array of distinct texts, int64 or float64. Multiples of powers of two hold further: time stamps in
    nanoseconds that stand on whole seconds are exact, codes of 19 digits are not.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_floating(values.type):
        return np.zeros(len(values), bool)
    if pa.types.is_string(values.type):
        wrong = np.zeros(len(values), bool)
        long = np.flatnonzero(pc.greater(pc.binary_length(values), _SAFE_DIGITS).to_numpy(zero_copy_only=False))
        digits = pc.match_substring_regex(values.take(pa.array(long)), _DIGITS).to_numpy(zero_copy_only=False)
        for place in long[digits]:
            whole = values[int(place)].as_py().partition(".")[0]
            wrong[place] = _beyond(whole)
        return wrong
    whole = values.to_numpy(zero_copy_only=False)
    as_float = whole.astype(np.float64)
    fits = np.abs(as_float) < 2.0**63
    return ~fits | (np.where(fits, as_float, 0).astype(np.int64) != whole)


def _beyond(text: str) -> bool:
    """Python reads no more than 4,300 digits; nobody's number has 400."""
    return len(text) > 300 or int(float(text)) != int(text)


def zeros_in_front(values: Any) -> Any:
    """(n,) bool: texts such as "007"."""
    import numpy as np
    import pyarrow.compute as pc

    if not have_leading_zeros(values):
        return np.zeros(len(values), bool)
    return pc.match_substring_regex(values, _ZEROS).to_numpy(zero_copy_only=False)


def why_text(column: EncodedColumn) -> str | None:
    """Why the column's digits are kept as written; None where numbers lose nothing."""
    for wrong, reason in (
        (inexact(column.values), "more digits than a number holds (53 bits), so that neighbours would become one"),
        (zeros_in_front(column.values), "a zero in front, which numbers lose"),
    ):
        if wrong.any():
            code = int(wrong.argmax())
            rows = int(column.counts()[wrong].sum())
            return f"{rows:,} of {int((column.codes >= 0).sum()):,} values, such as {column.values[code].as_py()}, have {reason}"
    return None
