"""TFX adapter: reads TFMA's result, judges it, leaves the verdict."""

from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types.standard_artifacts import Model, ModelEvaluation

from components.quality_gate.core import Gate, decide, metric_rows
from components.quality_gate.evaluation import read_slices
from schemas import evidence, gate_output
from schemas.artifacts import GateVerdict
from schemas.evidence import EvaluationEvidence
from schemas.roles import Roles


@component
def QualityGate(
    evaluation: InputArtifact[ModelEvaluation],
    baseline: InputArtifact[Model],
    gate_json: Parameter[str],
    roles_json: Parameter[str],
    verdict: OutputArtifact[GateVerdict],
) -> None:
    """gate_json : settings.QualityGate.  roles_json : schemas.roles.Roles.

    Beside the verdict stands `evaluation.json` with every metric of every slice, for steps that read no TFMA result.
    """
    slices = read_slices(evaluation.uri)
    is_first = baseline.get_int_custom_property("empty") == 1
    roles = Roles.from_json(roles_json)
    # An empty list is "a released model without a result": cannot tell, and never taken for the first model.
    released = None if is_first else slices.get("baseline", [])
    gate_output.leave(decide(Gate.from_json(gate_json, roles.task), slices["candidate"], released), verdict)
    rows = metric_rows(roles.task, slices["candidate"], released or ())
    evidence.write(EvaluationEvidence(roles.task, rows[0].rows if rows else 0, rows, roles.classes), verdict.uri)
