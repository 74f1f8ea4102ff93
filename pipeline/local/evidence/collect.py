"""Reads what the steps left behind into plain evidence files, as far as the run got."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pipeline.local.evidence import anomalies, evaluation, residuals, statistics
from pipeline.settings import Settings
from schemas import evidence
from schemas.records import ArtifactRecord, StepRecord
from schemas.table import TableProfile


def collect(settings: Settings, profile: TableProfile, done: Sequence[StepRecord], folder: Path) -> None:
    """Writes `folder`/{data,schema,training,evaluation,serving}.json for the steps that produced them."""
    folder.mkdir(parents=True, exist_ok=True)
    made = {(record.step, a.key): a for record in done for a in record.outputs}
    schema = made.get(("ImportSchemaGen", "schema")) or made.get(("SchemaGen", "schema"))
    stats = made.get(("StatisticsGen", "statistics"))
    if stats:
        released = made.get(("ReleasedStatistics", "statistics"))
        evidence.write(statistics.read(Path(stats.uri), profile, _uri(schema), settings.data.path, released), folder)
    if schema:
        found = made.get(("ExampleValidator", "anomalies"))
        gate = made.get(("DataGate", "verdict"))
        origin = settings.schema_file or "inferred from the train split"
        evidence.write(anomalies.read(Path(schema.uri), _uri(found), _uri(gate), origin, settings.data_policy), folder)
    run = made.get(("Trainer", "model_run"))
    if run and (Path(run.uri) / "training.json").exists():
        shutil.copy(Path(run.uri) / "training.json", folder / "training.json")
    served = made.get(("InfraValidator", "verdict"))
    if served and (Path(served.uri) / "serving.json").exists():
        shutil.copy(Path(served.uri) / "serving.json", folder / "serving.json")
    evaluated, model = made.get(("Evaluator", "evaluation")), made.get(("Trainer", "model"))
    if evaluated and model:
        found_metrics = evaluation.read(Path(evaluated.uri), Path(model.uri), profile.roles)
        examples = made.get(("ExampleGen", "examples"))
        if profile.roles.task == "regression" and examples:
            pairs = residuals.read(Path(examples.uri), Path(model.uri))
            found_metrics = replace(found_metrics, residuals=pairs)
        evidence.write(found_metrics, folder)


def _uri(artifact: ArtifactRecord | None) -> Path | None:
    return Path(artifact.uri) if artifact else None
