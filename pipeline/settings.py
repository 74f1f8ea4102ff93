"""The YAML of one data set as frozen, typed settings. Reading it is pipeline/settings_file.py's work.

Every limit declares its range, unit and reason beside the field; `sluicegate settings` and the docs print them.
"""

from __future__ import annotations

import codecs
import json
import math
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from pipeline.settings_contradictions import Contradiction, Contradictions, contradictions_in
from pipeline.settings_fairness import OF_VALUES, bounds_that_cannot_refuse, fairness_contradictions_in

SETTINGS_VERSION = 1

#: Metrics a limit may name, by task.  The first is the default of `beat_constant`.
METRICS: dict[str, tuple[str, ...]] = {
    "binary": ("auc", "auc_pr", "accuracy", "log_loss", "brier", "precision", "recall", "f1", "calibration_ratio"),
    "multiclass": ("accuracy", "log_loss", "macro_auc"),
    "regression": ("r2", "rmse", "mae", "mse"),
}
#: Metrics of which less is better; a limit on them reads `at_most`, a drop is a rise.
LOWER_IS_BETTER = frozenset({"log_loss", "brier", "rmse", "mae", "mse"})


#: Sections that may be written as the one value that matters most: `data: my.csv`.
SHORT_FORMS: dict[str, str] = {"data": "path", "label": "column"}
#: No metric comes near it; a bound beyond is a slip of the keyboard.
FAR = 1e12


def limit(default: Any, *, low: float, high: float, unit: str, why: str, above: bool = False) -> Any:
    """A number with its range, unit and reason.  above : the low end itself is not allowed."""
    gt, ge = (low, None) if above else (None, low)
    return Field(default, strict=True, gt=gt, ge=ge, le=high, json_schema_extra={"unit": unit}, description=why)


#: A sensitive column may be written as its name.
_column = BeforeValidator(lambda value: {"column": value} if isinstance(value, str) else value)
#: A list that may be written as its only item.
_one_or_more = BeforeValidator(lambda value: (value,) if isinstance(value, str) else value)
#: A section that may be written `off`, which YAML reads as false.
_auto = BeforeValidator(lambda value: None if value == "auto" else value)
_off = BeforeValidator(lambda value: {"enabled": False} if value in (False, "off") else value)

#: Text on one line, without spaces around it: spaces are no name and no reason.
_line = BeforeValidator(lambda value: " ".join(value.split()) if isinstance(value, str) else value)


def switch(default: bool, why: str) -> Any:
    """True or false, and nothing that merely looks like it."""
    return Field(default, strict=True, description=why)


class Section(BaseModel):
    """Frozen; unknown keys are errors; defaults are validated like everything else."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


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
    key: Annotated[tuple[str, ...], _one_or_more] = Field(
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
    dates: dict[str, Literal["day_first", "month_first", "month_name", "iso"]] = Field(
        {},
        description="Columns of dates, and which part stands first where the year does not: 31.01.2024, 01/31/2024, "
        "or month_name for 31-Jan-2024.",
    )
    numbers: dict[str, NumberText] = Field(
        {},
        description='Columns, the label too, whose numbers are written otherwise: {amount: {decimal: ",", thousands: "."}}.',
    )


Policy = Literal["fail", "warn", "ignore"]


class Leaks(Section):
    """A column that alone predicts the label: AUC, or the explained part of the variance of a regression label's ranks."""

    fail_at: float = limit(
        0.995, low=0.5, high=1, unit="AUC or R2", why="An outcome recorded afterwards, or a counter."
    )
    warn_at: float = limit(0.98, low=0.5, high=1, unit="AUC or R2", why="Honest features stay below.")


class DataGate(Section):
    """What to do about each kind of anomaly, skew, drift and leak (names: docs/data-gate.md)."""

    default: Policy = Field("fail", description="For every kind not named in `policy`.")
    default_if_inferred: Policy = Field(
        "warn", description="In place of `default` while no schema is given: nobody has reviewed an inferred one."
    )
    policy: dict[str, Policy] = Field(
        {"schema_new_column": "warn"},
        description="Per kind of anomaly, in TFDV's names in lower case; `drift`, `skew` and leak_suspected are ours.",
    )
    leaks: Leaks = Leaks()


