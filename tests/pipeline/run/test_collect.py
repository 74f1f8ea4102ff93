"""What the steps left becomes evidence: the quality gate's metrics as they are, and the scores of Score's rows without a row."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.run.evidence.collect import collect
from pipeline.settings.file import load
from schemas import evidence, score_evidence, scored_rows
from schemas.evidence import EvaluationEvidence, MetricRow
from schemas.records import ArtifactRecord, State, StepRecord
from schemas.scored_rows import About, ScoredRows

SETTINGS = load(Path(__file__).parents[3] / "configs" / "penguins.yaml").settings


def left(folder, about, columns, measured):
    """Records of Score and QualityGate, whose artifacts lie in `folder`."""
    scored_rows.save(ScoredRows(about, columns), folder / "score")
    evidence.write(measured, folder / "gate")
    scored = ArtifactRecord("predictions", "schemas.Predictions", 1, str(folder / "score"))
    judged = ArtifactRecord("verdict", "schemas.GateVerdict", 2, str(folder / "gate"))
    return [
        StepRecord("Score", State.DONE, outputs=(scored,)),
        StepRecord("QualityGate", State.DONE, outputs=(judged,)),
    ]


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_metrics_and_scores_stand_beside_the_run(tmp_path, task):
    rng = np.random.default_rng(0)
    columns = {"row": np.arange(200), "weight": np.ones(200)}
    if task == "binary":
        about, label, score = About("binary", ("no", "yes"), 0.5), rng.integers(0, 2, 200), rng.random(200)
        columns |= {"decision": (score >= 0.5).astype(int), "score_no": 1 - score, "score_yes": score}
    else:
        about, label = About("regression"), rng.normal(size=200)
        columns |= {"value": label + 1.0}
    measured = EvaluationEvidence(task, 200, (MetricRow("m", "overall", 0.5, 200, change_low=-0.1, change_high=0.2),))
    collect(SETTINGS, None, left(tmp_path, about, {**columns, "label": label}, measured), tmp_path / "evidence")
    found = evidence.read(EvaluationEvidence, tmp_path / "evidence")
    assert found.metrics == measured.metrics
    assert len(found.residuals) == (200 if task == "regression" else 0)
    scores = score_evidence.read_if_there(tmp_path / "evidence")
    assert (scores.rows, bool(scores.curves.roc)) == (200, task == "binary")


def test_a_run_that_ended_before_has_neither(tmp_path):
    collect(SETTINGS, None, [], tmp_path)
    assert not list(tmp_path.iterdir())
