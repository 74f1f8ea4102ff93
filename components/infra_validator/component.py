"""TFX's InfraValidator with one parameter and one output more.

A sibling and not a subclass of TFX's own class: the Kubeflow compiler refuses every instance of that.
"""

from typing import ClassVar

from tfx.dsl.components.base import base_component, executor_spec
from tfx.proto import infra_validator_pb2
from tfx.types import BaseChannel, Channel, standard_artifacts, standard_component_specs
from tfx.types.component_spec import ChannelParameter, ExecutionParameter

from components.infra_validator.asked import ServingCheck
from components.infra_validator.executor import Executor
from schemas.artifacts import GateVerdict
from schemas.document import from_text, to_text


class InfraValidatorSpec(standard_component_specs.InfraValidatorSpec):
    """TFX's, plus `checks_json` (asked.Limits) and `verdict`."""

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

    check_json : settings.ServingCheck. With platform process the server is a process of this machine
        (`python -m sluicegate.serving`).
    """

    SPEC_CLASS = InfraValidatorSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        model: BaseChannel,
        examples: BaseChannel,
        model_name: str,
        check_json: str,
    ) -> None:
        check = from_text(ServingCheck, check_json)
        spec = InfraValidatorSpec(
            model=model,
            examples=examples,
            blessing=Channel(type=standard_artifacts.InfraBlessing),
            verdict=Channel(type=GateVerdict),
            serving_spec=_serving_spec(model_name, check),
            request_spec=infra_validator_pb2.RequestSpec(
                tensorflow_serving=infra_validator_pb2.TensorFlowServingRequestSpec(),
                split_name="test",
                num_examples=check.requests,
                make_warmup=check.warm_up,
            ),
            # Tries only what could not be tried, so once is enough where a person looks at it.
            validation_spec=infra_validator_pb2.ValidationSpec(
                max_loading_time_seconds=check.load_timeout_s, num_tries=1
            ),
            checks_json=to_text(check.limits),
        )
        super().__init__(spec=spec)


def _serving_spec(model_name: str, check: ServingCheck) -> infra_validator_pb2.ServingSpec:
    """TFX's proto knows no process: a spec without a platform means that to our executor."""
    spec = infra_validator_pb2.ServingSpec(model_name=model_name)
    if check.platform == "process":
        return spec
    name, at, digest = (check.image or "").partition("@")
    tag = "" if at else name.rpartition(":")[2]
    spec.tensorflow_serving.image_name = name if at else name.rpartition(":")[0]
    (spec.tensorflow_serving.digests if at else spec.tensorflow_serving.tags).append(digest or tag)
    if check.platform == "docker":
        spec.local_docker.SetInParent()
    else:
        spec.kubernetes.SetInParent()
    return spec
