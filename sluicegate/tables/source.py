"""Where the table is and how to read it: the step's settings, which travel to the executor as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from schemas.document import from_text, to_text
from schemas.reading import NumberFormat
from schemas.split_record import AS_READ, WHOLE_ROW, SplitRecord

FORMATS = ("auto", "csv", "parquet")
SOURCE_TASKS = ("auto", "binary", "multiclass", "regression")
#: How a column is read: BOOLEAN is text in which "True" and "true" are one value.
TYPES = ("int", "float", "text", "boolean")
MISSING = ("", "?", "NA", "N/A", "NaN", "nan", "null", "NULL")


REPEATS = ("apart", "together")


@dataclass(frozen=True)
class SplitRule:
    """Which rows are for training, for evaluation and for the test (docs/splits.md).

    column : a column that says train, eval or test for each row.
    folders : a folder per split below the source's path, such as {"train": "train", "test": "holdout"}.
    key : the columns whose values decide by hash, so that a customer's rows stay together.
    columns : the columns whose values decide by hash where there is no key, in an order that counts, whatever they are called.
    repeats : rows that are equal in `columns`: "apart" deals each by itself, "together" all into one split; None says neither,
        and means "apart" where `columns` are given.
    by_time : the newest rows are the test, those before them eval.
    train, eval, test : shares of the rows, summing to 1; used when neither `column` nor `folders` is given, which give
        splits themselves; what they lack is carved out of train by the same rule, a tenth each.

    With none of columns, repeats and by_time the rule is the one from before there were such keys: the hash of the whole row
    with its label, or of the key as it is written.
    """

    column: str | None = None
    key: tuple[str, ...] = ()
    folders: Mapping[str, str] = field(default_factory=dict)
    train: float = 0.8
    eval: float = 0.1
    test: float = 0.1
    columns: tuple[str, ...] = ()
    repeats: str | None = None
    by_time: str | None = None

    def __post_init__(self) -> None:
        for name in ("key", "columns"):
            given = getattr(self, name)
            object.__setattr__(self, name, (given,) if isinstance(given, str) else tuple(given or ()))
        object.__setattr__(self, "folders", dict(self.folders or {}))

    @property
    def is_as_read(self) -> bool:
        """Whether values count as they are read, and not whole rows of text with their label."""
        return bool(self.columns or self.repeats or self.by_time)

    @property
    def cluster(self) -> tuple[str, ...]:
        """Columns whose equal values make rows of one key, which intervals resample together."""
        return self.key or (self.columns if self.repeats == "together" else ())

    def record(self, label: str, ids: tuple[str, ...] = (), leave_out: tuple[str, ...] = ()) -> SplitRecord:
        """What a release keeps of the rule.

        ids, leave_out : what whole rows are hashed without. A column that is left out reaches no gate: equal rows are told by the
        other columns, rows of one key not at all.
        """
        as_read, not_hashed = self.is_as_read, (*ids, *leave_out)
        cluster = self.key if self.key else tuple(name for name in self.cluster if name not in leave_out)
        return SplitRecord(
            AS_READ if as_read else WHOLE_ROW, label, self.column, self.folders, self.key,
            self.columns if as_read else tuple(sorted(not_hashed)), self.repeats or "apart", self.by_time,
            (self.train, self.eval, self.test), cluster,
        )  # fmt: skip


@dataclass(frozen=True)
class Source:
    """The user's table.

    path : a file or a folder of files of one format; `.csv.gz` is a CSV.
    missing : cells that mean "no value", after white space around them is taken off.
    label : the column to predict.  positive : the class that a binary model scores.
    weight : a column of weights per example.  ids : columns that are kept and never learned from.
    leave_out : columns that are dropped.
    kinds : the user's word on a column: "number", "category" or "date".
    dates : which part stands first in a column's dates, one of reading.DATE_ORDERS.
    numbers : how a column writes its numbers, where it is not as 1471.46.
    escape : the character that takes a quotation mark or delimiter its meaning, "" for none (quotes are doubled).
    label_missing : "refuse" or "drop" rows without a label.
    label_leave_out : classes whose rows are left out.
    types : how a column is read, one of TYPES; it overrules the schema.
    classes : the label's classes, before any data is read; () for those of the schema or the table.
    label_offset : taken off a regression's label before 32-bit arithmetic; None for what the table asks for.
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
    dates: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, NumberFormat] = field(default_factory=dict)
    escape: str = ""
    label_missing: str = "refuse"
    label_leave_out: tuple[str, ...] = ()
    types: Mapping[str, str] = field(default_factory=dict)
    classes: tuple[str, ...] = ()
    label_offset: float | None = None

    def __post_init__(self) -> None:
        for name in ("missing", "leave_out", "ids", "label_leave_out", "classes"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        object.__setattr__(self, "path", str(self.path))
        for name in ("kinds", "dates", "numbers", "types"):
            object.__setattr__(self, name, dict(getattr(self, name)))

    @property
    def split_record(self) -> SplitRecord:
        """What a release keeps of the split, and Score compares."""
        return self.split.record(self.label, self.ids, self.leave_out)

    def to_json(self) -> str:
        return to_text(self)

    @classmethod
    def from_json(cls, text: str) -> Source:
        return from_text(cls, text)
