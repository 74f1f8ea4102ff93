"""sluicegate predict: scores a table with a pushed version, as large as it may be.

Reads CSV, CSV.gz, Parquet or a folder of them; writes the ids, the decision and the score of each class, row by row in
the order of the input. Memory does not grow with the table.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from pipeline.local.options import DEFAULT_CONFIG, add_environment
from schemas.errors import EXIT_DONE, Problem, UsageError
from sluicegate_cli import scored

if TYPE_CHECKING:
    import pyarrow as pa

    from sluicegate.serving.predictor import Predictor
    from sluicegate.tables.files.files import TableFile
    from sluicegate.tables.source import Source

ROW = "row"
_SECONDS_BETWEEN_LINES = 0.5


@dataclass(frozen=True)
class PredictJob:
    """ids : columns that name a row; () for its number.  source : how the table's text is to be read."""

    predictor: Predictor
    files: list[TableFile]
    source: Source
    ids: tuple[str, ...]

    @property
    def columns(self) -> list[str]:
        return list(dict.fromkeys([*self.ids, *self.predictor.columns]))


def add(verbs: argparse._SubParsersAction) -> None:
    parser = verbs.add_parser("predict", help="score a table of any size with a pushed version", description=__doc__)
    parser.add_argument("--input", required=True, metavar="TABLE", help="CSV, CSV.gz, Parquet, or a folder of them")
    parser.add_argument("--output", required=True, metavar="FILE", help="ends in .parquet, .csv or .csv.gz")
    parser.add_argument(
        "--config", metavar="FILE", help=f"settings: how the table reads, and whose model (default: {DEFAULT_CONFIG})"
    )
    add_environment(parser)
    parser.add_argument(
        "--model",
        metavar="FOLDER",
        help="a version's folder or a folder of versions, here or in a bucket, instead of the settings' own",
    )
    parser.add_argument("--version", type=int, metavar="N", help="a version (default: the one that is stable)")
    parser.add_argument("--ids", metavar="A,B", help="columns to keep (default: the settings' ids, else a row number)")
    parser.add_argument(
        "--spreadsheet",
        action="store_true",
        help="in a CSV, put ' before texts that a spreadsheet would run (default: off)",
    )
    parser.set_defaults(main=main)


def main(arguments: argparse.Namespace) -> int:
    from sluicegate.tables.files.files import files_at

    output = Path(arguments.output)
    source, folder = _source_and_folder(arguments)
    files = files_at(arguments.input, "--input")
    scored.check(output, (file.path for file in files), arguments.spreadsheet)
    job = PredictJob(_predictor(folder, arguments.version, source), files, source, _ids(arguments, source))
    _check(job)
    progress = PredictProgress(sys.stderr)
    with scored.writing(output, _schema(job), arguments.spreadsheet) as file:
        for rows in _scored_rows(job):
            file.take(rows)
            progress.rows(file.rows)
        rows_in_all = file.rows
    progress.done(f"{rows_in_all:,} rows scored by {job.predictor.path}: {output}")
    return EXIT_DONE


def _source_and_folder(arguments: argparse.Namespace) -> tuple[Source, str]:
    """How the table is to be read, and where the model is."""
    from sluicegate.tables.source import Source

    if arguments.model and not arguments.config:
        return Source(arguments.input, label=""), arguments.model
    from pipeline.run.folders import serving_place
    from pipeline.settings.file import load
    from pipeline.settings.source import source_of
    from schemas.output_folder import OutputFolder

    loaded = load(arguments.config or DEFAULT_CONFIG, (), arguments.environment)
    settings = loaded.settings
    source = replace(source_of(settings), path=arguments.input)
    own = serving_place(loaded, OutputFolder(Path(settings.output_folder), settings.name))
    return source, arguments.model or own


def _predictor(folder: str, version: int | None, source: Source) -> Predictor:
    """Loaded while TensorFlow may print what it likes."""
    from pipeline.local import noise

    with noise.into(Path(os.devnull)):
        from sluicegate.serving import predictor

        return predictor.Predictor(predictor.chosen(folder, version), unsaid=source.missing)


def _ids(arguments: argparse.Namespace, source: Source) -> tuple[str, ...]:
    if arguments.ids is None:
        return source.ids
    return tuple(dict.fromkeys(name for name in arguments.ids.split(",") if name))


def _check(job: PredictJob) -> None:
    """Raises what can be known before a row is read."""
    from schemas.predictions import clashes
    from sluicegate.tables.files.streaming import check_columns

    taken = clashes(job.ids, job.predictor.answers)
    if taken:
        raise UsageError(
            "The ids cannot be kept.",
            *(Problem(f"id column {name!r}", "a column of the predictions has this name", "another name",
                      "rename the column in the table, or name other columns with --ids") for name in taken),
        )  # fmt: skip
    remedies = dict.fromkeys(job.columns, "rename the column, or bring it: the model needs it")
    check_columns(job.files, job.source, remedies | dict.fromkeys(job.ids, "name other columns with --ids"))


def _schema(job: PredictJob) -> pa.Schema:
    """Of the output; an id has the type that the first file gives it."""
    import pyarrow as pa

    ids = {ROW: pa.int64()} if not job.ids else dict(_id_types(job))
    return pa.schema([*ids.items(), *job.predictor.answers.fields()])


def _id_types(job: PredictJob) -> Iterator[tuple[str, Any]]:
    import pyarrow as pa

    if job.files[0].format == "csv":
        yield from ((name, pa.string()) for name in job.ids)
        return
    from sluicegate.tables.files.parquet_reading import parquet_schema

    schema = parquet_schema(job.files[0].path)
    for name in job.ids:
        kind = schema.field(name).type
        yield name, kind.value_type if pa.types.is_dictionary(kind) else kind


def _scored_rows(job: PredictJob) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    from sluicegate.tables.files.streaming import batches, place

    schema = _schema(job)
    done = 0
    for batch in batches(job.files, job.source, job.columns):
        found = job.predictor.predict(batch.rows, place=partial(place, batch, job.source))
        ids = (
            [batch.rows.column(name).cast(schema.field(name).type) for name in job.ids]
            if job.ids
            else [pa.array(range(done + 1, done + 1 + len(found)), pa.int64())]
        )
        done += len(found)
        yield pa.record_batch([*ids, *found.answers.arrays(found.scores)], schema=schema)


class PredictProgress:
    """A line on a terminal that says how far it is; nothing where nobody looks.

    clock : seconds that never jump.
    """

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream, self._clock = stream if stream.isatty() else None, clock
        self._began = self._said = clock()

    def rows(self, count: int) -> None:
        now = self._clock()
        if self._stream and now - self._said >= _SECONDS_BETWEEN_LINES:
            self._said = now
            self._stream.write(f"\r{count:,} rows, {count / (now - self._began):,.0f} per second\x1b[K")
            self._stream.flush()

    def done(self, sentence: str) -> None:
        if self._stream:
            self._stream.write(f"\r{sentence}\x1b[K\n")
