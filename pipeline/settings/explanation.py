"""What the explanation report computes, and what it may cost."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from pipeline.settings.contradiction import Contradiction, Contradictions
from pipeline.settings.declaration import Section, limit, switch


class Explanation(Section):
    """What the explanation report looks at, and for how long (docs/explanation.md)."""

    enabled: bool = switch(True, "Written as `explanation: off`.")
    rows: int = limit(2000, low=100, high=1_000_000, unit="rows", why="Of the test split, for what is drawn from many.")
    repeats: int = limit(
        10, low=3, high=1000, unit="repeats", why="Shuffles of each column; more narrow the intervals."
    )
    references: int = limit(
        50, low=5, high=10_000, unit="rows", why="What a row is compared with when it is explained."
    )
    shown: int = limit(3, low=1, high=50, unit="rows", why="Rows explained for each rule and group.")
    immutable: tuple[str, ...] = Field((), description="Columns that no person can change; advice never touches them.")
    monotone: dict[str, Literal["up", "down"]] = Field(
        {}, description="Columns that can change in one direction only: {age: up}."
    )

    @model_validator(mode="after")
    def _can_change_or_cannot(self) -> Self:
        both = [name for name in self.monotone if name in self.immutable]
        if both:
            raise Contradictions(
                *(Contradiction(f"monotone.{name}", f"{name!r}, which is immutable, too", "columns that can change",
                                "keep it in one of the two: immutable never changes, monotone in one direction")
                  for name in both)
            )  # fmt: skip
        return self
