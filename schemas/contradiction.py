"""Settings that are valid one by one and make no sense together: what a check raises."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Contradiction:
    """One such place.

    key : dotted, relative to the section that raises it.  The rest as in schemas.errors.Problem.
    """

    key: str
    got: str
    allowed: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.key}: {self.got}; allowed: {self.allowed}; {self.remedy}"


class Contradictions(ValueError):
    """All contradictions that one section found."""

    def __init__(self, *found: Contradiction) -> None:
        super().__init__("; ".join(map(str, found)))
        self.found = found
