"""What the explanation report computes, and what it may cost: the settings section `explanation`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from schemas.contradiction import Contradiction
from schemas.declared import Declared, limit, said, switch


@dataclass(frozen=True)
class Wanted(Declared):
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
    immutable: tuple[str, ...] = said((), why="Columns that no person can change; advice never touches them.")
    monotone: dict[str, Literal["up", "down"]] = said(
        {}, why="Columns that can change in one direction only: {age: up}."
    )

    def contradictions(self) -> Iterator[Contradiction]:
        for name in self.monotone:
            if name in self.immutable:
                remedy = "keep it in one of the two: immutable never changes, monotone in one direction"
                yield Contradiction(
                    f"monotone.{name}", f"{name!r}, which is immutable, too", "columns that can change", remedy
                )
