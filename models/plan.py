"""How to train: the settings of the network, its fitting and the search before it, as they reach Transform, Tuner and Trainer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any

from schemas.declared import Before, Declared, Whole, limit, refuse_wrong, said, switch
from schemas.errors import Problem, SettingsError
from sluicegate.fairness.mitigation import Mitigation

_auto = Before(lambda value: None if value == "auto" else value)


@dataclass(frozen=True, kw_only=True)
class Training(Mitigation):
    """The network and its fitting. Defaults are chosen on several tables, not on one (docs/model.md).

    layers : () is a linear model on the encoded columns; None, in text "auto", follows the number of train rows (`sized`).
    """

    epochs: int = limit(20, low=1, high=10_000, unit="epochs", why="The learning rate falls to zero over them.")
    batch_size: int = limit(256, low=1, high=65_536, unit="rows", why="Small tables take smaller batches themselves.")
    layers: Annotated[tuple[Annotated[int, Whole(1, 8192)], ...] | None, _auto] = said(
        None,
        why="Units per hidden layer, first to last; auto follows the train rows (docs/model.md).",
        min_length=1,
        max_length=10,
        json_schema_extra={
            "words": "auto, or a list of whole numbers from 1 to 8192, 1 to 10 of them (units)",
            "without": "auto",
        },
    )
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


@dataclass(frozen=True)
class Tuning(Declared):
    """A search for hyperparameters before training (keras-tuner). Off by default: it multiplies the time."""

    enabled: bool = switch(False, "Put a Tuner before the Trainer.")
    trials: int = limit(8, low=1, high=10_000, unit="trials", why="How many candidates are tried.")
    epochs: int = limit(10, low=1, high=10_000, unit="epochs", why="Per trial.")


@dataclass(frozen=True, kw_only=True)
class TrainingPlan(Training):
    """What the steps receive.

    threshold : evaluation.threshold: score from which a binary row counts as positive; "auto" maximises accuracy on eval.
    """

    threshold: float | str = "auto"

    @classmethod
    def from_json(cls, text: str) -> TrainingPlan:
        """The plan in a JSON object; absent keys keep their defaults.

        Raises
        ------
        SettingsError : unknown keys and values out of range, all of them together.
        """
        return cls().with_values(json.loads(text or "{}"))

    def with_values(self, values: Mapping[str, Any]) -> TrainingPlan:
        """The same plan with some values replaced, checked as in `from_json`; layers may be text such as "192-96"."""
        given = dict(values)
        if "layers" in given:
            given["layers"] = _layers(given["layers"])
        refuse_wrong(TrainingPlan, given, "training", "The training settings are wrong.")
        for key, value, allowed in _wrong_beyond_ranges(given):
            told = Problem(f"key training.{key}", repr(value), allowed, "correct the value")
            raise SettingsError("The training settings are wrong.", told)
        return replace(self, **{**given, "mitigation_of": tuple(given.get("mitigation_of", self.mitigation_of))})

    def sized(self, rows: int) -> TrainingPlan:
        """With hidden layers: the plan's own, or two whose width grows with the root of the train rows.

        A layer's weights grow with the square of its width, so their number grows with the rows, as it must for what one row
        has to tell about a weight to stay the same.
        """
        if self.layers is not None:
            return self
        width = min(max(round(WIDTH_PER_ROOT * rows**0.5 / 16) * 16, LEAST_WIDTH), MOST_WIDTH)
        return replace(self, layers=(width, width))


#: Of `sized`. The most was the only width before, and still is from 2,300 train rows on.
WIDTH_PER_ROOT, LEAST_WIDTH, MOST_WIDTH = 4.0, 32, 192


def _wrong_beyond_ranges(given: Mapping[str, Any]) -> Iterator[tuple[str, Any, str]]:
    for units in given.get("layers") or ():
        if not (isinstance(units, int) and not isinstance(units, bool) and units >= 1):
            yield "layers", units, "whole numbers, 1 or more"
    threshold = given.get("threshold", "auto")
    if threshold != "auto" and not (isinstance(threshold, int | float) and 0 <= threshold <= 1):
        yield "threshold", threshold, '"auto", or 0 to 1'


def _layers(value: Any) -> tuple[int, ...] | None:
    """From a list, or from text such as "192-96", "" and "auto"."""
    if value is None or value == "auto":
        return None
    return tuple(int(n) for n in (value.split("-") if isinstance(value, str) and value else value))
