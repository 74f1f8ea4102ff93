"""The settings section `serving_check`, as the settings file and the step read it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from schemas.contradiction import Contradiction
from schemas.declared import FAR, Declared, limit, said, switch


@dataclass(frozen=True)
class Limits(Declared):
    """What TFX's own specs have no place for."""

    max_latency_p50_ms: float = limit(
        100.0,
        low=0,
        high=FAR,
        unit="ms",
        above=True,
        why="Half of the rows must be answered within it; usual are 2 to 5, the rest is room for a busy machine.",
    )
    max_latency_p99_ms: float = limit(
        1000.0, low=0, high=FAR, unit="ms", above=True, why="Of 100 answers one may take longer."
    )
    max_memory_mb: float = limit(
        2048.0, low=0, high=FAR, unit="MB", above=True, why="Of the server; TensorFlow alone takes 500 to 800."
    )


@dataclass(frozen=True, kw_only=True)
class ServingCheck(Limits):
    """A real model server must answer with a model as the model itself does, before it is pushed (docs/serving-check.md)."""

    platform: Literal["process", "docker", "kubernetes", "skip"] = said(
        "process",
        why="Where the server runs; skip pushes what no server was tried with, and the release gate records that.",
    )
    image: str | None = said(
        None, why="docker and kubernetes: tensorflow/serving, or what keeps its contract, with a tag or digest."
    )
    requests: int = limit(
        100,
        low=1,
        high=10_000,
        unit="requests",
        why="Per protocol and signature, a test row each; p99 needs a hundred.",
    )
    load_timeout_s: int = limit(
        120, low=1, high=86_400, unit="s", why="From the server's start until it has the model; usual are 5 to 15."
    )
    warm_up: bool = switch(
        False, "The pushed model brings test rows along as warm-up requests; they lie there unencrypted."
    )

    @property
    def limits(self) -> Limits:
        return Limits(self.max_latency_p50_ms, self.max_latency_p99_ms, self.max_memory_mb)

    @property
    def enabled(self) -> bool:
        return self.platform != "skip"

    @property
    def is_repeatable(self) -> bool:
        """What an image holds changes without a word to us."""
        return self.platform == "process"

    def contradictions(self) -> Iterator[Contradiction]:
        if self.platform not in ("docker", "kubernetes"):
            return
        wanted = "an image with its tag or digest"
        if not self.image:
            remedy = "name one, such as tensorflow/serving:2.19.1 or what you built from deploy/serving"
            yield Contradiction("image", f"nothing, with platform {self.platform}", wanted, remedy)
        elif "@" not in self.image and ":" not in self.image.rpartition("/")[2]:
            remedy = "add the tag: without one it is another server tomorrow"
            yield Contradiction("image", repr(self.image), wanted, remedy)
