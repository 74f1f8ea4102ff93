"""One shard of a split to one piece of the Parquet file: read, scored and parsed batch by batch."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import tensorflow as tf
from pyarrow import parquet

from components.score.columns import Columns
from components.score.served import UNUSABLE, Served
from schemas.predictions import Answers
from schemas.scored_rows import BASELINE, ROW, About, arrow_schema, write
from schemas.whole_file import replacing

BATCH_ROWS = 8192
ROW_GROUP_ROWS = 8 * BATCH_ROWS
_READ_BYTES = 1 << 20


@dataclass(frozen=True)
class Plan:
    """What is done to each shard.

    baseline : folder of the released model, or None; `about` says the same.
    """

    model: str
    baseline: str | None
    columns: Columns
    about: About

    @property
    def schema(self) -> Any:
        """Of the pieces."""
        return arrow_schema(self.about, self.columns.id_kinds, self.columns.group_kinds)


@dataclass(frozen=True)
class Piece:
    """What became of one shard.

    words : of columns that have bins: the first text that is no number, and how many rows hold such.
    baseline_note : why the released model could not answer, or "".
    """

    path: str
    words: dict[str, tuple[str, int]] = field(default_factory=dict)
    baseline_note: str = ""

    @classmethod
    def read(cls, path: Path) -> Piece:
        content = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        return cls(**{**content, "words": {name: (first, n) for name, (first, n) in content["words"].items()}})


def records(paths: Sequence[str]) -> Any:
    """A tf.data set of batches of serialized tf.Examples, in the files' order."""
    files = tf.data.TFRecordDataset(list(paths), "GZIP", buffer_size=_READ_BYTES)
    return files.batch(BATCH_ROWS)


class Scorer:
    """Both models, loaded once, and what they do to a shard. Raises one of `served.UNUSABLE`."""

    def __init__(self, plan: Plan) -> None:
        self._plan, self._width = plan, plan.about.answers.width
        self._model = Served(plan.model, self._width)
        self._baseline: Served | None = None
        self._note = ""
        if plan.baseline is not None:
            try:
                self._baseline = Served(plan.baseline, self._width)
            except UNUSABLE as error:
                self._stop_baseline(error)

    def score(self, shard: str, path: Path) -> None:
        """Writes the piece at `path`, and what is to be said about it beside it.

        A worker that tries again overwrites; a piece has its name only when it is complete.
        """
        self._words: dict[str, tuple[str, int]] = {}
        with replacing(path) as unfinished:
            write(_grouped(self._batches(shard)), self._plan.schema, unfinished)
            piece = Piece(str(path), self._words, self._note)
            path.with_suffix(".json").write_text(json.dumps(asdict(piece), ensure_ascii=False), encoding="utf-8")

    def _batches(self, shard: str) -> Iterator[Any]:
        parsed = records([shard]).map(lambda batch: (batch, self._plan.columns.parse(batch)))
        first = 0
        for examples, columns in parsed.prefetch(2):
            yield self._batch(examples, columns, first)
            first += len(examples)

    def _batch(self, examples: Any, columns: Any, first: int) -> Any:
        rows, about = len(examples), self._plan.about
        found, words = self._plan.columns.arrays(columns, rows)
        for name, (text, count) in words.items():
            earlier = self._words.get(name, (text, 0))
            self._words[name] = (earlier[0], earlier[1] + count)
        found[ROW] = pa.array(np.arange(first, first + rows, dtype=np.int64))
        answers = about.answers
        found |= dict(zip(answers.columns, _wide(answers.arrays(self._model(examples)), answers), strict=True))
        if about.has_baseline:
            found |= self._ask_baseline(examples)
        schema = self._plan.schema
        return pa.record_batch([found[name] for name in schema.names], schema=schema)

    def _ask_baseline(self, examples: Any) -> dict[str, Any]:
        """Its columns; null from where on it could not answer, and then none of them is kept."""
        answers = self._plan.about.baseline_answers
        names = [BASELINE + name for name in answers.columns]
        if self._baseline is not None:
            try:
                return dict(zip(names, _wide(answers.arrays(self._baseline(examples)), answers), strict=True))
            except UNUSABLE as error:
                self._stop_baseline(error)
        return {name: pa.nulls(len(examples), self._plan.schema.field(name).type) for name in names}

    def _stop_baseline(self, error: Exception) -> None:
        said = " ".join(str(error).split())[:300]
        self._baseline, self._note = None, f"the released model cannot answer: {type(error).__name__}: {said}"


def _wide(arrays: Sequence[Any], answers: Answers) -> list[Any]:
    """A regression's values as float64, which every model's fit into."""
    return list(arrays) if answers.classes else [array.cast(pa.float64()) for array in arrays]


def joined(paths: Sequence[Path], schema: Any) -> Iterator[Any]:
    """The row groups of the pieces one after another, rows numbered through, with the columns of `schema`."""
    offset = 0
    for path in paths:
        piece = parquet.ParquetFile(path)
        for index in range(piece.num_row_groups):
            table = piece.read_row_group(index, columns=schema.names)
            numbers = pc.add(table.column(ROW), offset)
            yield table.set_column(table.schema.names.index(ROW), ROW, numbers).select(schema.names)
        offset += piece.metadata.num_rows


def _grouped(batches: Iterator[Any]) -> Iterator[Any]:
    """Tables of ROW_GROUP_ROWS rows or more: small row groups read slowly and compress badly."""
    waiting: list[Any] = []
    for batch in batches:
        waiting.append(batch)
        if sum(one.num_rows for one in waiting) >= ROW_GROUP_ROWS:
            yield pa.Table.from_batches(waiting)
            waiting = []
    if waiting:
        yield pa.Table.from_batches(waiting)
