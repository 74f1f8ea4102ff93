"""TFX adapter: one standard ModelBlessing out of all verdicts, so that the stock Pusher obeys."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from tfx.dsl.components.base import base_component, base_executor, executor_spec
from tfx.types import BaseChannel, Channel, ComponentSpec, artifact_utils
from tfx.types.component_spec import ChannelParameter, ExecutionParameter
from tfx.types.standard_artifacts import ModelBlessing

from components.release_gate.core import BLESSED_PROPERTY, FILE_NAMES, Allowances, decide, overrides_from, used
from schemas import gate_output, gates
from schemas import verdict as verdicts
from schemas.artifacts import GateVerdict


class Executor(base_executor.BaseExecutor):
    """Reads the verdicts that are there, and decides."""

    def Do(
        self, input_dict: dict[str, list[Any]], output_dict: dict[str, list[Any]], exec_properties: dict[str, Any]
    ) -> None:
        """Writes BLESSED or NOT_BLESSED and the property `blessed` (1 or 0), as TFX's Evaluator does."""
        asked = [gate for gate in gates.from_json(exec_properties["gates_json"]) if gate.is_asked]
        read = {gate.id: _verdict(input_dict.get(gate.verdict_input)) for gate in asked}
        allow = Allowances.from_json(exec_properties["allow_unknown_json"])
        decision = decide(read, allow, overrides_from(exec_properties["overrides_json"]))
        verdict = artifact_utils.get_single_instance(output_dict["verdict"])
        gate_output.leave(decision, verdict)
        verdict.set_string_custom_property("overrides", "\n".join(used(decision)))
        blessing = artifact_utils.get_single_instance(output_dict["blessing"])
        folder = Path(blessing.uri)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / FILE_NAMES[decision.passed]).touch()
        blessing.set_int_custom_property(BLESSED_PROPERTY, int(decision.passed))


def _verdict(given: list[Any] | None) -> verdicts.Verdict | None:
    return verdicts.read(artifact_utils.get_single_instance(given).uri) if given else None


class ReleaseGateSpec(ComponentSpec):
    """Its inputs are those of the gates that there are: one more gate is one more input, and no change here."""

    PARAMETERS: ClassVar[dict] = {
        name: ExecutionParameter(type=str) for name in ("gates_json", "allow_unknown_json", "overrides_json")
    }
    INPUTS: ClassVar[dict] = {}
    OUTPUTS: ClassVar[dict] = {
        "blessing": ChannelParameter(type=ModelBlessing),
        "verdict": ChannelParameter(type=GateVerdict),
    }


class ReleaseGate(base_component.BaseComponent):
    """All verdicts, one blessing.

    gates_json : schemas.gates.to_json of every gate, in the order in which they are asked.
    verdicts : by the gate's `verdict_input`; one that is asked and left out refuses unless `allow_unknown_json` names it.
    overrides_json : a list of settings.Override; those that were needed stand in the verdict's property `overrides`.
    """

    SPEC_CLASS = ReleaseGateSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        gates_json: str,
        verdicts: Mapping[str, BaseChannel],
        allow_unknown_json: str = "{}",
        overrides_json: str = "[]",
    ) -> None:
        inputs = {key: ChannelParameter(type=GateVerdict) for key in verdicts}
        spec_class = type(ReleaseGateSpec.__name__, (ReleaseGateSpec,), {"INPUTS": inputs})
        spec = spec_class(
            gates_json=gates_json,
            allow_unknown_json=allow_unknown_json,
            overrides_json=overrides_json,
            blessing=Channel(type=ModelBlessing),
            verdict=Channel(type=GateVerdict),
            **verdicts,
        )
        super().__init__(spec=spec)
