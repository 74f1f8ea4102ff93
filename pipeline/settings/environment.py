"""Where a pipeline runs and what it may use there; the graph is the same everywhere (docs/environments.md)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pipeline.settings.declaration import Section, limit
from pipeline.settings.metadata import Metadata

#: Environments that need not be declared.
RUNNERS = ("local", "kubeflow", "vertex")


class Resources(Section):
    """What one step may use. A local runner has one machine for all of them and reads none of it."""

    cpus: float | None = limit(None, low=0, high=1000, unit="CPUs", why="At most.", above=True)
    memory_gb: float | None = limit(None, low=0, high=100_000, unit="GB", why="At most.", above=True)
    gpus: int | None = limit(None, low=0, high=1000, unit="GPUs", why="Given to the step.")


class Profile(Section):
    """One environment."""

    runner: Literal["local", "kubeflow", "vertex"] | None = Field(
        None, description="What runs the graph there; default: the environment's name, if it is one of these."
    )
    pipeline_root: str | None = Field(
        None,
        min_length=1,
        description="Where artifacts go, such as gs://bucket/pipelines; local has its output folder.",
    )
    serving_folder: str | None = Field(
        None, min_length=1, description="Versions and release.json; default: `serving` beside or in what runs write to."
    )
    image: str | None = Field(
        None, min_length=1, description="Holds this project; each step runs in it. Not for local."
    )
    beam_arguments: tuple[str, ...] | None = Field(
        None, description="For the steps that use Beam; default: one process on the machine of the step."
    )
    resources: dict[str, Resources] = Field(
        {}, description="What a step may use, by the step's name, such as {Trainer: {cpus: 8, memory_gb: 32}}."
    )
    metadata: Metadata | None = Field(
        None, description="Where ML Metadata keeps the lineage; default: the section `metadata`. Vertex brings its own."
    )
    secrets: dict[str, str] = Field(
        {}, description="A name to the environment variable that holds the secret; never the secret itself."
    )
