"""How a command ended, whichever way a test ran it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str
