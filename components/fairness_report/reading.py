"""The predictions that Score wrote, as the rows that the audit takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from fairness import groups
from fairness.policy import Policy, SensitiveColumn
from fairness.rows import Rows
from schemas.errors import DataError, Problem

FILE_NAME = "predictions.parquet"
METADATA_KEY = b"sluicegate"


def read_rows(folder: str | Path, policy: Policy) -> Rows:
    """Only the columns that are needed.

    Raises FileNotFoundError; DataError where a sensitive column of the policy was not scored.
    """
    from pyarrow import parquet

    path = Path(folder) / FILE_NAME
    schema = parquet.read_schema(path)
    about = json.loads((schema.metadata or {})[METADATA_KEY])
    _all_there(policy, schema.names, about["split"])
    classes = tuple(about["classes"])
    scores = [f"score_{name}" for name in classes] or ["value"]
    answers = ["decision", *scores] if classes else scores
    before = [f"baseline_{name}" for name in answers if f"baseline_{name}" in schema.names]
    weight = ["weight"] if about["weight"] is not None else []
    wanted = ["label", *answers, *before, *weight, *(f"group_{one.column}" for one in policy.sensitive)]
    table = parquet.read_table(path, columns=wanted)
    return Rows(
        about["task"],
        classes,
        _classes(table["label"], classes) if classes else _numbers(table["label"]),
        _classes(table["decision"], classes) if classes else None,
        _stacked(table, scores),
        tuple(_groups(table[f"group_{one.column}"], one) for one in policy.sensitive),
        _numbers(table["weight"]) if weight else None,
        _classes(table["baseline_decision"], classes) if classes and before else None,
        _stacked(table, [f"baseline_{name}" for name in scores]) if before else None,
        about.get("baseline_version"),
        about["split"],
    )


def _all_there(policy: Policy, names: list[str], split: str) -> None:
    missing = [one.column for one in policy.sensitive if f"group_{one.column}" not in names]
    if missing:
        there = ", ".join(n.removeprefix("group_") for n in names if n.startswith("group_")) or "none"
        problem = Problem(
            f"the scored rows of split '{split}'", f"no group column for {', '.join(missing)}", there,
            "score again with the same fairness.sensitive as this step was given",
        )  # fmt: skip
        raise DataError("The groups cannot be compared.", problem)


def _stacked(table: Any, names: list[str]) -> np.ndarray:
    return np.stack([table[name].to_numpy() for name in names], axis=1)


def _numbers(column: Any) -> np.ndarray:
    import pyarrow as pa

    found: np.ndarray = column.cast(pa.float64()).to_numpy()
    return found


def _codes(column: Any) -> tuple[np.ndarray, list[str]]:
    """Place of each text among the distinct ones, -1 where missing."""
    import pyarrow as pa

    array = column.cast(pa.string()).combine_chunks().dictionary_encode()
    if isinstance(array, pa.ChunkedArray):
        array = array.unify_dictionaries().combine_chunks()
    return array.indices.fill_null(-1).to_numpy(zero_copy_only=False), array.dictionary.to_pylist()


def _classes(column: Any, classes: tuple[str, ...]) -> np.ndarray:
    codes, texts = _codes(column)
    places = [classes.index(text) if text in classes else -1 for text in texts]
    return np.array([*places, -1], np.int64)[codes]


def _groups(column: Any, sensitive: SensitiveColumn) -> groups.Groups:
    import pyarrow as pa

    if pa.types.is_floating(column.type) or pa.types.is_integer(column.type):
        return groups.of_numbers(sensitive.column, _numbers(column), sensitive.bins)
    codes, texts = _codes(column)
    return groups.of_texts(sensitive.column, codes, texts)
