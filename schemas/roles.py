"""What each column of the user's table is for, settled before the graph is built and handed to every step as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from schemas.reading import Reading

TASKS = ("binary", "multiclass", "regression")
SPLITS = ("train", "eval", "test")


@dataclass(frozen=True)
class Roles:
    """Columns by role, and the label's classes.

    task : "binary", "multiclass" or "regression".
    classes : label values as text, in score order; for binary the positive class stands last; () for regression.
    label_offset : taken off a regression's label before the network's 32-bit arithmetic, and added to what it answers; 0 for
        labels that 32-bit floats hold.
    kinds : the user's word on a column: "number", "category" or "date"; it overrules the schema.
    readings : how the cells of each column that a model takes are read; what earlier runs wrote has none.
    """

    label: str
    task: str
    classes: tuple[str, ...] = ()
    weight: str | None = None
    ids: tuple[str, ...] = ()
    kinds: Mapping[str, str] = field(default_factory=dict)
    label_offset: float = 0.0
    readings: Mapping[str, Reading] = field(default_factory=dict)

    @property
    def positive(self) -> str | None:
        """The positive class of a binary task."""
        return self.classes[-1] if self.task == "binary" else None

    def to_json(self) -> str:
        readings = {name: reading.to_json() for name, reading in self.readings.items()}
        return json.dumps({**asdict(self), "readings": readings}, sort_keys=True, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Roles:
        content = json.loads(text)
        readings = {name: Reading.from_json(one) for name, one in content.get("readings", {}).items()}
        lists = {"classes": tuple(content["classes"]), "ids": tuple(content["ids"])}
        return cls(**{**content, **lists, "readings": readings})
