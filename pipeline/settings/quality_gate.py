"""What is measured on the test split, and how good is good enough."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pipeline.settings.declaration import Section, limit, switch
from schemas.contradiction import Contradiction, Contradictions
from schemas.declared import FAR

#: Metrics a limit may name, by task.  The first is the default of `beat_constant`.
METRICS: dict[str, tuple[str, ...]] = {
    "binary": ("auc", "auc_pr", "accuracy", "log_loss", "brier", "precision", "recall", "f1", "calibration_ratio"),
    "multiclass": ("accuracy", "log_loss", "macro_auc"),
    "regression": ("r2", "rmse", "mae", "mse"),
}
#: Metrics of which less is better; a limit on them reads `at_most`, a drop is a rise.
LOWER_IS_BETTER = frozenset({"log_loss", "brier", "rmse", "mae", "mse"})


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