class Training(Section):
    """The network and its fitting. Defaults are chosen on several tables, not on one (docs/model.md)."""

    epochs: int = limit(20, low=1, high=10_000, unit="epochs", why="The learning rate falls to zero over them.")
    batch_size: int = limit(256, low=1, high=65_536, unit="rows", why="Small tables take smaller batches themselves.")
    layers: Annotated[tuple[Annotated[int, Field(strict=True, ge=1, le=8192)], ...] | None, _auto] = Field(
        None, min_length=1, max_length=10,
        json_schema_extra={
            "words": "auto, or a list of whole numbers from 1 to 8192, 1 to 10 of them (units)", "without": "auto"
        },
        description="Units per hidden layer, first to last; auto follows the train rows (docs/model.md).",
    )  # fmt: skip
    members: int = limit(4, low=1, high=64, unit="networks", why="Trained side by side and averaged; exported as one.")
    dropout: float = limit(0.15, low=0, high=0.95, unit="share of units", why="Against learning rows by heart.")
    learning_rate: float = limit(0.003, low=0, high=1, unit="per step", why="AdamW's highest rate.", above=True)
    weight_decay: float = limit(0.05, low=0, high=1, unit="per step", why="AdamW's decay.")
    patience: int = limit(5, low=1, high=1000, unit="epochs", why="Epochs without gain on eval before stopping.")
    seed: int = limit(
        1, low=0, high=2**31 - 1, unit="no unit", why="Same seed, same metrics (on what that depends: report)."
    )
    max_knots: int = limit(128, low=2, high=1024, unit="knots per number", why="Fineness of the piecewise encoding.")
    vocabulary_size: int = limit(1000, low=1, high=1_000_000, unit="values per text", why="The rest share a bucket.")
    min_category_rows: int = limit(5, low=1, high=1_000_000, unit="rows", why="Rarer values say too little.")
    mitigation: Literal["none", "reweigh", "constrained", "thresholds"] = Field(
        "none",
        description="What training does about gaps between the groups of fairness.sensitive (docs/mitigation.md).",
    )
    mitigation_of: tuple[str, ...] = Field(
        (),
        description="Columns of fairness.sensitive it is about, several mean their intersections; default: the first.",
    )
    mitigation_goal: Literal["parity", "equal_opportunity"] = Field(
        "parity", description="Equal shares selected, of all rows or of the positive ones; reweigh knows parity alone."
    )
    mitigation_strength: float = limit(
        1.0, low=0, high=1, unit="of the method", why="0 changes nothing, 1 goes all the way."
    )
    mitigation_thresholds: Literal["per_group", "one"] = Field(
        "per_group", description="thresholds: per_group needs the sensitive columns in every request; one does not."
    )

    @model_validator(mode="after")
    def _reaches_its_goal(self) -> Self:
        if self.mitigation == "reweigh" and self.mitigation_goal != "parity":
            raise Contradictions(
                Contradiction("mitigation_goal", f"{self.mitigation_goal}, with mitigation: reweigh", "parity",
                              "take it out, or choose mitigation: constrained or thresholds (of `sluicegate frontier`: "
                              "--methods constrained,thresholds)")
            )  # fmt: skip
        return self


class Tuning(Section):
    """A search for hyperparameters before training (keras-tuner). Off by default: it multiplies the time."""

    enabled: bool = switch(False, "Put a Tuner before the Trainer.")
    trials: int = limit(8, low=1, high=10_000, unit="trials", why="How many candidates are tried.")
    epochs: int = limit(10, low=1, high=10_000, unit="epochs", why="Per trial.")


class Evaluation(Section):
    """What is measured on the test split."""

    slices: tuple[tuple[str, ...], ...] = Field((), description="Groups of rows, by one or more columns each.")
    threshold: Literal["auto"] | Annotated[float, Field(strict=True, gt=0, lt=1)] = Field(
        "auto", json_schema_extra={"unit": "score"},
        description="Score from which a row counts as positive; auto fits it on the eval split.",
    )  # fmt: skip


