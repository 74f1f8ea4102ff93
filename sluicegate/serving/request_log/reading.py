"""What a request log has written, as Arrow tables. Files in progress are not seen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sluicegate.serving.request_log import kinds, names
from sluicegate.serving.request_log.columns import FIXED, INPUT
from sluicegate.serving.request_log.files import complete_files

ENDING = "parquet"


def files(folder: Path, model: str) -> list[Path]:
    """Complete Parquet files of a model, the oldest first.

    folder : as in the log's settings.
    """
    return complete_files(folder / names.folder_of(model), ENDING)


def scan(
    folder: Path, model: str, columns: Sequence[str] | None = None, since: datetime | None = None
) -> Iterator[pa.Table]:
    """A table for each file, the oldest first, each with the columns that it has.

    columns : those wanted; None for all.  since : lines received at this time or later; it must carry a time zone.
    """
    for path in files(folder, model):
        try:
            yield _read(path, columns, since)
        except FileNotFoundError:
            # Its turn to be removed came while we were reading the others.
            continue


def read(folder: Path, model: str, columns: Sequence[str] | None = None, since: datetime | None = None) -> pa.Table:
    """All lines as one table, in columns wide enough for every file; null where a file has no such column."""
    return together(scan(folder, model, columns, since), columns)


def together(tables: Iterable[Any], columns: Sequence[str] | None = None) -> pa.Table:
    """Tables of different files as one."""
    held = list(tables)
    types: dict[str, Any] = {name: kind for name, kind in FIXED if columns is None or name in columns}
    for table in held:
        for field in table.schema:
            types[field.name] = kinds.join(types.get(field.name, pa.null()), field.type)
    schema = pa.schema(types.items())
    return pa.concat_tables([_fitted(table, schema) for table in held]) if held else schema.empty_table()


def requests(table: Any) -> pa.Table:
    """The first line of each request, for what is counted by request: latency, arms, rates."""
    return table.filter(pc.equal(table["row"], 0))


def inputs_of(table: Any) -> list[str]:
    """Names of the inputs or features that a table has, without the prefix."""
    return [name.removeprefix(INPUT) for name in table.column_names if name.startswith(INPUT)]


def _read(path: Path, columns: Sequence[str] | None, since: datetime | None) -> Any:
    with path.open("rb") as source:
        file = pq.ParquetFile(source)
        wanted = [name for name in file.schema_arrow.names if columns is None or name in columns]
        asked = wanted if since is None else [*wanted, *{"received"}.difference(wanted)]
        # Parquet takes a dot in a name for a step into it, and so may bring more than was asked for.
        table = file.read(columns=asked).select(asked)
    if since is not None:
        table = table.filter(pc.greater_equal(table["received"], pa.scalar(since, pa.timestamp("us", tz="UTC"))))
    return table.select(wanted)


def _fitted(table: Any, schema: Any) -> Any:
    arrays = []
    for field in schema:
        if field.name in table.column_names:
            chunks = [kinds.fit(chunk, field.type) for chunk in table[field.name].chunks]
            arrays.append(pa.chunked_array(chunks, field.type))
        else:
            arrays.append(pa.nulls(table.num_rows, field.type))
    return pa.table(arrays, schema=schema)
