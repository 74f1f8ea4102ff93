"""Hashes of rows that stay the same on every machine, in every run and with every version of every library.

FNV-1a with 64 bits over UTF-8 bytes (Fowler, Noll, Vo; www.isthe.com/chongo/tech/comp/fnv), vectorised over the values,
then the finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014), because FNV's high bits are weak on short texts.
Hashed is the cell's text, trimmed and before any type is guessed; a missing value hashes as the empty text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from components.example_gen.encoded import EncodedColumn

if TYPE_CHECKING:
    import numpy as np

    Hashes = np.ndarray[Any, np.dtype[np.uint64]]

_OFFSET, _PRIME = 0xCBF29CE484222325, 0x100000001B3


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


def row_hashes(columns: Sequence[EncodedColumn], rows: int) -> Hashes:
    """One hash per row, (n_rows,) uint64. Neither the order of the columns nor that of the rows matters."""
    import numpy as np
    import pyarrow as pa

    total = np.zeros(rows, np.uint64)
    for column in columns:
        texts = pa.concat_arrays([column.values.cast(pa.string()), pa.array([""])])
        name = mixed(fnv1a(pa.array([column.name])))[0]
        # The name goes in, or swapping the values of two columns would give the same sum.
        total += mixed(fnv1a(texts) ^ name)[column.codes]
    return mixed(total)


def shares(hashes: Hashes) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Each hash as a float in [0, 1), from its upper 53 bits."""
    import numpy as np

    return (hashes >> np.uint64(11)).astype(np.float64) * 2.0**-53


def mixed(hashes: Hashes) -> Hashes:
    """SplitMix64's finaliser: every bit of the input reaches every bit of the output."""
    import numpy as np

    hashes = (hashes ^ (hashes >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    hashes = (hashes ^ (hashes >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return hashes ^ (hashes >> np.uint64(31))
