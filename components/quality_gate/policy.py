"""What the settings ask of a model, as the step receives it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from schemas.contradiction import Contradiction
from schemas.declared import FAR, Declared, limit, said, switch
from schemas.document import from_text

#: How often the near end of any question of the gate may miss, all of them together (Holm), and the far end of each.
LEVEL = 0.025
#: A released model may lose so much of what it was above a constant at its release, where no `max_fall` says otherwise:
#: labels that became random in a quarter of the rows take just that much of an AUC.
MAX_FALL_SHARE = 0.25
#: What beats a constant, by task, and what a constant reaches in it; None: the majority class's share.
CONSTANT = {"binary": ("auc", 0.5), "multiclass": ("accuracy", None), "regression": ("r2", 0.0)}


@dataclass(frozen=True)
class Limit(Declared):
    """One limit of the quality gate: fixed bounds, bounds against the released model, or both."""

    metric: str = said(why="One of the task's metrics (docs/quality-gate.md).")
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
        None,
        low=0,
        high=FAR,
        unit="of the metric",
        why="How much worse the released model may be on these rows than at its release: else labels or world have changed.",
    )
    slice: tuple[str, ...] | None = said(None, why="Judge each group of these columns; default: all rows.")

    def contradictions(self) -> Iterator[Contradiction]:
        if all(bound is None for bound in (self.at_least, self.at_most, self.max_drop, self.max_fall)):
            remedy = f"add a bound, such as `at_least: 0.9`: without one {self.metric} can never refuse"
            bounds = "at_least, at_most, max_drop or max_fall, or several of them"
            yield Contradiction("", "a limit without a bound", bounds, remedy)
        elif self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            got = f"{self.at_least:g}, which is above at_most ({self.at_most:g})"
            remedy = "lower at_least or raise at_most: no value can satisfy both"
            yield Contradiction("at_least", got, f"at most {self.at_most:g}", remedy)


@dataclass(frozen=True)
class Costs(Declared):
    """What a wrong decision of a binary model costs, in any unit; only the ratio counts. Default: as the threshold implies."""

    false_positive: float | None = limit(
        None, low=0, high=FAR, unit="any", above=True, why="Of a negative row that is called positive."
    )
    false_negative: float | None = limit(
        None, low=0, high=FAR, unit="any", above=True, why="Of a positive row that is missed."
    )

    @property
    def ratio(self) -> float | None:
        """Hits that a false alarm costs; None where nothing is said."""
        if self.false_positive is None or self.false_negative is None:
            return None
        return self.false_positive / self.false_negative

    def contradictions(self) -> Iterator[Contradiction]:
        if (self.false_positive is None) != (self.false_negative is None):
            lacking = "false_positive" if self.false_positive is None else "false_negative"
            remedy = f"add {lacking}: one cost alone is no ratio"
            yield Contradiction("", f"no {lacking}", "both costs, or neither", remedy)


@dataclass(frozen=True)
class QualityGate(Declared):
    """When a trained model is good enough."""

    beat_constant: bool = switch(
        True,
        "Its interval's lower end must beat the constant predictor, and its decisions must not be shown worse than always one way.",
    )
    costs: Costs = Costs()
    limits: tuple[Limit, ...] = said((), why="Your own limits.")
    min_slice_rows: int = limit(
        100, low=1, high=1_000_000_000, unit="rows", why="A smaller group is reported and does not gate."
    )
    unknown_passes: bool = switch(False, "Let a measurement that cannot tell pass; it is recorded.")

    def contradictions(self) -> Iterator[Contradiction]:
        if not self.beat_constant and not self.limits:
            remedy = "keep beat_constant or add limits: a gate that cannot refuse is none"
            yield Contradiction("beat_constant", "false, and no limits", "true, or at least one limit", remedy)


@dataclass(frozen=True, kw_only=True)
class Gate(QualityGate):
    """The section as the step judges by it.  task : "binary", "multiclass" or "regression"."""

    task: str

    @classmethod
    def from_json(cls, text: str, task: str) -> Gate:
        """Reads the JSON of `QualityGate`. Raises RecordError."""
        return cls(**vars(from_text(QualityGate, text)), task=task)
