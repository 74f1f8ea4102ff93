"""What the settings say about each kind of anomaly, and what the step makes of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from schemas.declared import Declared, said
from schemas.document import build
from sluicegate.stats.leak_limits import LeakLimits

Rule = Literal["fail", "warn", "ignore"]
#: The two comparisons, and what is asked of each column in them; a kind is "drift_numbers" and so on.
SKEW, DRIFT = "skew", "drift"
NUMBERS, CATEGORIES, MISSING, TURNOVER = "numbers", "categories", "missing", "turnover"
#: What settings files called the kinds while TFDV measured them, by comparison and sort of column.
FORMER = {
    (SKEW, NUMBERS): "comparator_jensen_shannon_divergence_high",
    (SKEW, CATEGORIES): "comparator_l_infty_high",
    (DRIFT, NUMBERS): "drift_jensen_shannon_divergence_high",
    (DRIFT, CATEGORIES): "drift_l_infty_high",
}


@dataclass(frozen=True)
class DataGate(Declared):
    """What to do about each kind of anomaly, skew, drift and leak (names: docs/data-gate.md)."""

    default: Rule = said("fail", why="For every kind not named in `policy`.")
    default_if_inferred: Rule = said(
        "warn", why="In place of `default` while no schema is given: nobody has reviewed an inferred one."
    )
    policy: dict[str, Rule] = said(
        {"schema_new_column": "warn"},
        why="Per kind of anomaly, in TFDV's names in lower case; `drift`, `skew` and leak_suspected are ours.",
    )
    leaks: LeakLimits = LeakLimits()


@dataclass(frozen=True)
class Policy:
    """The section as the step judges by it.

    kinds : TFDV's names in lower case (AnomalyInfo.Type), or ours, to "fail", "warn" or "ignore".
    default_setting : the settings key that `default` comes from.  leaks : of one column as the only feature.
    """

    default: str = DataGate.default
    kinds: Mapping[str, str] = field(default_factory=dict)
    default_setting: str = "data_gate.default"
    leaks: LeakLimits = LeakLimits()

    @classmethod
    def from_json(cls, text: str) -> Policy:
        """Reads what `Settings.data_policy_json` wrote: {"default": ..., "policy": {...}, "default_setting": ..., "leaks": {...}}."""
        content = json.loads(text)
        leaks = build(LeakLimits, content.get("leaks", {}))
        return cls(content["default"], dict(content["policy"]), content["default_setting"], leaks)

    def of(self, kind: str, sort: str = "") -> str:
        """What to do.  sort : NUMBERS or CATEGORIES, of the column of a kind of skew or drift."""
        key = self._key(kind, sort)
        return self.kinds[key] if key else self.default

    def setting_of(self, kind: str, sort: str = "") -> str:
        key = self._key(kind, sort)
        return f"data_gate.policy.{key}" if key else self.default_setting

    def _key(self, kind: str, sort: str) -> str:
        """The entry that decides: the kind's own, its former one, that of the whole comparison; "" where there is none."""
        side = kind.partition("_")[0] if sort else ""
        names = (kind, FORMER.get((side, sort), ""), side)
        return next((name for name in names if name in self.kinds), "")