class Limit(Section):
    """One limit of the quality gate: fixed bounds, bounds against the released model, or both."""

    metric: str = Field(description="One of the task's metrics (docs/quality-gate.md).")
    at_least: float | None = limit(
        None, low=-FAR, high=FAR, unit="of the metric", why="The value must not be below this."
    )
    at_most: float | None = limit(
        None, low=-FAR, high=FAR, unit="of the metric", why="The value must not be above this."
    )
    max_drop: float | None = limit(
        None,
        low=0,
        high=FAR,
        unit="of the metric",
        why="How much worse than the released model it may be, on the same rows.",
    )
    max_fall: float | None = limit(
        None, low=0, high=FAR, unit="of the metric",
        why="How much worse the released model may be on these rows than at its release: else labels or world have changed.",
    )  # fmt: skip
    slice: tuple[str, ...] | None = Field(None, description="Judge each group of these columns; default: all rows.")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if all(bound is None for bound in (self.at_least, self.at_most, self.max_drop, self.max_fall)):
            raise Contradictions(
                Contradiction("", "a limit without a bound", "at_least, at_most, max_drop or max_fall, or several of them",
                              f"add a bound, such as `at_least: 0.9`: without one {self.metric} can never refuse")
            )  # fmt: skip
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise Contradictions(
                Contradiction("at_least", f"{self.at_least:g}, which is above at_most ({self.at_most:g})",
                              f"at most {self.at_most:g}", "lower at_least or raise at_most: no value can satisfy both")
            )  # fmt: skip
        return self


class Costs(Section):
    """What a wrong decision of a binary model costs, in any unit; only the ratio counts. Default: as the threshold implies."""

    false_positive: float | None = limit(
        None, low=0, high=FAR, unit="any", above=True, why="Of a negative row that is called positive."
    )
    false_negative: float | None = limit(
        None, low=0, high=FAR, unit="any", above=True, why="Of a positive row that is missed."
    )

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.false_positive is None) != (self.false_negative is None):
            lacking = "false_positive" if self.false_positive is None else "false_negative"
            raise Contradictions(
                Contradiction(
                    "", f"no {lacking}", "both costs, or neither", f"add {lacking}: one cost alone is no ratio"
                )
            )
        return self


class QualityGate(Section):
    """When a trained model is good enough."""

    beat_constant: bool = switch(
        True,
        "Its interval's lower end must beat the constant predictor, and its decisions must not be shown worse than always one way.",
    )
    costs: Costs = Costs()
    limits: tuple[Limit, ...] = Field((), description="Your own limits.")
    min_slice_rows: int = limit(
        100, low=1, high=1_000_000_000, unit="rows", why="A smaller group is reported and does not gate."
    )
    unknown_passes: bool = switch(False, "Let a measurement that cannot tell pass; it is recorded.")

    @model_validator(mode="after")
    def _gates(self) -> Self:
        if not self.beat_constant and not self.limits:
            raise Contradictions(
                Contradiction("beat_constant", "false, and no limits", "true, or at least one limit",
                              "keep beat_constant or add limits: a gate that cannot refuse is none")
            )  # fmt: skip
        return self


class SensitiveColumn(Section):
    """A column whose groups are compared; a column of many different numbers needs bins."""

    column: str = Field(min_length=1, description="Its name; a missing value is a group of its own.")
    bins: tuple[float, ...] = Field(
        (), description="Where the next bin begins: [25, 40, 60] makes <25, 25-40, 40-60 and >=60."
    )

    @model_validator(mode="after")
    def _rises(self) -> Self:
        if not all(map(math.isfinite, self.bins)):
            raise Contradictions(
                Contradiction("bins", str(list(self.bins)), "numbers that rise",
                              "take nan and inf out: missing values are a group of their own, and the first and last bin are open")
            )  # fmt: skip
        if any(low >= high for low, high in zip(self.bins, self.bins[1:], strict=False)):
            raise Contradictions(
                Contradiction("bins", str(list(self.bins)), "bounds that rise", "sort them and take doubles out")
            )
        return self


Gap = Literal[
    "demographic_parity_difference",
    "demographic_parity_ratio",
    "impact_ratio",
    "equal_opportunity_difference",
    "fpr_difference",
    "equalized_odds_difference",
    "equalized_odds_mean",
    "equalized_odds_sum",
    "predictive_parity_difference",
    "abcc",
    "error_difference",
    "score_difference",
]


