"""TFX adapter: reads the scored rows, audits them, leaves the verdict and the evidence."""

from pathlib import Path

from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component

from components.fairness_report.core import Policy, decide
from components.fairness_report.reading import read_rows
from schemas import fairness_evidence, gate_output, scored_rows
from schemas.artifacts import FairnessEvidence, GateVerdict, Predictions


@component
def FairnessReport(
    predictions: InputArtifact[Predictions],
    policy_json: Parameter[str],
    verdict: OutputArtifact[GateVerdict],
    report: OutputArtifact[FairnessEvidence],
    training_json: Parameter[str] = "{}",
) -> None:
    """policy_json : settings.Fairness.  training_json : of settings.Training what says mitigation."""
    policy = Policy.from_json(policy_json)
    is_scored = (Path(predictions.uri) / scored_rows.FILE_NAME).is_file()
    rows = read_rows(predictions.uri, policy) if is_scored and policy.compares else None
    from schemas.document import from_text
    from sluicegate.fairness.mitigation import Mitigation

    found, evidence = decide(policy, rows, from_text(Mitigation, training_json))
    gate_output.leave(found, verdict)
    fairness_evidence.write(evidence, report.uri)
    report.set_string_custom_property("split_digest", evidence.split_digest)
