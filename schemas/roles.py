"""What each column of the user's table is for, settled before the graph is built and handed to every step as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

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
        """The words for no value of most columns stand once, as `missing`; a reading without the key has these."""
        common = Counter(one.missing for one in self.readings.values()).most_common(1)
        missing = common[0][0] if common else ()
        readings = {name: _without(one, missing) for name, one in self.readings.items()}
        content = {**asdict(self), "readings": readings, "missing": missing}
        return json.dumps(content, sort_keys=True, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Roles:
        """Reads what earlier versions wrote, too: there each reading has its own words, or none."""
        content = json.loads(text)
        common = {"missing": content.pop("missing", [])}
        readings = {name: Reading.from_json({**common, **one}) for name, one in content.get("readings", {}).items()}
        lists = {"classes": tuple(content["classes"]), "ids": tuple(content["ids"])}
        return cls(**{**content, **lists, "readings": readings})


def _without(reading: Reading, missing: tuple[str, ...]) -> dict[str, Any]:
    content = {**reading.to_json(), "missing": list(reading.missing)}
    return {key: value for key, value in content.items() if key != "missing" or reading.missing != missing}
