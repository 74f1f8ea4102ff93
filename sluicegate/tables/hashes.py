"""Hashes of cells and rows that stay the same on every machine, in every run and with every version of every library.

FNV-1a with 64 bits over UTF-8 bytes (Fowler, Noll, Vo; www.isthe.com/chongo/tech/comp/fnv), vectorised over the values,
then the finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014), because FNV's high bits are weak on short texts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from sluicegate.tables.cells import BOOLEANS, are_numbers, as_int64

if TYPE_CHECKING:
    import numpy as np

    Hashes = np.ndarray[Any, np.dtype[np.uint64]]

_OFFSET, _PRIME = 0xCBF29CE484222325, 0x100000001B3
#: Whole numbers that a float may not keep: 16 significant digits or more.
_LONG = r"^[+-]?0*[1-9][0-9]{15,}$"
#: Tell whole numbers, other numbers and texts apart, and mark a missing cell.
_WHOLE, _BROKEN, _TEXT, _MISSING = 0x57484F4C45, 0x42524F4B454E, 0x54455854, 0x4D495353494E47


def fnv1a(texts: Any) -> Hashes:
    """The FNV-1a hash of each text of a pyarrow string array. Time grows with the sum of their bytes.

    >>> import pyarrow as pa
    >>> hex(fnv1a(pa.array(["foobar"]))[0])
    '0x85944171f73967e8'
    """
    import numpy as np
    import pyarrow as pa

    flat = pa.concat_arrays([texts.cast(pa.large_string())])
    offsets = np.frombuffer(flat.buffers()[1], np.int64)[flat.offset : flat.offset + len(flat) + 1]
    data = np.frombuffer(flat.buffers()[2], np.uint8) if flat.buffers()[2] else np.zeros(0, np.uint8)
    lengths = np.diff(offsets)
    # Longest first, so that the texts that still have a byte at a given place are always the first ones.
    order = np.argsort(-lengths, kind="stable")
    starts, sorted_lengths = offsets[:-1][order], lengths[order]
    hashes = np.full(len(flat), _OFFSET, np.uint64)
    longest = int(sorted_lengths[0]) if len(flat) else 0
    alive = np.searchsorted(-sorted_lengths, -np.arange(longest), side="left")
    for place, count in enumerate(alive):
        hashes[:count] = (hashes[:count] ^ data[starts[:count] + place]) * np.uint64(_PRIME)
    result = np.empty_like(hashes)
    result[order] = hashes
    return result


def mixed(hashes: Hashes) -> Hashes:
    """SplitMix64's finaliser: every bit of the input reaches every bit of the output."""
    import numpy as np

    hashes = (hashes ^ (hashes >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    hashes = (hashes ^ (hashes >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return hashes ^ (hashes >> np.uint64(31))


def value_hashes(values: Any) -> Hashes:
    """One hash per value of a column as it is read, whatever type the column has: 39, 39.0 and "+39" are one value, as are
    TRUE and true, and a number with a fraction counts as the 32-bit float that it is trained on.

    values : pyarrow array without nulls: strings, int64 or float64. Read means trimmed, missing tokens gone (sluicegate/tables/cells.py).
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_string(values.type):
        return _number_hashes(values)
    hashes = mixed(fnv1a(values) ^ np.uint64(_TEXT))
    short = np.flatnonzero(
        pc.is_in(pc.binary_length(values), value_set=pa.array([4, 5])).to_numpy(zero_copy_only=False)
    )
    lower = pc.utf8_lower(values.take(pa.array(short)))
    is_boolean = pc.is_in(lower, value_set=pa.array(BOOLEANS))
    hashes[short[is_boolean.to_numpy(zero_copy_only=False)]] = mixed(fnv1a(lower.filter(is_boolean)) ^ np.uint64(_TEXT))
    is_number = are_numbers(values).to_numpy(zero_copy_only=False)
    is_long = pc.match_substring_regex(values, _LONG).to_numpy(zero_copy_only=False)
    if (is_number & ~is_long).any():
        hashes[is_number & ~is_long] = _number_hashes(values.filter(pa.array(is_number & ~is_long)))
    if is_long.any():
        hashes[is_long] = _long_hashes(values.filter(pa.array(is_long)), hashes[is_long])
    return hashes


def _long_hashes(values: Any, as_texts: Hashes) -> Hashes:
    """As a float such a number would be another one; one beyond 64 bits is a name and stays a text."""
    import numpy as np
    import pyarrow as pa

    if (whole := as_int64(values)) is not None:
        return _number_hashes(whole)
    numbers = [int(text) for text in values.to_pylist()]
    fits = np.array([-(2**63) <= number < 2**63 for number in numbers])
    hashes = as_texts.copy()
    hashes[fits] = _number_hashes(pa.array([n for n, is_in in zip(numbers, fits, strict=True) if is_in], pa.int64()))
    return hashes


def _number_hashes(values: Any) -> Hashes:
    """Whole numbers by their 64-bit integer; others by their 32-bit float.  values : texts that are numbers, too."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_integer(values.type):
        return mixed(values.to_numpy(zero_copy_only=False).astype(np.int64).view(np.uint64) ^ np.uint64(_WHOLE))
    if pa.types.is_string(values.type) and pc.any(pc.starts_with(values, "+")).as_py():
        values = pc.utf8_ltrim(values, "+")
    floats = values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    is_whole = (np.abs(floats) < 2.0**53) & (np.floor(floats) == floats)
    whole = np.where(is_whole, floats, 0.0).astype(np.int64).view(np.uint64) ^ np.uint64(_WHOLE)
    with np.errstate(over="ignore"):
        broken = floats.astype(np.float32).view(np.uint32).astype(np.uint64) ^ np.uint64(_BROKEN)
    return mixed(np.where(is_whole, whole, broken))


def cells(columns: Iterable[tuple[Any, Hashes]]) -> Iterator[Hashes]:
    """One hash per cell, (n_rows,) uint64 each column, that differs by the column's place in the list; names do not go in.

    One column at a time is in memory.

    columns : per column the codes, (n_rows,) int, -1 where missing, and `value_hashes` of its distinct values.
    """
    import numpy as np

    for place, (codes, hashes) in enumerate(columns):
        salt = mixed(np.array([place + 1], np.uint64))
        yield mixed(np.append(hashes, np.uint64(_MISSING)) ^ salt)[codes]


def combined(columns: Iterable[tuple[Any, Hashes]], rows: int) -> Hashes:
    """One hash per row, (n_rows,) uint64, of its cells.  columns : as in `cells`."""
    import numpy as np

    total = np.zeros(rows, np.uint64)
    for one in cells(columns):
        total += one
    return mixed(total)
