"""What to log, where, and at what cost."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

PARQUET = "parquet"
TFRECORD = "tfrecord"
FORMATS = (PARQUET, TFRECORD)
LEAST_SECRET = 16


@dataclass(frozen=True)
class RequestLogSettings:
    """Raises ValueError that names everything that is wrong.

    folder : holds a folder for each model.
    format : "parquet" or "tfrecord".
    sampling_rate : share of request ids that are logged, 0 to 1.
    rotate_seconds : a file is completed when it is this old; until then readers do not see it.
    rotate_bytes : and when it has grown to this size (Parquet: before compression).
    max_files : complete files kept of each model, the newest; 0 keeps all.
    queue_records, queue_bytes : what may wait for the writer; anything above is dropped.
    leave_out : inputs, outputs and features of tf.Examples that must not reach the disk.
    hash_columns : those written as a keyed hash only: equal values stay equal, and nobody without the secret can try
        values out. A missing value stays missing in a tf.Example; in a named column '' and NaN are values.
    hash_secret : key of the hash, at least 16 characters; not shown by repr.
    """

    folder: Path
    format: str = PARQUET
    sampling_rate: float = 1.0
    rotate_seconds: float = 300.0
    rotate_bytes: int = 128 * 2**20
    max_files: int = 0
    queue_records: int = 8192
    queue_bytes: int = 64 * 2**20
    leave_out: tuple[str, ...] = ()
    hash_columns: tuple[str, ...] = ()
    hash_secret: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        problems = [*self._sizes(), *self._columns()]
        if problems:
            raise ValueError("The request log's settings cannot be used: " + "; ".join(problems) + ".")

    def _sizes(self) -> Iterator[str]:
        if not str(self.folder):
            yield "folder is empty"
        if self.format not in FORMATS:
            yield f"format is {self.format!r}, it must be one of {', '.join(FORMATS)}"
        if not 0 <= self.sampling_rate <= 1:
            yield f"sampling_rate is {self.sampling_rate}, it must lie between 0 and 1"
        if not (self.rotate_seconds > 0 and math.isfinite(self.rotate_seconds)):
            yield f"rotate_seconds is {self.rotate_seconds}, it must be above 0"
        for name in ("rotate_bytes", "queue_records", "queue_bytes"):
            if getattr(self, name) < 1:
                yield f"{name} is {getattr(self, name)}, it must be at least 1"
        if self.max_files < 0:
            yield f"max_files is {self.max_files}, it must be 0 (keep all) or more"

    def _columns(self) -> Iterator[str]:
        for name in ("leave_out", "hash_columns"):
            columns = getattr(self, name)
            if not isinstance(columns, tuple) or not all(isinstance(c, str) and c for c in columns):
                yield f"{name} must be a tuple of column names"
                return
        both = sorted(set(self.leave_out) & set(self.hash_columns))
        if both:
            yield f"{', '.join(both)} cannot be both left out and hashed"
        if "request_id" in self.leave_out + self.hash_columns:
            yield "request_id is what labels are joined by; send random ids instead of hiding them"
        if self.hash_columns and len(self.hash_secret) < LEAST_SECRET:
            yield f"hash_columns need a hash_secret of at least {LEAST_SECRET} characters"
