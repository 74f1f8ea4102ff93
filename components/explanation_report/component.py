"""TFX adapter: the test split's rows, the scores they were given, and the model itself; leaves evidence and a verdict."""

from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types.standard_artifacts import Examples, Model

from schemas import explanation_evidence, gate_output
from schemas.artifacts import ExplanationEvidence, GateVerdict, Predictions
from sluicegate.explanation.core import Asked, SensitiveCodes, Subject, Wanted, explain, not_configured, pool_numbers
from sluicegate.explanation.table import of_columns


@component
def ExplanationReport(
    examples: InputArtifact[Examples],
    model: InputArtifact[Model],
    predictions: InputArtifact[Predictions],
    explanation_json: Parameter[str],
    fairness_json: Parameter[str],
    seed: Parameter[int],
    verdict: OutputArtifact[GateVerdict],
    report: OutputArtifact[ExplanationEvidence],
) -> None:
    """explanation_json : settings.Explanation.  fairness_json : settings.Fairness."""
    import time
    from pathlib import Path

    from tfx.types import artifact_utils
    from tfx.utils import path_utils

    from schemas import scored_rows
    from schemas.document import from_text
    from sluicegate.explanation.model import RawModel
    from sluicegate.explanation.rows import read_columns, read_split

    wanted, sensitive = from_text(Wanted, explanation_json), SensitiveCodes.from_json(fairness_json)
    Path(report.uri).mkdir(parents=True, exist_ok=True)
    if not wanted.enabled:
        gate_output.leave(not_configured(), verdict)
        return
    about = scored_rows.read_about(predictions.uri)
    split = read_split(predictions.uri, sensitive)
    raw_model = RawModel(path_utils.serving_model_path(model.uri))
    numbers = pool_numbers(len(split), seed)
    folder = artifact_utils.get_split_uri([examples], about.split)
    columns = read_columns(folder, raw_model.inputs, numbers, len(split))
    table = of_columns(columns, {one.name: one.kind for one in raw_model.inputs})
    shuffled = raw_model.shuffled if raw_model.has_weights else None
    subject = Subject(split, numbers, table)
    evidence, judged = explain(Asked(subject, raw_model, wanted, sensitive, seed, time.monotonic, shuffled))
    explanation_evidence.write(evidence, report.uri)
    gate_output.leave(judged, verdict)
