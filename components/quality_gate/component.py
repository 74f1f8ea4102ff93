"""TFX adapter: reads TFMA's result, judges it, leaves the verdict."""

from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types.standard_artifacts import Model, ModelEvaluation

from components.quality_gate.core import Gate, decide
from components.quality_gate.evaluation import read_slices
from schemas import gate_output
from schemas.artifacts import GateVerdict
from schemas.roles import Roles


@component
def QualityGate(
    evaluation: InputArtifact[ModelEvaluation],
    baseline: InputArtifact[Model],
    gate_json: Parameter[str],
    roles_json: Parameter[str],
    verdict: OutputArtifact[GateVerdict],
) -> None:
    """gate_json : settings.QualityGate.  roles_json : schemas.roles.Roles, for the task."""
    slices = read_slices(evaluation.uri)
    is_first = baseline.get_int_custom_property("empty") == 1
    gate = Gate.from_json(gate_json, Roles.from_json(roles_json).task)
    # An empty list is "a released model without a result": cannot tell, and never taken for the first model.
    gate_output.leave(decide(gate, slices["candidate"], None if is_first else slices.get("baseline", [])), verdict)
