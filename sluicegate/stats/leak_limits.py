"""From which value on a column that alone predicts the label is told of, and refused."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.declared import Declared, limit


@dataclass(frozen=True)
class LeakLimits(Declared):
    """A column that alone predicts the label: AUC, or the explained part of the variance of a regression label's ranks."""

    fail_at: float = limit(
        0.995, low=0.5, high=1, unit="AUC or R2", why="An outcome recorded afterwards, or a counter."
    )
    warn_at: float = limit(0.98, low=0.5, high=1, unit="AUC or R2", why="Honest features stay below.")
