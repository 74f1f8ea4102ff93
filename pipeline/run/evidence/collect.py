"""Reads what the steps left behind into plain evidence files, as far as the run got."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pipeline.run.evidence import anomalies, residuals, scores, statistics
from pipeline.settings.types import Settings
from schemas import evidence, explanation_evidence, fairness_evidence, score_evidence
from schemas import fairness_history as histories
from schemas import verdict as verdicts
from schemas.output_folder import OutputFolder
from schemas.records import ArtifactRecord, StepRecord
from schemas.table import TableProfile


def collect(settings: Settings, profile: TableProfile, done: Sequence[StepRecord], folder: Path) -> None:
    """Writes data, schema, training, evaluation, scores, serving, fairness and explanation.json for the steps that ran.

    folder : `evidence` of a run in an output folder; the past of the fairness gate is read from the database there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = {(record.step, a.key): a for record in done for a in record.outputs}
    schema = made.get(("ImportSchemaGen", "schema")) or made.get(("SchemaGen", "schema"))
    stats = made.get(("StatisticsGen", "statistics"))
    if stats:
        data_verdict = _uri(made.get(("DataGate", "verdict")))
        left = statistics.Left(
            Path(stats.uri), _uri(made.get(("ExampleGen", "examples"))), _uri(schema),
            made.get(("ReleasedStatistics", "statistics")), verdicts.FILE.read_if_there(data_verdict) if data_verdict else None,
        )  # fmt: skip
        evidence.write(statistics.read(left, profile, settings.data.path), folder)
    if schema:
        found = made.get(("ExampleValidator", "anomalies"))
        gate = made.get(("DataGate", "verdict"))
        origin = settings.schema_file or "inferred from the train split"
        evidence.write(anomalies.read(Path(schema.uri), _uri(found), _uri(gate), origin, settings.data_policy), folder)
    _copy(made.get(("Trainer", "model_run")), "training.json", folder)
    _copy(made.get(("InfraValidator", "verdict")), "serving.json", folder)
    _copy(made.get(("ExplanationReport", "report")), explanation_evidence.FILE_NAME, folder)
    fairness = made.get(("FairnessReport", "report"))
    _copy(fairness, fairness_evidence.FILE_NAME, folder)
    if fairness:
        _write_history(settings, fairness, folder)
    _write_measured(made.get(("QualityGate", "verdict")), made.get(("Score", "predictions")), folder)
    _write_scores(settings, made.get(("Score", "predictions")), folder)


def _copy(artifact: ArtifactRecord | None, name: str, folder: Path) -> None:
    """Copies a file that the step wrote as evidence already, where it got so far."""
    if artifact and (Path(artifact.uri) / name).exists():
        shutil.copy(Path(artifact.uri) / name, folder / name)


def _write_measured(judged: ArtifactRecord | None, scored: ArtifactRecord | None, folder: Path) -> None:
    """The quality gate's metrics of every group, and of a regression single rows."""
    measured = evidence.read(evidence.EvaluationEvidence, judged.uri) if judged else None
    if measured and scored and measured.task == "regression":
        measured = replace(measured, residuals=residuals.read(Path(scored.uri)))
    if measured:
        evidence.write(measured, folder)


def _write_scores(settings: Settings, scored: ArtifactRecord | None, folder: Path) -> None:
    if scored:
        bins = {one.column: one.bins for one in settings.fairness.sensitive}
        found = scores.read(Path(scored.uri), bins)
        if found:
            score_evidence.write(found, folder)


def _write_history(settings: Settings, fairness: ArtifactRecord, folder: Path) -> None:
    from pipeline.run import metadata
    from pipeline.run.evidence import fairness_history

    output = OutputFolder(folder.parents[2], settings.name)
    if settings.metadata.kind == "sqlite" and not output.metadata_db.exists():
        return
    connection = metadata.connection(settings.metadata, output.metadata_db)
    histories.write(fairness_history.read(connection, settings.name, fairness), folder)


def _uri(artifact: ArtifactRecord | None) -> Path | None:
    return Path(artifact.uri) if artifact else None
