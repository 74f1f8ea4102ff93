"""Reads what the steps left behind into plain evidence files, as far as the run got."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pipeline.local.evidence import anomalies, evaluation, residuals, statistics
from pipeline.local.folders import OutputFolder
from pipeline.settings import Settings
from schemas import evidence, explanation_evidence, fairness_evidence
from schemas import fairness_history as histories
from schemas import verdict as verdicts
from schemas.records import ArtifactRecord, StepRecord
from schemas.table import TableProfile


def collect(settings: Settings, profile: TableProfile, done: Sequence[StepRecord], folder: Path) -> None:
    """Writes data, schema, training, evaluation, serving, fairness and explanation.json for the steps that produced them.

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
    evaluated, judged = made.get(("Evaluator", "evaluation")), made.get(("QualityGate", "verdict"))
    measured = evaluation.read(Path(evaluated.uri), Path(judged.uri)) if evaluated and judged else None
    if measured:
        scored = made.get(("Score", "predictions"))
        if profile.roles.task == "regression" and scored:
            measured = replace(measured, residuals=residuals.read(Path(scored.uri)))
        evidence.write(measured, folder)


def _copy(artifact: ArtifactRecord | None, name: str, folder: Path) -> None:
    """Copies a file that the step wrote as evidence already, where it got so far."""
    if artifact and (Path(artifact.uri) / name).exists():
        shutil.copy(Path(artifact.uri) / name, folder / name)


def _write_history(settings: Settings, fairness: ArtifactRecord, folder: Path) -> None:
    from pipeline.local import metadata
    from pipeline.local.evidence import fairness_history

    output = OutputFolder(folder.parents[2], settings.name)
    if settings.metadata.kind == "sqlite" and not output.metadata_db.exists():
        return
    connection = metadata.connection(settings.metadata, output.metadata_db)
    histories.write(fairness_history.read(connection, settings.name, fairness), folder)


def _uri(artifact: ArtifactRecord | None) -> Path | None:
    return Path(artifact.uri) if artifact else None
