"""The file that `sluicegate predict` writes: Parquet, CSV or CSV.gz, under its own name only once it is complete."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from schemas.errors import MachineError, Problem, UsageError
from schemas.whole_file import replacing
from sluicegate_cli import spreadsheet as spreadsheets

if TYPE_CHECKING:
    import pyarrow as pa

ENDINGS = (".parquet", ".csv", ".csv.gz")
#: Rows of a Parquet row group.
GROUP_ROWS = 131_072


def check(output: Path, sources: Iterator[Path], spreadsheet: bool = False) -> None:
    """Raises UsageError or MachineError for a place that cannot be written, before anything is scored."""
    if _ending(output) is None:
        raise UsageError(
            "The output cannot be written.",
            Problem(f"--output: {output}", "a name that says no format", ", ".join(ENDINGS), "name the file so"),
        )
    if spreadsheet and _ending(output) == ".parquet":
        raise UsageError(
            "The output cannot be written like this.",
            Problem(f"--spreadsheet with {output}", "a Parquet file, in which no cell is ever run",
                    ", ".join(ENDINGS[1:]), "leave --spreadsheet out, or name a CSV file"),
        )  # fmt: skip
    folder = output.parent
    if output.is_dir() or not folder.is_dir():
        got = "a folder" if output.is_dir() else f"no folder {folder}"
        raise MachineError(
            "The output cannot be written.",
            Problem(str(output), got, "a file in a folder that is there", f"run: mkdir -p {folder}, or name a file"),
        )
    if output.resolve() in {source.resolve() for source in sources}:
        raise UsageError(
            "The output cannot be written.",
            Problem(f"--output: {output}", "the input itself", "another file", "name another file"),
        )
    if not os.access(folder, os.W_OK):
        raise _unwritable(output, "no permission to write there")


class ScoredFile:
    """A file under way. Rows are gathered into row groups; `rows` says how many were taken.

    spreadsheet : whether cells that a spreadsheet would run are marked as text.
    """

    def __init__(self, path: Path, schema: pa.Schema, spreadsheet: bool = False) -> None:
        self.rows = 0
        self._schema, self._spreadsheet = schema, spreadsheet
        self._waiting: list[Any] = []
        self._waits = 0
        self._written = spreadsheets.neutral_names(schema) if spreadsheet else schema
        self._writer, self._sink = _writer(path, self._written)

    def take(self, rows: pa.RecordBatch) -> None:
        self._waiting.append(rows)
        self._waits += rows.num_rows
        self.rows += rows.num_rows
        if self._waits >= GROUP_ROWS:
            self._flush()

    def close(self) -> None:
        if self._waiting:
            self._flush()
        self._writer.close()
        self._sink.close()

    def _flush(self) -> None:
        import pyarrow as pa

        rows = pa.Table.from_batches(self._waiting, self._schema)
        if self._spreadsheet:
            rows = spreadsheets.neutral(rows).cast(self._schema).rename_columns(self._written.names)
        self._writer.write_table(rows)
        self._waiting, self._waits = [], 0


@contextmanager
def writing(output: Path, schema: pa.Schema, spreadsheet: bool = False) -> Iterator[ScoredFile]:
    """Yields the file; on any error nothing is left behind, and what stood under the name before stays.

    Raises MachineError where the disk is full or the folder cannot be written.
    """
    aside = output.with_name(f".{output.name}.{os.getpid()}{_ending(output)}")
    try:
        _remove_left(output)
        # Held until it has its name: before, another process would take it for what a killed one left.
        with ExitStack() as held, replacing(output, aside):
            scored = ScoredFile(aside, schema, spreadsheet)
            held.enter_context(_held(aside))
            yield scored
            scored.close()
    except OSError as error:
        raise _unwritable(output, (error.strerror or str(error)).lower()) from None


@contextmanager
def _held(aside: Path) -> Iterator[None]:
    """The file, locked for as long as it is written: the kernel drops the lock of a process that was killed."""
    descriptor = os.open(aside, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _remove_left(output: Path) -> None:
    """What a killed process wrote for this output; not what another one is writing."""
    name = re.compile(rf"\.{re.escape(output.name)}\.\d+{re.escape(_ending(output) or '')}")
    for path in output.parent.iterdir():
        if name.fullmatch(path.name):
            with suppress(OSError), path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()


def _writer(path: Path, schema: pa.Schema) -> tuple[Any, Any]:
    import pyarrow as pa
    from pyarrow import csv, parquet

    ending = _ending(path)
    sink = pa.output_stream(str(path), compression="gzip" if ending == ".csv.gz" else None)
    if ending == ".parquet":
        return parquet.ParquetWriter(sink, schema, compression="zstd"), sink
    return csv.CSVWriter(sink, schema), sink


def _ending(path: Path) -> str | None:
    return next((ending for ending in reversed(ENDINGS) if path.name.lower().endswith(ending)), None)


def _unwritable(output: Path, why: str) -> MachineError:
    return MachineError(
        "The output cannot be written.",
        Problem(str(output), why, "a folder that can be written, with space left",
                "free some space, give yourself the right to write there, or choose another --output"),
    )  # fmt: skip
