"""What a step may use, as Kubeflow and Vertex take it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.settings.environment import Resources
from schemas.errors import Problem, SettingsError
from schemas.names import did_you_mean


def give_resources(nodes: Mapping[str, Any], resources: Mapping[str, Resources]) -> None:
    """Raises SettingsError for a step that the pipeline does not have."""
    unknown = [step for step in resources if step not in nodes]
    if unknown:
        raise SettingsError(
            "The environment gives resources to steps that the pipeline does not have.",
            *(
                Problem(f"resources.{step}", repr(step), ", ".join(nodes), did_you_mean(step, nodes, "take it out"))
                for step in unknown
            ),
        )
    for step, given in resources.items():
        nodes[step].with_platform_config(_spec(given))


def _spec(given: Resources) -> Any:
    from kfp.pipeline_spec import pipeline_spec_pb2

    spec = pipeline_spec_pb2.PipelineDeploymentConfig.PipelineContainerSpec.ResourceSpec()
    if given.cpus is not None:
        spec.cpu_limit = given.cpus
    if given.memory_gb is not None:
        spec.memory_limit = given.memory_gb
    if given.gpus:
        spec.accelerator.count = given.gpus
    return spec
