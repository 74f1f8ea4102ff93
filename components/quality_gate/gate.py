"""The quality gate's declaration."""

from schemas import release_metrics
from schemas.evidence import FILES, EvaluationEvidence
from schemas.gates import VERDICT, Gate

ID = "quality_gate"

GATE = Gate(
    id=ID,
    step="QualityGate",
    module="components.quality_gate.component",
    title="Quality",
    what="refuses a model that is shown to break a limit",
    needs={"predictions": "Score.predictions", "baseline": "ReleasedModel.baseline"},
    parameters={"gate_json": "quality_gate", "roles_json": "roles", "slices_json": "evaluation.slices"},
    settings="quality_gate",
    evidence={FILES[EvaluationEvidence].file_name: VERDICT},
    beside={release_metrics.FILE_NAME: VERDICT},
    may_be_overridden=True,
)
