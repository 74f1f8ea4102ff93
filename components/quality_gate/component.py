"""TFX adapter: reads the scored rows, judges them, leaves the verdict and what was measured."""

import json

from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types.standard_artifacts import Model

from components.quality_gate.core import judge_rows
from components.quality_gate.policy import Gate
from components.quality_gate.questions import Past
from schemas import evidence, gate_output, release_metrics, scored_rows
from schemas.artifacts import GateVerdict, Predictions
from schemas.roles import Roles
from sluicegate.quality.groups import columns_needed


@component
def QualityGate(
    predictions: InputArtifact[Predictions],
    baseline: InputArtifact[Model],
    gate_json: Parameter[str],
    roles_json: Parameter[str],
    slices_json: Parameter[str],
    verdict: OutputArtifact[GateVerdict],
) -> None:
    """gate_json : settings.QualityGate.  roles_json : schemas.roles.Roles.  slices_json : lists of columns.

    Beside the verdict stand `evaluation.json` with every metric of every slice, and `release_metrics.json`, which is kept where the model
    is released.
    """
    rows = scored_rows.read(predictions.uri, columns_needed(scored_rows.read_about(predictions.uri)))
    is_first = baseline.get_int_custom_property("empty") == 1
    about = rows.about
    then = release_metrics.read_if_there(baseline.uri)
    past = Past(is_first, about.released_version, then, about.baseline_note, about.caution)
    gate = Gate.from_json(gate_json, Roles.from_json(roles_json).task)
    judged = judge_rows(gate, rows, json.loads(slices_json), past)
    gate_output.leave(judged.verdict, verdict)
    evidence.write(judged.measured, verdict.uri)
    release_metrics.write(judged.kept, verdict.uri)
