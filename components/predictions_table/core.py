"""From what BulkInferrer logged to a table: ids, decision and scores, in the order of the input's rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from schemas.errors import Problem, UsageError
from schemas.predictions import Answers, clashes

if TYPE_CHECKING:
    import numpy as np

FILE_NAME = "predictions.parquet"
#: The column that stands for the ids where a table has none.
ROW_COLUMN = "row"


@dataclass(frozen=True)
class Scored:
    """One row.  number : its place in the table, from 1.  ids : None where missing.  scores : one per class."""

    number: int
    ids: tuple[Any, ...]
    scores: np.ndarray[Any, Any]


def refuse_clashes(ids: Sequence[str], answers: Answers) -> None:
    """Raises UsageError for ids that are called as a prediction's column is."""
    problems = [
        Problem(
            f"columns.ids: {name!r}",
            "a column of the predictions has this name",
            "another name",
            "rename the column in the tables",
        )
        for name in clashes(ids, answers)
    ]
    if problems:
        raise UsageError("The ids cannot stand beside the predictions.", *problems)


def write(rows: Iterable[Scored], ids: Sequence[str], answers: Answers, folder: str | Path) -> int:
    """Writes `predictions.parquet`, rows in the table's order; returns their number."""
    import numpy as np
    import pyarrow as pa
    from pyarrow import parquet

    ordered = sorted(rows, key=lambda row: row.number)
    dtype = np.float64 if answers.is_double else np.float32
    scores: Any = np.array([row.scores for row in ordered], dtype).reshape(len(ordered), answers.width)
    named = dict(_id_columns(ordered, ids))
    table = pa.table([*named.values(), *answers.arrays(scores)], names=[*named, *answers.columns])
    parquet.write_table(table, Path(folder) / FILE_NAME, compression="zstd")
    return len(ordered)


def _id_columns(rows: Sequence[Scored], ids: Sequence[str]) -> Iterator[tuple[str, Any]]:
    import pyarrow as pa

    if not ids:
        yield ROW_COLUMN, pa.array([row.number for row in rows], pa.int64())
    for place, name in enumerate(ids):
        yield name, pa.array([row.ids[place] for row in rows])
