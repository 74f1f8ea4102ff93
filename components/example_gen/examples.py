"""Rows as the list columns that tfx_bsl turns into tf.Examples."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

BATCH_ROWS = 16_384


def example_batches(table: Any, rows: int = BATCH_ROWS) -> Iterator[Any]:
    """Record batches of large_list<int64 | float32 | large_binary>: one value per cell, null where it is missing.

    A null becomes a feature that the Example lacks, which TFDV counts as missing; an empty list would count as present.

    Parameters
    ----------
    table : pyarrow table of int64, float32 and string columns.
    """
    import pyarrow as pa

    for batch in table.combine_chunks().to_batches(max_chunksize=rows):
        arrays = [_lists(column) for column in batch.columns]
        yield pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)


def _lists(column: Any) -> Any:
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    present = pc.is_valid(column)
    values = column.drop_null()
    if pa.types.is_string(column.type):
        values = values.cast(pa.large_binary())
    ends = np.cumsum(present.to_numpy(zero_copy_only=False), dtype=np.int64)
    offsets = pa.array(np.concatenate([[0], ends]).astype(np.int64))
    lists = pa.LargeListArray.from_arrays(offsets, values)
    if not column.null_count:
        return lists
    is_missing = pc.invert(present)
    return pa.LargeListArray.from_arrays(offsets, values, mask=is_missing)
