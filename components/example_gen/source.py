"""Where the table is and how to read it: the step's settings, which travel to the executor as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from schemas.reading import NumberFormat

FORMATS = ("auto", "csv", "parquet")
SOURCE_TASKS = ("auto", "binary", "multiclass", "regression")
MISSING = ("", "?", "NA", "N/A", "NaN", "nan", "null", "NULL")


@dataclass(frozen=True)
class SplitRule:
    """Which rows are for training, for evaluation and for the test.

    column : a column that says train, eval or test for each row.
    folders : a folder per split below the source's path, such as {"train": "train", "test": "holdout"}.
    key : the columns whose values decide by hash, so that a customer's rows stay together; with `column` or `folders`
        they decide what is carved out of train.
    train, eval, test : shares of the rows, summing to 1; used when neither `column` nor `folders` is given.

    With none of column, key and folders, the hash of the whole row decides, so that equal rows stay together.
    """

    column: str | None = None
    key: tuple[str, ...] = ()
    folders: Mapping[str, str] = field(default_factory=dict)
    train: float = 0.8
    eval: float = 0.1
    test: float = 0.1

    def __post_init__(self) -> None:
        key = self.key
        object.__setattr__(self, "key", () if not key else (key,) if isinstance(key, str) else tuple(key))
        object.__setattr__(self, "folders", dict(self.folders or {}))


@dataclass(frozen=True)
class Source:
    """The user's table.

    path : a file or a folder of files of one format; `.csv.gz` is a CSV.
    missing : cells that mean "no value", after white space around them is taken off.
    label : the column to predict.  positive : the class that a binary model scores.
    weight : a column of weights per example.  ids : columns that are kept and never learned from.
    leave_out : columns that are dropped.
    kinds : the user's word on a column: "number", "category" or "date".
    numbers : how a column writes its numbers, where it is not as 1471.46.
    escape : the character that takes a quotation mark or delimiter its meaning, "" for none (quotes are doubled).
    label_missing : "refuse" or "drop" rows without a label.
    """

    path: str
    label: str
    format: str = "auto"
    delimiter: str = ","
    encoding: str = "utf-8"
    missing: tuple[str, ...] = MISSING
    split: SplitRule = field(default_factory=SplitRule)
    leave_out: tuple[str, ...] = ()
    positive: str | None = None
    task: str = "auto"
    weight: str | None = None
    ids: tuple[str, ...] = ()
    kinds: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, NumberFormat] = field(default_factory=dict)
    escape: str = ""
    label_missing: str = "refuse"

    def __post_init__(self) -> None:
        for name in ("missing", "leave_out", "ids"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        object.__setattr__(self, "path", str(self.path))
        object.__setattr__(self, "kinds", dict(self.kinds))
        object.__setattr__(self, "numbers", dict(self.numbers))

    def to_json(self) -> str:
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Source:
        content: dict[str, Any] = json.loads(text)
        numbers = {name: NumberFormat(**form) for name, form in content.pop("numbers", {}).items()}
        return cls(**{**content, "numbers": numbers, "split": SplitRule(**content["split"])})
