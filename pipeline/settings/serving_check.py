"""A real model server that must answer before a model is pushed."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from pipeline.settings.contradiction import Contradiction, Contradictions
from pipeline.settings.declaration import FAR, Section, limit, switch


class ServingCheck(Section):
    """A real model server must answer with a model as the model itself does, before it is pushed (docs/serving-check.md)."""

    platform: Literal["process", "docker", "kubernetes", "skip"] = Field(
        "process",
        description="Where the server runs; skip pushes what no server was tried with, and the release gate records that.",
    )
    image: str | None = Field(
        None, description="docker and kubernetes: tensorflow/serving, or what keeps its contract, with a tag or digest."
    )
    requests: int = limit(
        100,
        low=1,
        high=10_000,
        unit="requests",
        why="Per protocol and signature, a test row each; p99 needs a hundred.",
    )
    max_latency_p50_ms: float = limit(
        100.0, low=0, high=FAR, unit="ms", above=True,
        why="Half of the rows must be answered within it; usual are 2 to 5, the rest is room for a busy machine.",
    )  # fmt: skip
    max_latency_p99_ms: float = limit(
        1000.0, low=0, high=FAR, unit="ms", above=True, why="Of 100 answers one may take longer."
    )
    max_memory_mb: float = limit(
        2048.0, low=0, high=FAR, unit="MB", above=True, why="Of the server; TensorFlow alone takes 500 to 800."
    )
    load_timeout_s: int = limit(
        120, low=1, high=86_400, unit="s", why="From the server's start until it has the model; usual are 5 to 15."
    )
    warm_up: bool = switch(
        False, "The pushed model brings test rows along as warm-up requests; they lie there unencrypted."
    )

    @property
    def enabled(self) -> bool:
        return self.platform != "skip"

    @property
    def is_repeatable(self) -> bool:
        """What an image holds changes without a word to us."""
        return self.platform == "process"

    @model_validator(mode="after")
    def _names_its_image(self) -> Self:
        if self.platform not in ("docker", "kubernetes"):
            return self
        if not self.image:
            raise Contradictions(
                Contradiction("image", f"nothing, with platform {self.platform}", "an image with its tag or digest",
                              "name one, such as tensorflow/serving:2.19.1 or what you built from deploy/serving")
            )  # fmt: skip
        if "@" not in self.image and ":" not in self.image.rpartition("/")[2]:
            raise Contradictions(
                Contradiction("image", repr(self.image), "an image with its tag or digest",
                              "add the tag: without one it is another server tomorrow")
            )  # fmt: skip
        return self
