"""What the settings section `fairness` asks for, declared once: for the settings file and for the step that receives it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Annotated, Literal

from schemas.contradiction import Contradiction
from schemas.declared import FAR, Declared, limit, said, switch
from schemas.document import from_text
from schemas.sensitive import SensitiveColumn, column_by_name
from sluicegate.fairness.gap_bounds import OF_VALUES, bounds_that_cannot_refuse

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


@dataclass(frozen=True)
class FairnessLimit(Declared):
    """One limit on a gap between groups, or on how much it may grow against the released model."""

    measure: Gap = said(why="What is compared between the groups (docs/fairness.md).")
    of: tuple[str, ...] = said(
        why="Sensitive columns; several mean their intersection, such as [sex, race].", min_length=1
    )
    at_most: float | None = limit(None, low=0, high=FAR, unit="of the measure", why="For differences.")
    at_least: float | None = limit(None, low=0, high=1, unit="ratio", why="For ratios; 1 is equal.", above=True)
    max_rise: float | None = limit(
        None, low=0, high=FAR, unit="of the measure", why="How much worse than the released model's, on the same rows."
    )
    report_only: bool = switch(False, "Judge and show it, and refuse nothing.")

    def contradictions(self) -> Iterator[Contradiction]:
        is_ratio = self.measure.endswith("_ratio")
        bound, other = ("at_least", self.at_most) if is_ratio else ("at_most", self.at_least)
        if other is not None:
            wrong, equal = (
                ("at_most", "1 is equal for a ratio") if is_ratio else ("at_least", "0 is equal for a difference")
            )
            yield Contradiction(wrong, f"{other:g} for {self.measure}", bound, f"write {bound}: {equal}")
        elif getattr(self, bound) is None and self.max_rise is None:
            remedy = f"add a bound: without one {self.measure} can never refuse"
            yield Contradiction("", "a limit without a bound", f"{bound} or max_rise", remedy)
        elif self.measure == "abcc" and self.max_rise is not None:
            remedy = "write at_most, or another measure such as score_difference: abcc is not compared with the released model's"
            yield Contradiction("max_rise", f"{self.max_rise:g} for abcc", "at_most", remedy)
        elif self.measure not in OF_VALUES:
            yield from bounds_that_cannot_refuse(self.measure, {"at_most": self.at_most, "max_rise": self.max_rise})


@dataclass(frozen=True)
class Fairness(Declared):
    """Which groups are compared, and how far apart they may be (docs/fairness.md). `fairness: off` says: nothing to compare."""

    enabled: bool = switch(True, "Written as `fairness: off`; the release gate records that nothing was judged.")
    sensitive: tuple[Annotated[SensitiveColumn, column_by_name], ...] = said(
        (), why="Columns whose groups are compared: names, or {column: age, bins: [25, 40, 60]}."
    )
    depth: int = limit(2, low=1, high=5, unit="columns", why="Intersections of up to so many columns are measured.")
    positive: str | None = said(None, why="multiclass: the class whose rate is compared, against the rest.")
    profile: Literal["custom", "difference-0.1", "ugesp-4-5", "ll144-table"] = said(
        "custom", why="custom: your limits alone; the others add limits with a scope and a source."
    )
    limits: tuple[FairnessLimit, ...] = said((), why="Your own limits.")
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

    def contradictions(self) -> Iterator[Contradiction]:
        known = [one.column for one in self.sensitive]
        for index, one in enumerate(self.limits):
            unknown = [name for name in one.of if name not in known]
            if unknown:
                remedy = "add the column there, or correct its name"
                yield Contradiction(f"limits.{index}.of", ", ".join(unknown), "columns of fairness.sensitive", remedy)


@dataclass(frozen=True)
class Limit(FairnessLimit):
    """A limit as the step judges it.  setting : the key that judges it; a profile's limits carry the profile's name."""

    setting: str = ""


@dataclass(frozen=True)
class Policy(Fairness):
    """The section as the step receives it.  seed : of every draw; the same seed gives the same report."""

    limits: tuple[Limit, ...] = ()
    seed: int = 0

    @property
    def compares(self) -> bool:
        """Whether there is anything to compare."""
        return self.enabled and bool(self.sensitive)

    @property
    def level(self) -> float:
        """How often each end of an interval may miss."""
        return (1 - self.confidence) / 2

    @classmethod
    def from_json(cls, text: str) -> Policy:
        """Reads the JSON of `Fairness`. Raises RecordError."""
        return cls.of(from_text(Fairness, text))

    @classmethod
    def of(cls, section: Fairness) -> Policy:
        own = {field.name: getattr(section, field.name) for field in fields(Fairness)}
        limits = (Limit(**vars(one), setting=f"fairness.limits.{n}") for n, one in enumerate(section.limits))
        return cls(**{**own, "limits": tuple(limits)})
