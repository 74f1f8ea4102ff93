"""The Parquet format. While it grows, a file is an Arrow stream, of which a killed server loses no whole batch."""

from __future__ import annotations

import itertools
import logging
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from schemas.whole_file import replacing
from sluicegate.serving import private
from sluicegate.serving.exchange import Exchange
from sluicegate.serving.request_log import columns, kinds
from sluicegate.serving.request_log.formats import LoggedBatch

log = logging.getLogger("sluicegate.serving")

ENDING = "parquet"
#: Lines of a row group.
GROUP_LINES = 65_536
#: A client makes up feature names as it likes; each new one begins a file.
MOST_COLUMNS = 2_000


class ParquetFormat:
    """Knows of each stream the widest schema so far, so that a type that comes and goes does not cut files apart."""

    ending = ENDING

    def __init__(self) -> None:
        # The first NumPy array makes pyarrow import pandas, for a second or two; not while requests wait for the thread.
        pa.array(np.zeros(1))
        self._schemas: dict[tuple[str, str], Any] = {}

    def stream_of(self, exchange: Exchange) -> tuple[str, str]:
        return exchange.model, exchange.signature

    def encode(self, exchanges: Sequence[Exchange]) -> LoggedBatch:
        alike: dict[columns.Layout, list[Exchange]] = {}
        for _, together in itertools.groupby(exchanges, key=lambda e: id(e.part.of)):
            group = list(together)
            alike.setdefault(columns.layout_of(group[0].part.of), []).extend(group)
        tables = [columns.arrow_columns(group, layout) for layout, group in alike.items()]
        stream = self.stream_of(exchanges[0])
        schema = self._schemas.get(stream, pa.schema(columns.FIXED))
        for table in tables:
            schema = _widened(schema, table, stream)
        self._schemas[stream] = schema
        batches = (_batch(table, schema) for table in tables)
        return LoggedBatch(schema.serialize().to_pybytes(), [b.serialize().to_pybytes() for b in batches if b.num_rows])

    def open(self, path: Path, layout: bytes) -> ArrowStream:
        return ArrowStream(path, layout)

    def finish(self, in_progress: Path, complete: Path, torn: bool) -> bool:
        """Rewrites a stream as Parquet, up to a tear; False where it holds nothing. Raises OSError."""
        with (
            replacing(complete, complete.with_name(f".{complete.name}.tmp")) as aside,
            pa.memory_map(str(in_progress)) as source,
        ):
            lines = _rewrite(source, aside)
        return bool(lines)


class ArrowStream:
    """A file of Arrow messages. An append is on the disk as a whole or not at all."""

    def __init__(self, path: Path, schema: bytes) -> None:
        self._descriptor = os.open(path, os.O_WRONLY)
        self.size = 0
        try:
            self.append([schema])
        except BaseException:
            os.close(self._descriptor)
            raise

    def append(self, messages: Sequence[bytes]) -> None:
        """Raises OSError."""
        rest = memoryview(b"".join(messages))
        whole = len(rest)
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError:
            os.ftruncate(self._descriptor, self.size)
            os.lseek(self._descriptor, self.size, os.SEEK_SET)
            raise
        self.size += whole

    def close(self) -> None:
        os.close(self._descriptor)


def _widened(schema: Any, table: dict[str, Any], stream: tuple[str, str]) -> Any:
    for name, array in table.items():
        at = schema.get_field_index(name)
        if at >= 0:
            joined = kinds.join(schema.field(at).type, array.type)
            schema = schema if joined == schema.field(at).type else schema.set(at, pa.field(name, joined))
        elif len(schema) < MOST_COLUMNS:
            schema = schema.append(pa.field(name, array.type))
            if len(schema) == MOST_COLUMNS:
                log.warning("request log: model %s, signature %s: no columns beyond %d", *stream, MOST_COLUMNS)
    return schema


def _batch(table: dict[str, Any], schema: Any) -> Any:
    lines = len(table["row"])
    arrays = [
        kinds.fit(table[field.name], field.type) if field.name in table else pa.nulls(lines, field.type)
        for field in schema
    ]
    return pa.record_batch(arrays, schema=schema)


def _rewrite(source: Any, aside: Path) -> int:
    """Number of lines written."""
    try:
        stream = pa.ipc.open_stream(source)
    except (pa.ArrowInvalid, OSError, EOFError):
        # Killed before the schema was down.
        return 0
    lines = 0
    with (
        open(aside, "wb", opener=private.opener) as sink,
        pq.ParquetWriter(sink, stream.schema, compression="zstd") as writer,
    ):
        for table in _groups(stream):
            writer.write_table(table, row_group_size=GROUP_LINES)
            lines += table.num_rows
    if not lines:
        aside.unlink()
    return lines


def _groups(stream: Any) -> Iterator[Any]:
    waiting: list[Any] = []
    lines = 0
    for batch in _whole_batches(stream):
        waiting.append(batch)
        lines += batch.num_rows
        if lines >= GROUP_LINES:
            yield pa.Table.from_batches(waiting)
            waiting, lines = [], 0
    if waiting:
        yield pa.Table.from_batches(waiting)


def _whole_batches(stream: Any) -> Iterator[Any]:
    while True:
        try:
            batch = stream.read_next_batch()
            batch.validate(full=True)
        except (StopIteration, pa.ArrowInvalid, OSError, EOFError):
            return
        yield batch
