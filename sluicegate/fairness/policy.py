"""What the settings ask for, as the step receives it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class SensitiveColumn:
    """bins : where the next bin of a number column begins."""

    column: str
    bins: tuple[float, ...] = ()


@dataclass(frozen=True)
class Limit:
    """One limit of settings.FairnessLimit.  of : sensitive columns; several mean their intersection.

    setting : the key that judges it; a profile's limits carry the profile's name.
    """

    measure: str
    of: tuple[str, ...]
    at_most: float | None = None
    at_least: float | None = None
    max_rise: float | None = None
    report_only: bool = False
    setting: str = ""


@dataclass(frozen=True)
class Policy:
    """The settings section `fairness`.  seed : of every draw; the same seed gives the same report."""

    enabled: bool = True
    sensitive: tuple[SensitiveColumn, ...] = ()
    depth: int = 2
    positive: str | None = None
    profile: str = "custom"
    limits: tuple[Limit, ...] = ()
    min_rows: int = 30
    min_positives: int = 10
    confidence: float = 0.95
    draws: int = 10_000
    unknown_passes: bool = False
    report_only: bool = False
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
        """Reads the JSON of settings.Fairness."""
        content: dict[str, Any] = json.loads(text)
        sensitive = tuple(
            SensitiveColumn(s["column"], tuple(s.get("bins") or ())) for s in content.pop("sensitive", ())
        )
        limits = tuple(
            Limit(**{**one, "of": tuple(one["of"]), "setting": f"fairness.limits.{index}"})
            for index, one in enumerate(content.pop("limits", ()))
        )
        return cls(sensitive=sensitive, limits=limits, **content)
