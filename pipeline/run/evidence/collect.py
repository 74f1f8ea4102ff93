"""Reads what the steps left behind into plain evidence files, as far as the run got."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pipeline import gates
from pipeline.run.evidence import anomalies, residuals, scores, statistics
from pipeline.settings.types import Settings
from schemas import evidence, fairness_evidence, score_evidence
from schemas import fairness_history as histories
from schemas import verdict as verdicts
from schemas.gates import VERDICT, leaving
from schemas.output_folder import OutputFolder
from schemas.records import ArtifactRecord, StepRecord
from schemas.table import TableProfile


def collect(settings: Settings, profile: TableProfile, done: Sequence[StepRecord], folder: Path) -> None:
    """Writes data, schema, training and scores.json and what each gate declares as its evidence, for the steps that ran.

    folder : `evidence` of a run in an output folder; the past of the fairness gate is read from the database there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = {(record.step, a.key): a for record in done for a in record.outputs}
    schema = made.get(("ImportSchemaGen", "schema")) or made.get(("SchemaGen", "schema"))
    stats, judged = made.get(("StatisticsGen", "statistics")), _uri(made.get((gates.guard().step, VERDICT)))
    if stats:
        left = statistics.Left(
            Path(stats.uri), _uri(made.get(("ExampleGen", "examples"))), _uri(schema),
            made.get(("ReleasedStatistics", "statistics")), verdicts.FILE.read_if_there(judged) if judged else None,
        )  # fmt: skip
        evidence.write(statistics.read(left, profile, settings.data.path), folder)
    if schema:
        found = made.get(("ExampleValidator", "anomalies"))
        origin = settings.schema_file or "inferred from the train split"
        evidence.write(anomalies.read(Path(schema.uri), _uri(found), judged, origin, settings.data_policy), folder)
    _copy(made.get(("Trainer", "model_run")), "training.json", folder)
    for gate in gates.GATES:
        for file, output in gate.evidence.items():
            _copy(made.get((gate.step, output)), file, folder)
    scored = made.get(("Score", "predictions"))
    _add_residuals(scored, folder)
    _write_scores(settings, scored, folder)
    fairness, output = leaving(gates.GATES, fairness_evidence.FILE_NAME)
    report = made.get((fairness.step, output))
    if report:
        _write_history(settings, fairness.step, report, folder)


def _copy(artifact: ArtifactRecord | None, name: str, folder: Path) -> None:
    """Copies a file that the step wrote as evidence already, where it got so far."""
    if artifact and (Path(artifact.uri) / name).exists():
        shutil.copy(Path(artifact.uri) / name, folder / name)


def _add_residuals(scored: ArtifactRecord | None, folder: Path) -> None:
    """Single rows of a regression, to what was measured of its groups."""
    measured = evidence.read(evidence.EvaluationEvidence, folder)
    if measured and scored and measured.task == "regression":
        evidence.write(replace(measured, residuals=residuals.read(Path(scored.uri))), folder)


def _write_scores(settings: Settings, scored: ArtifactRecord | None, folder: Path) -> None:
    if scored:
        bins = {one.column: one.bins for one in settings.fairness.sensitive}
        found = scores.read(Path(scored.uri), bins)
        if found:
            score_evidence.write(found, folder)


def _write_history(settings: Settings, step: str, report: ArtifactRecord, folder: Path) -> None:
    from pipeline.run.evidence import fairness_history
    from sluicegate.lineage.connection import connection

    output = OutputFolder(folder.parents[2], settings.name)
    if settings.metadata.kind == "sqlite" and not output.metadata_db.exists():
        return
    place = connection(settings.metadata, output.metadata_db)
    histories.write(fairness_history.read(place, settings.name, step, report), folder)


def _uri(artifact: ArtifactRecord | None) -> Path | None:
    return Path(artifact.uri) if artifact else None
