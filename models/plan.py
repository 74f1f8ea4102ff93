"""How to train: the settings that reach Transform, Tuner and Trainer as JSON."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from schemas.errors import Problem, SettingsError


@dataclass(frozen=True)
class TrainingPlan:
    """Every knob of training, with its unit and range.

    epochs : passes over the train split at most, 1 or more; the learning rate falls to zero over them.
    batch_size : rows per step, 1 or more; small tables use less, so that an epoch has 60 steps where there are rows for it.
    layers : units of each hidden layer, each 1 or more; () is a linear model on the encoded columns; None, in text "auto",
        follows the number of train rows (`sized`).
    members : networks trained side by side and averaged in the one exported model, 1 or more.
    dropout : share of hidden units dropped while training, 0 to below 1.
    learning_rate : AdamW's step size at its highest, above 0.
    weight_decay : AdamW's decoupled decay, 0 or more.
    patience : epochs without a better eval loss before training stops, 1 or more.
    seed : of weights, dropout and the order of rows.
    max_knots : knots per number column in the piecewise-linear encoding at most, 2 or more; few rows get fewer (knots.py).
    vocabulary_size : values kept per category column, most frequent first, 1 or more.
    min_category_rows : train rows a value needs to be kept; rarer values share one bucket, 1 or more.
    threshold : score from which a binary row counts as positive, 0 to 1; "auto" maximises accuracy on eval.
    mitigation : what is done about gaps between groups: one of METHODS (docs/mitigation.md).
    mitigation_of : the sensitive columns whose groups (of several: their intersections) it is about.
    mitigation_goal : "parity" of the share that is selected, or "equal_opportunity": that share among positives.
    mitigation_strength : 0 (nothing) to 1 (all the way); what lies between is said where each method lives.
    mitigation_thresholds : for method thresholds: "per_group", or "one" that is blind to groups.
    """

    epochs: int = 20
    batch_size: int = 256
    layers: tuple[int, ...] | None = None
    members: int = 4
    dropout: float = 0.15
    learning_rate: float = 3e-3
    weight_decay: float = 5e-2
    patience: int = 5
    seed: int = 1
    max_knots: int = 128
    vocabulary_size: int = 1000
    min_category_rows: int = 5
    threshold: float | str = "auto"
    mitigation: str = "none"
    mitigation_of: tuple[str, ...] = ()
    mitigation_goal: str = "parity"
    mitigation_strength: float = 1.0
    mitigation_thresholds: str = "per_group"

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
        known = {f.name for f in fields(self)}
        problems = [_unknown(key, known) for key in values if key not in known]
        layers = _layers(values.get("layers", self.layers))
        of = tuple(values.get("mitigation_of", self.mitigation_of))
        plan = replace(
            self, **{**{k: v for k, v in values.items() if k in known}, "layers": layers, "mitigation_of": of}
        )
        problems += plan._out_of_range()
        if problems:
            raise SettingsError("The training settings are wrong.", *problems)
        return plan

    def sized(self, rows: int) -> TrainingPlan:
        """With hidden layers: the plan's own, or two whose width grows with the root of the train rows.

        A layer's weights grow with the square of its width, so their number grows with the rows, as it must for what one row
        has to tell about a weight to stay the same.
        """
        if self.layers is not None:
            return self
        width = min(max(round(WIDTH_PER_ROOT * rows**0.5 / 16) * 16, LEAST_WIDTH), MOST_WIDTH)
        return replace(self, layers=(width, width))

    def _out_of_range(self) -> list[Problem]:
        whole = {name: getattr(self, name) for name in _LEAST}
        wrong = [
            (k, v, f"a whole number, {_LEAST[k]} or more") for k, v in whole.items() if not _is_whole(v, _LEAST[k])
        ]
        wrong += [("layers", n, "whole numbers, 1 or more") for n in self.layers or () if not _is_whole(n, 1)]
        if not 0 <= self.dropout < 1:
            wrong.append(("dropout", self.dropout, "0 to below 1"))
        if not self.learning_rate > 0:
            wrong.append(("learning_rate", self.learning_rate, "above 0"))
        if not self.weight_decay >= 0:
            wrong.append(("weight_decay", self.weight_decay, "0 or more"))
        if self.threshold != "auto" and not (isinstance(self.threshold, int | float) and 0 <= self.threshold <= 1):
            wrong.append(("threshold", self.threshold, '"auto", or 0 to 1'))
        if not 0 <= self.mitigation_strength <= 1:
            wrong.append(("mitigation_strength", self.mitigation_strength, "0 to 1"))
        chosen = {name: getattr(self, name) for name in _CHOICES}
        wrong += [(k, v, ", ".join(_CHOICES[k])) for k, v in chosen.items() if v not in _CHOICES[k]]
        return [Problem(f"key training.{k}", repr(v), allowed, "Correct the value.") for k, v, allowed in wrong]


#: Of `sized`. The most was the only width before, and still is from 2,300 train rows on.
WIDTH_PER_ROOT, LEAST_WIDTH, MOST_WIDTH = 4.0, 32, 192

METHODS = ("none", "reweigh", "constrained", "thresholds")
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "mitigation": METHODS,
    "mitigation_goal": ("parity", "equal_opportunity"),
    "mitigation_thresholds": ("per_group", "one"),
}
_LEAST: Mapping[str, int] = {
    "epochs": 1,
    "batch_size": 1,
    "members": 1,
    "patience": 1,
    "seed": 0,
    "max_knots": 2,
    "vocabulary_size": 1,
    "min_category_rows": 1,
}


def _layers(value: Any) -> tuple[int, ...] | None:
    """From a list, or from text such as "192-96", "" and "auto"."""
    if value is None or value == "auto":
        return None
    return tuple(int(n) for n in (value.split("-") if isinstance(value, str) and value else value))


def _is_whole(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _unknown(key: str, known: set[str]) -> Problem:
    near = difflib.get_close_matches(key, sorted(known), n=1)
    hint = f"Did you mean training.{near[0]}?" if near else "Remove it."
    return Problem(f"key training.{key}", "an unknown key", ", ".join(sorted(known)), hint)
