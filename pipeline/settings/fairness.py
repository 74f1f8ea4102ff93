"""Groups of people, and how far apart they may be."""

from __future__ import annotations

import math
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pipeline.settings.contradiction import Contradiction, Contradictions
from pipeline.settings.declaration import FAR, Section, column_by_name, limit, switch
from pipeline.settings.gap_bounds import OF_VALUES, bounds_that_cannot_refuse


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
    sensitive: tuple[Annotated[SensitiveColumn, column_by_name], ...] = Field(
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
