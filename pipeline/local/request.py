"""What the command line asks of a local run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Request:
    """What the command line asks for.

    console : "live", "quiet" or "json".
    environment : name of one of the settings' environments.
    again : run even when nothing changed since the last run.
    """

    config: str
    overrides: tuple[str, ...] = ()
    output: str | None = None
    environment: str = "local"
    plan: bool = False
    again: bool = False
    console: str = "live"
