"""The table: where it is, what its columns are for, and how its rows are split."""

from __future__ import annotations

import codecs
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pipeline.settings.declaration import Section, limit, one_or_more
from schemas.contradiction import Contradiction, Contradictions
from schemas.declared import FAR


class Data(Section):
    """Where the table is and how its text is to be read."""

    path: str = Field(min_length=1, description="A file, or a folder of files, relative to where you run from.")
    format: Literal["auto", "csv", "parquet"] = Field("auto", description="auto reads it off the file name.")
    delimiter: str = Field(",", min_length=1, max_length=1, description="One character between cells of a CSV file.")
    encoding: str = Field("utf-8", description="Encoding of a CSV file.")
    escape: str = Field(
        "", max_length=1, json_schema_extra={"words": 'one character, such as "\\", or ""'},
        description="What stands before a quotation mark inside a CSV cell, where quotes are not doubled.",
    )  # fmt: skip
    missing: tuple[str, ...] = Field(
        ("", "?", "NA", "N/A", "NaN", "nan", "null", "NULL"),
        description="Cells that mean: not known. The default is for CSV; Parquet has nulls, and its texts stay unless listed here.",
    )

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        try:
            codecs.lookup(self.encoding)
        except LookupError:
            raise Contradictions(
                Contradiction("encoding", repr(self.encoding), "an encoding that Python knows: utf-8, latin-1, ...",
                              "name the encoding the file was saved in")
            ) from None  # fmt: skip
        return self


class Split(Section):
    """How rows become train, eval and test: by a column, by folders, by a key, by time, or each by its values (docs/splits.md)."""

    column: str | None = Field(None, description="Column that says train, eval or test.")
    key: Annotated[tuple[str, ...], one_or_more] = Field(
        (), json_schema_extra={"words": "a column's name, or a list of them"},
        description="Rows with the same key stay in one split (a customer, a patient); intervals resample keys.",
    )  # fmt: skip
    columns: tuple[str, ...] = Field(
        (),
        description="Rows without a key are dealt by a hash of these columns, in this order; `init` writes the list.",
    )
    repeats: Literal["apart", "together"] | None = Field(
        None,
        description="Rows with equal features: each by itself (apart, the default with split.columns), or all in one split.",
    )
    by_time: str | None = Field(None, description="Column of dates or rising numbers: the newest rows are the test.")
    folders: dict[Literal["train", "eval", "test"], str] | None = Field(None, description="Folder of each split.")
    train: float = limit(0.8, low=0, high=1, unit="share of rows", why="What the model learns from.", above=True)
    eval: float = limit(0.1, low=0, high=1, unit="share of rows", why="Early stopping and threshold.", above=True)
    test: float = limit(0.1, low=0, high=1, unit="share of rows", why="Gates and reports only.", above=True)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.column is not None and self.folders is not None:
            raise Contradictions(
                Contradiction("folders", "column and folders together", "one of column and folders",
                              "keep one: a row can be given to one split only")
            )  # fmt: skip
        ways = [name for name in ("key", "by_time") if getattr(self, name)]
        if len(ways) > 1 or (self.by_time and self.repeats == "together"):
            other = "key" if len(ways) > 1 else "repeats: together"
            raise Contradictions(
                Contradiction("by_time", f"by_time and {other}", "by_time by itself",
                              "keep one: by time, rows of one key or equal rows fall where their time is")
            )  # fmt: skip
        twice = sorted({name for name in self.columns if self.columns.count(name) > 1})
        if twice:
            raise Contradictions(
                Contradiction(
                    "columns", f"{', '.join(twice)} more than once", "each column once", "take the doubles out"
                )
            )
        total = self.train + self.eval + self.test
        if abs(total - 1) > 1e-6:
            raise Contradictions(
                Contradiction("train", f"{self.train:g} + {self.eval:g} + {self.test:g} = {total:g}",
                              "shares (train + eval + test) that add up to 1", "change the shares; those you leave out are 0.8, 0.1 and 0.1")
            )  # fmt: skip
        return self


class Label(Section):
    """What the model is to predict."""

    column: str = Field(min_length=1, description="The label's column.")
    positive: str | None = Field(None, description="Positive class of a binary label; default: the rarer class.")
    missing: Literal["refuse", "drop"] = Field(
        "refuse", description="Rows without a label: refuse the table, or drop the rows and say how many."
    )
    leave_out: tuple[str, ...] = Field(
        (), description="Classes whose rows are left out of the table, and said how many: too rare to be learned."
    )
    classes: tuple[str, ...] = Field(
        (), description="Every class; another one refuses the table. Default: those of the schema, else of the table."
    )
    offset: float | None = limit(
        None, low=-FAR, high=FAR, unit="of the label",
        why="Taken off a regression's label whose digits 32-bit numbers cannot hold; default: what the table asks for.",
    )  # fmt: skip


class NumberText(Section):
    """How a column writes numbers. Currency and percent signs are taken off: 14.2% is 14.2."""

    decimal: Literal[".", ","] = Field(".", description="Before the decimals.")
    thousands: Literal["", ",", ".", " ", "'", "_"] = Field("", description="Between groups of three digits.")

    @model_validator(mode="after")
    def _differ(self) -> Self:
        if self.decimal == self.thousands:
            raise Contradictions(
                Contradiction("thousands", f"{self.thousands!r}, as decimal", "two signs, or no thousands",
                              'write the other one, such as {decimal: ",", thousands: "."}')
            )  # fmt: skip
        return self


class Columns(Section):
    """Roles of the other columns; a column that is not named here is a feature."""

    leave_out: tuple[str, ...] = Field((), description="Columns the pipeline never sees.")
    ids: tuple[str, ...] = Field((), description="Columns that name a row; kept beside predictions, never a feature.")
    weight: str | None = Field(None, description="Column with the weight of a row in training and evaluation.")
    kinds: dict[str, Literal["number", "category", "date"]] = Field(
        {}, description="Your word on a column where the schema would guess wrong, such as integers that are codes."
    )
    types: dict[str, Literal["int", "float", "text", "boolean"]] = Field(
        {},
        description="How a column is read, where no schema says it; boolean: true and false, in letters of any size. "
        "Default: what the cells look like.",
    )
    dates: dict[str, Literal["day_first", "month_first", "month_name", "iso"]] = Field(
        {},
        description="Columns of dates, and which part stands first where the year does not: 31.01.2024, 01/31/2024, "
        "or month_name for 31-Jan-2024.",
    )
    numbers: dict[str, NumberText] = Field(
        {},
        description='Columns, the label too, whose numbers are written otherwise: {amount: {decimal: ",", thousands: "."}}.',
    )
