"""What the command line asks of a local run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Request:
    """What the command line asks for.

    console : "live", "quiet" or "json".
    again : run even when nothing changed since the last run.
    """

    config: str
    overrides: tuple[str, ...] = ()
    output: str | None = None
    plan: bool = False
    again: bool = False
    console: str = "live"
