"""What training is asked to do about gaps between groups: the keys of the settings section `training` that gates read, too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from schemas.contradiction import Contradiction
from schemas.declared import Declared, limit, said

Method = Literal["none", "reweigh", "constrained", "thresholds"]
METHODS: tuple[str, ...] = get_args(Method)


@dataclass(frozen=True)
class Mitigation(Declared):
    """mitigation_strength : what lies between 0 and 1 is said where each method lives (models/)."""

    mitigation: Method = said(
        "none", why="What training does about gaps between the groups of fairness.sensitive (docs/mitigation.md)."
    )
    mitigation_of: tuple[str, ...] = said(
        (), why="Columns of fairness.sensitive it is about, several mean their intersections; default: the first."
    )
    mitigation_goal: Literal["parity", "equal_opportunity"] = said(
        "parity", why="Equal shares selected, of all rows or of the positive ones; reweigh knows parity alone."
    )
    mitigation_strength: float = limit(
        1.0, low=0, high=1, unit="of the method", why="0 changes nothing, 1 goes all the way."
    )
    mitigation_thresholds: Literal["per_group", "one"] = said(
        "per_group", why="thresholds: per_group needs the sensitive columns in every request; one does not."
    )

    def contradictions(self) -> Iterator[Contradiction]:
        if self.mitigation == "reweigh" and self.mitigation_goal != "parity":
            remedy = (
                "take it out, or choose mitigation: constrained or thresholds (of `sluicegate frontier`: "
                "--methods constrained,thresholds)"
            )
            yield Contradiction(
                "mitigation_goal", f"{self.mitigation_goal}, with mitigation: reweigh", "parity", remedy
            )