class FairnessLimit(Section):
    """One limit on a gap between groups, or on how much it may grow against the released model."""

    measure: Gap = Field(description="What is compared between the groups (docs/fairness.md).")
    of: tuple[str, ...] = Field(
        min_length=1, description="Sensitive columns; several mean their intersection, such as [sex, race]."
    )
    at_most: float | None = limit(None, low=0, high=FAR, unit="of the measure", why="For differences.")
    at_least: float | None = limit(None, low=0, high=1, unit="ratio", why="For ratios; 1 is equal.", above=True)
    max_rise: float | None = limit(
        None, low=0, high=FAR, unit="of the measure", why="How much worse than the released model's, on the same rows."
    )
    report_only: bool = switch(False, "Judge and show it, and refuse nothing.")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        is_ratio = self.measure.endswith("_ratio")
        bound, other = ("at_least", self.at_most) if is_ratio else ("at_most", self.at_least)
        if other is not None:
            wrong = "at_most" if is_ratio else "at_least"
            raise Contradictions(
                Contradiction(wrong, f"{other:g} for {self.measure}", f"{bound}",
                              f"write {bound}: {'1 is equal for a ratio' if is_ratio else '0 is equal for a difference'}")
            )  # fmt: skip
        if getattr(self, bound) is None and self.max_rise is None:
            raise Contradictions(
                Contradiction("", "a limit without a bound", f"{bound} or max_rise",
                              f"add a bound: without one {self.measure} can never refuse")
            )  # fmt: skip
        if self.measure == "abcc" and self.max_rise is not None:
            raise Contradictions(
                Contradiction("max_rise", f"{self.max_rise:g} for abcc", "at_most",
                              "write at_most, or another measure such as score_difference: abcc is not compared with the "
                              "released model's")
            )  # fmt: skip
        if self.measure not in OF_VALUES:
            bounds = {"at_most": self.at_most, "max_rise": self.max_rise}
            idle = tuple(bounds_that_cannot_refuse(self.measure, bounds))
            if idle:
                raise Contradictions(*idle)
        return self


class Fairness(Section):
    """Which groups are compared, and how far apart they may be (docs/fairness.md). `fairness: off` says: nothing to compare."""

    enabled: bool = switch(True, "Written as `fairness: off`; the release gate records that nothing was judged.")
    sensitive: tuple[Annotated[SensitiveColumn, _column], ...] = Field(
        (), description="Columns whose groups are compared: names, or {column: age, bins: [25, 40, 60]}."
    )
    depth: int = limit(2, low=1, high=5, unit="columns", why="Intersections of up to so many columns are measured.")
    positive: str | None = Field(None, description="multiclass: the class whose rate is compared, against the rest.")
    profile: Literal["custom", "difference-0.1", "ugesp-4-5", "ll144-table"] = Field(
        "custom", description="custom: your limits alone; the others add limits with a scope and a source."
    )
    limits: tuple[FairnessLimit, ...] = Field((), description="Your own limits.")
    min_rows: int = limit(30, low=1, high=1_000_000_000, unit="rows", why="A smaller group is shown, not judged.")
    min_positives: int = limit(
        10, low=1, high=1_000_000_000, unit="rows", why="And one with fewer of the rows that a rate is taken over."
    )
    confidence: float = limit(0.95, low=0.5, high=0.9999, unit="share", why="Of all intervals and tests together.")
    draws: int = limit(10_000, low=1000, high=1_000_000, unit="draws", why="Of the bootstrap behind the intervals.")
    unknown_passes: bool = switch(
        False, "Let a limit pass that these rows are too few to settle; it is recorded. Undefined is never let pass."
    )
    report_only: bool = switch(False, "Judge and show everything, and refuse nothing: for a gate that is new.")

    @model_validator(mode="after")
    def _knows_its_columns(self) -> Self:
        known = [one.column for one in self.sensitive]
        for index, one in enumerate(self.limits):
            unknown = [name for name in one.of if name not in known]
            if unknown:
                raise Contradictions(
                    Contradiction(f"limits.{index}.of", ", ".join(unknown), "columns of fairness.sensitive",
                                  "add the column there, or correct its name")
                )  # fmt: skip
        return self


