"""The network, its fitting, and the search before it."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pipeline.settings.contradiction import Contradiction, Contradictions
from pipeline.settings.declaration import Section, auto, limit, switch


class Training(Section):
    """The network and its fitting. Defaults are chosen on several tables, not on one (docs/model.md)."""

    epochs: int = limit(20, low=1, high=10_000, unit="epochs", why="The learning rate falls to zero over them.")
    batch_size: int = limit(256, low=1, high=65_536, unit="rows", why="Small tables take smaller batches themselves.")
    layers: Annotated[tuple[Annotated[int, Field(strict=True, ge=1, le=8192)], ...] | None, auto] = Field(
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
