"""Distributions of a data frame, made by ExampleGen's own code."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa

from schemas.distributions import SplitDistributions
from sluicegate.tables.columns.columns import TypedColumn
from sluicegate.tables.columns.distributions import distributions_of
from sluicegate.tables.columns.inspection import Examined
from sluicegate.tables.columns.labels import Label
from sluicegate.tables.encoded import EncodedColumn
from sluicegate.tables.source import Source
from sluicegate.tables.splits.splits import Assignment


def typed(name: str, values: pd.Series) -> TypedColumn:
    array = pa.array(values.to_numpy(), from_pandas=True).dictionary_encode()
    codes = array.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
    kind = {"i": "int", "f": "float"}.get(values.dtype.kind, "text")
    column = EncodedColumn(name, codes, array.dictionary)
    return TypedColumn(column, kind, "category" if kind == "text" else "number")


def examined(frame: pd.DataFrame, of_row: np.ndarray | None = None, task: str = "binary") -> Examined:
    """As ExampleGen has it; all rows in train, where nothing else is said."""
    rows = np.zeros(len(frame), np.int8) if of_row is None else of_row
    columns = tuple(typed(str(name), frame[name]) for name in frame)
    return Examined(columns, Assignment(rows), Label(task), (), "", ())


def kept(frame: pd.DataFrame, *, is_drawn: bool = False, label: str = "y") -> SplitDistributions:
    return replace(distributions_of(examined(frame), Source("t.csv", label))["train"], is_drawn=is_drawn)