class Explanation(Section):
    """What the explanation report looks at, and for how long (docs/explanation.md)."""

    enabled: bool = switch(True, "Written as `explanation: off`.")
    rows: int = limit(2000, low=100, high=1_000_000, unit="rows", why="Of the test split, for what is drawn from many.")
    repeats: int = limit(
        10, low=3, high=1000, unit="repeats", why="Shuffles of each column; more narrow the intervals."
    )
    references: int = limit(
        50, low=5, high=10_000, unit="rows", why="What a row is compared with when it is explained."
    )
    shown: int = limit(3, low=1, high=50, unit="rows", why="Rows explained for each rule and group.")
    immutable: tuple[str, ...] = Field((), description="Columns that no person can change; advice never touches them.")
    monotone: dict[str, Literal["up", "down"]] = Field(
        {}, description="Columns that can change in one direction only: {age: up}."
    )

    @model_validator(mode="after")
    def _can_change_or_cannot(self) -> Self:
        both = [name for name in self.monotone if name in self.immutable]
        if both:
            raise Contradictions(
                *(Contradiction(f"monotone.{name}", f"{name!r}, which is immutable, too", "columns that can change",
                                "keep it in one of the two: immutable never changes, monotone in one direction")
                  for name in both)
            )  # fmt: skip
        return self


class ModelCardText(Section):
    """What only people can say about a model; it stands in the model card."""

    purpose: str = Field("", description="What the model is to be used for, and by whom.")
    not_for: str = Field("", description="What it must not be used for.")
    limits: str = Field("", description="What it is known to be bad at.")
    owners: tuple[str, ...] = Field((), description="Who answers for it.")


class Override(Section):
    """A gate's refusal that a person takes upon themselves; every report says so from then on."""

    gate: Literal["quality_gate", "fairness"] = Field(
        description="Which gate; data that is refused and a model that no server can load have nothing to let pass."
    )
    by: Annotated[str, _line] = Field(
        min_length=1, description="Who decides it.", json_schema_extra={"words": "the name of a person"}
    )
    reason: Annotated[str, _line] = Field(
        min_length=10, description="Why, in a sentence.", json_schema_extra={"words": "text of 10 characters or more"}
    )


class ServingCheck(Section):
    """A real model server must answer with a model as the model itself does, before it is pushed (docs/serving-check.md)."""

    platform: Literal["process", "docker", "kubernetes", "skip"] = Field(
        "process",
        description="Where the server runs; skip pushes what no server was tried with, and the release gate records that.",
    )
    image: str | None = Field(
        None, description="docker and kubernetes: tensorflow/serving, or what keeps its contract, with a tag or digest."
    )
    requests: int = limit(
        100,
        low=1,
        high=10_000,
        unit="requests",
        why="Per protocol and signature, a test row each; p99 needs a hundred.",
    )
    max_latency_p50_ms: float = limit(
        100.0, low=0, high=FAR, unit="ms", above=True,
        why="Half of the rows must be answered within it; usual are 2 to 5, the rest is room for a busy machine.",
    )  # fmt: skip
    max_latency_p99_ms: float = limit(
        1000.0, low=0, high=FAR, unit="ms", above=True, why="Of 100 answers one may take longer."
    )
    max_memory_mb: float = limit(
        2048.0, low=0, high=FAR, unit="MB", above=True, why="Of the server; TensorFlow alone takes 500 to 800."
    )
    load_timeout_s: int = limit(
        120, low=1, high=86_400, unit="s", why="From the server's start until it has the model; usual are 5 to 15."
    )
    warm_up: bool = switch(
        False, "The pushed model brings test rows along as warm-up requests; they lie there unencrypted."
    )

    @model_validator(mode="after")
    def _names_its_image(self) -> Self:
        if self.platform not in ("docker", "kubernetes"):
            return self
        if not self.image:
            raise Contradictions(
                Contradiction("image", f"nothing, with platform {self.platform}", "an image with its tag or digest",
                              "name one, such as tensorflow/serving:2.19.1 or what you built from deploy/serving")
            )  # fmt: skip
        if "@" not in self.image and ":" not in self.image.rpartition("/")[2]:
            raise Contradictions(
                Contradiction("image", repr(self.image), "an image with its tag or digest",
                              "add the tag: without one it is another server tomorrow")
            )  # fmt: skip
        return self


