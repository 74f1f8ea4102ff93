"""What the settings ask of a model, as the step receives it."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sluicegate.stats.interval import Levels

#: How often the near end of any question of the gate may miss, all of them together (Holm), and the far end of each.
LEVEL = 0.025
LEVELS = Levels(LEVEL, LEVEL)
#: A released model may lose so much of what it was above a constant at its release, where no `max_fall` says otherwise:
#: labels that became random in a quarter of the rows take just that much of an AUC.
MAX_FALL_SHARE = 0.25
#: What beats a constant, by task, and what a constant reaches in it; None: the majority class's share.
CONSTANT = {"binary": ("auc", 0.5), "multiclass": ("accuracy", None), "regression": ("r2", 0.0)}


@dataclass(frozen=True)
class Limit:
    """One limit of settings.QualityGate.  slice : columns whose groups are judged; () judges all rows."""

    metric: str
    at_least: float | None = None
    at_most: float | None = None
    max_drop: float | None = None
    max_fall: float | None = None
    slice: tuple[str, ...] = ()


@dataclass(frozen=True)
class Costs:
    """What the two kinds of wrong decisions cost, in any unit."""

    false_positive: float
    false_negative: float


@dataclass(frozen=True)
class Gate:
    """What the settings ask for.  task : "binary", "multiclass" or "regression"."""

    task: str
    beat_constant: bool = True
    limits: tuple[Limit, ...] = ()
    min_slice_rows: int = 100
    unknown_passes: bool = False
    costs: Costs | None = None

    @classmethod
    def from_json(cls, text: str, task: str) -> Gate:
        """Reads the JSON of settings.QualityGate."""
        content = json.loads(text)
        limits = tuple(Limit(**{**one, "slice": tuple(one.get("slice") or ())}) for one in content.pop("limits"))
        costs = content.pop("costs", None) or {}
        known = all(costs.get(name) is not None for name in ("false_positive", "false_negative"))
        return cls(task=task, limits=limits, costs=Costs(**costs) if known else None, **content)
