"""TFX's InfraValidator with one parameter and one output more.

A sibling and not a subclass of TFX's own class: the Kubeflow compiler refuses every instance of that.
"""

from typing import ClassVar

from tfx.dsl.components.base import base_component, executor_spec
from tfx.proto import infra_validator_pb2
from tfx.types import BaseChannel, Channel, standard_artifacts, standard_component_specs
from tfx.types.component_spec import ChannelParameter, ExecutionParameter

from components.infra_validator.core import Limits
from components.infra_validator.executor import Executor
from schemas.artifacts import GateVerdict


class InfraValidatorSpec(standard_component_specs.InfraValidatorSpec):
    """TFX's, plus `checks_json` (core.Limits) and `verdict`."""

    PARAMETERS: ClassVar[dict] = {
        **standard_component_specs.InfraValidatorSpec.PARAMETERS,
        "checks_json": ExecutionParameter(type=str),
    }
    OUTPUTS: ClassVar[dict] = {
        **standard_component_specs.InfraValidatorSpec.OUTPUTS,
        "verdict": ChannelParameter(type=GateVerdict),
    }


class InfraValidator(base_component.BaseComponent):
    """A real model server answers with the model as the model itself does, or the blessing is refused with reasons.

    serving_spec : as TFX's; without a platform the server is a process of this machine (`python -m sluicegate.serving`).
    """

    SPEC_CLASS = InfraValidatorSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        model: BaseChannel,
        examples: BaseChannel,
        serving_spec: infra_validator_pb2.ServingSpec,
        request_spec: infra_validator_pb2.RequestSpec,
        validation_spec: infra_validator_pb2.ValidationSpec,
        limits: Limits,
    ) -> None:
        spec = InfraValidatorSpec(
            model=model,
            examples=examples,
            blessing=Channel(type=standard_artifacts.InfraBlessing),
            verdict=Channel(type=GateVerdict),
            serving_spec=serving_spec,
            request_spec=request_spec,
            validation_spec=validation_spec,
            checks_json=limits.to_json(),
        )
        super().__init__(spec=spec)