class BatchScoring(Section):
    """A table that each blessed model scores, with TFX's BulkInferrer (docs/predict.md). Off until it has a path."""

    path: str | None = Field(
        None,
        min_length=1,
        description="A file or a folder. It reads as data does and needs the ids and what the model takes, not the label.",
    )


class Release(Section):
    """How a blessed model comes to answer requests."""

    mode: Literal["direct", "hold"] = Field(
        "direct", description="direct: the new version is stable at once. hold: pushed, and nothing serves it."
    )


class Metadata(Section):
    """Where ML Metadata keeps the lineage."""

    kind: Literal["sqlite", "postgresql"] = Field("sqlite", description="sqlite lies in the output folder.")
    host: str = Field("localhost", description="PostgreSQL only.")
    port: int = limit(5432, low=1, high=65_535, unit="port number", why="PostgreSQL only.")
    database: str = Field("sluicegate", description="PostgreSQL only.")
    user: str = Field("sluicegate", description="PostgreSQL only.")
    password_variable: str = Field(
        "SLUICEGATE_METADATA_PASSWORD", description="Environment variable that holds the password; never the password."
    )


def _short(section: str) -> BeforeValidator:
    """Lets a section be written in its short form."""
    return BeforeValidator(lambda value: {SHORT_FORMS[section]: value} if isinstance(value, str) else value)


class Settings(Section):
    """Everything about one data set and its pipeline."""

    settings_version: Literal[1] = Field(1, description="Version of this file's shape.")
    name: str = Field(
        min_length=1, max_length=63, pattern=r"^[a-z][a-z0-9_-]*$", description="Names the pipeline and the model.",
        json_schema_extra={"words": "small letters, digits, - and _, a letter first, 63 characters or fewer"},
    )  # fmt: skip
    data: Annotated[Data, _short("data")]
    label: Annotated[Label, _short("label")]
    task: Literal["auto", "binary", "multiclass", "regression"] = Field("auto", description="auto: read off the label.")
    split: Split = Split()
    columns: Columns = Columns()
    schema_file: str | None = Field(
        None, alias="schema", description="A curated TFMD schema; without one it is inferred from the train split."
    )
    data_gate: DataGate = DataGate()
    training: Training = Training()
    tuning: Tuning = Tuning()
    evaluation: Evaluation = Evaluation()
    quality_gate: QualityGate = QualityGate()
    fairness: Annotated[Fairness, _off] = Fairness()
    explanation: Annotated[Explanation, _off] = Explanation()
    serving_check: ServingCheck = ServingCheck()
    model_card: ModelCardText = ModelCardText()
    overrides: tuple[Override, ...] = Field((), description="Refusals that a person lets pass, by name and reason.")
    batch_scoring: BatchScoring = BatchScoring()
    release: Release = Release()
    metadata: Metadata = Metadata()
    output: str | None = Field(None, description="Output folder; default: output/<name>.")

    @property
    def data_policy(self) -> DataGate:
        """The data gate's settings, with the default that holds for this schema."""
        default = self.data_gate.default if self.schema_file else self.data_gate.default_if_inferred
        return self.data_gate.model_copy(update={"default": default})

    @property
    def data_policy_json(self) -> str:
        """What DataGate's step takes; it names the key that `default` comes from, so that a refusal can."""
        key = "data_gate.default" if self.schema_file else "data_gate.default_if_inferred"
        return json.dumps(
            {**self.data_policy.model_dump(include={"default", "policy", "leaks"}), "default_setting": key}
        )

    @property
    def output_folder(self) -> str:
        return self.output or f"output/{self.name}"

    @model_validator(mode="after")
    def _no_contradictions(self) -> Self:
        found = [*contradictions_in(self, METRICS), *fairness_contradictions_in(self)]
        if found:
            raise Contradictions(*found)
        return self
