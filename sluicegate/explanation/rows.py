"""The adapter's reading: scored rows from Score's file, their raw columns from the examples."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from schemas import scored_rows
from schemas.errors import DataError, Problem
from schemas.predictions import DECISION
from schemas.scored_rows import ScoredRows, Texts
from sluicegate.explanation.core import ExplainedSplit, SensitiveCodes, group_numbers, group_texts
from sluicegate.explanation.model import ModelInput
from sluicegate.explanation.subject import ExplainedGrouping
from sluicegate.stats.keys import numbered

ROWS_PER_PARSE = 8192
_DTYPES = {"string": tf.string, "int64": tf.int64, "float32": tf.float32}


def read_split(folder: str | Path, sensitive: SensitiveCodes) -> ExplainedSplit:
    """Every row that Score has scored, with the groups of the sensitive columns."""
    about = scored_rows.read_about(folder)
    answers = [name for name in about.answers.columns if name != DECISION]
    groups = [scored_rows.GROUP + name for name in sensitive.columns]
    keys = [scored_rows.CLUSTER] if about.cluster else []
    rows = scored_rows.read(folder, [scored_rows.LABEL, scored_rows.WEIGHT, *answers, *keys, *groups])
    return ExplainedSplit(
        about.answers,
        rows.scores.astype(np.float64),
        rows.label,
        rows.weight,
        {name: _grouping(rows, name, bins) for name, bins in sensitive.columns.items()},
        numbered(rows.cluster),
        about.cluster,
    )


def _grouping(rows: ScoredRows, column: str, bins: Sequence[float]) -> ExplainedGrouping:
    found = rows.group(column)
    if not isinstance(found, Texts):
        return group_numbers(found, bins)
    names = group_texts([*found.values, None])
    return ExplainedGrouping(names.names, names.codes[found.codes])


def read_columns(
    folder: str | Path, inputs: Sequence[ModelInput], numbers: npt.NDArray[np.int64], rows: int
) -> dict[str, npt.NDArray[Any]]:
    """The raw columns of the rows with these numbers, (m,) each: objects (bytes) with b'', or float64 with NaN.

    folder : of the split; its files are read in the order of their names, which is Score's.
    numbers : ascending.  rows : how many the split must have.

    Raises DataError where the examples are not those that were scored.
    """
    files = sorted(str(path) for path in Path(folder).iterdir() if path.is_file())
    spec = {one.name: tf.io.VarLenFeature(_DTYPES[one.example_dtype]) for one in inputs}
    parts: list[dict[str, npt.NDArray[Any]]] = []
    seen = 0
    for records in tf.data.TFRecordDataset(files, "GZIP").batch(ROWS_PER_PARSE):
        count = int(records.shape[0])
        wanted = numbers[(numbers >= seen) & (numbers < seen + count)] - seen
        if len(wanted):
            parsed = tf.io.parse_example(tf.gather(records, wanted), spec)
            parts.append({one.name: _dense(parsed[one.name], one.is_text, len(wanted)) for one in inputs})
        seen += count
    if seen != rows:
        raise DataError(
            "The predictions do not belong to these examples.",
            Problem(
                str(folder), f"{seen} rows", f"the {rows} rows that were scored", "run the pipeline again from Score"
            ),
        )
    return {one.name: np.concatenate([part[one.name] for part in parts]) for one in inputs}


def _dense(found: Any, is_text: bool, rows: int) -> npt.NDArray[Any]:
    """(rows,) the first value of each row; missing where it has none."""
    first = found.indices.numpy()[:, 1] == 0
    places, values = found.indices.numpy()[first, 0], found.values.numpy()[first]
    column = np.full(rows, b"", object) if is_text else np.full(rows, np.nan)
    column[places] = values
    return column
