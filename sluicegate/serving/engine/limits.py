"""How large batches get and how many may wait."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BatchLimits:
    """Names as in TensorFlow Serving's BatchingParameters.

    max_batch_size : rows; a larger request runs by itself.
    batch_timeout_micros : how long a free thread waits for a batch to fill.
    max_enqueued_batches : of max_batch_size rows, waiting; beyond it requests are refused with RESOURCE_EXHAUSTED.
    num_batch_threads : batches that run at the same time.
    allowed_batch_sizes : rising; a batch is padded to the next of them. Empty: any size.
    """

    max_batch_size: int = 128
    batch_timeout_micros: int = 0
    max_enqueued_batches: int = 64
    num_batch_threads: int = 1
    allowed_batch_sizes: tuple[int, ...] = ()

    def padded(self, rows: int) -> int:
        """Rows of the batch in which `rows` are run."""
        return next((size for size in self.allowed_batch_sizes if size >= rows), rows)


#: Each request runs by itself.
UNBATCHED = BatchLimits(max_batch_size=1)
