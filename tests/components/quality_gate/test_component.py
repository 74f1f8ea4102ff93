"""QualityGate through its executor, on scored rows in a file, with a released model's record beside the baseline."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tfx.types.standard_artifacts import Model

from components.quality_gate.component import QualityGate
from components.quality_gate.policy import QualityGate as Asked
from pipeline.settings.declaration import section
from schemas import evidence, release_metrics, scored_rows
from schemas.artifacts import GateVerdict, Predictions
from schemas.document import to_text
from schemas.evidence import EvaluationEvidence
from schemas.roles import Roles
from schemas.scored_rows import ScoredRows
from schemas.verdict import Status, Verdict, read
from tests.components.quality_gate import world
from tests.components.through_executor import artifact, run


def whole(rows: ScoredRows) -> ScoredRows:
    """With the number of each row, which files have and the gate does not read."""
    return ScoredRows(rows.about, {"row": np.arange(len(rows.label)), **rows.columns})


def judged(rows: ScoredRows, folder: Path, first: bool, slices: Any = (), **gate: Any) -> Verdict:
    scored_rows.save(whole(rows), folder / "predictions")
    verdict = artifact(GateVerdict, folder / "verdict")
    (folder / "baseline").mkdir(exist_ok=True)
    inputs = {
        "predictions": artifact(Predictions, folder / "predictions"),
        "baseline": artifact(Model, folder / "baseline", empty=int(first)),
    }
    parameters = {
        "gate_json": to_text(section(Asked, **gate)),
        "roles_json": Roles("y", rows.about.task, rows.about.classes).to_json(),
        "slices_json": json.dumps(slices),
    }
    run(QualityGate, inputs, {"verdict": verdict}, **parameters)
    found = read(verdict.uri)
    assert verdict.get_int_custom_property("passed") == int(found.passed)
    return found


@pytest.mark.parametrize("first", [True, False])
def test_verdict_metrics_and_what_is_kept_stand_beside_each_other(tmp_path: Path, first: bool) -> None:
    rng = np.random.default_rng(0)
    label = (rng.random(800) < 0.3).astype(np.int64)
    score = world.score_of(rng, label)
    sex = ["F", "M"] * 400
    rows = world.rows_of(label, score, released=None if first else score, slices={"sex": sex}, weight=rng.random(800))
    limits = ({"metric": "auc", "at_least": 0.6, "max_drop": 0.01, "slice": ["sex"]},)
    verdict = judged(rows, tmp_path, first, [["sex"]], limits=limits)
    assert (verdict.passed, verdict.bootstrap) == (True, first)
    measured = evidence.read(EvaluationEvidence, tmp_path / "verdict")
    assert {row.slice for row in measured.metrics} == {"overall", "sex=F", "sex=M"}
    assert (measured.metrics[0].baseline == measured.metrics[0].value) is not first
    kept = release_metrics.read_if_there(tmp_path / "verdict")
    assert kept.of("auc", "sex=F").rows == 400


def test_the_record_beside_the_released_model_is_what_it_is_compared_with(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    label = (rng.random(2000) < 0.3).astype(np.int64)
    score = world.score_of(rng, label)
    world_before = world.rows_of(label, score)
    assert judged(world_before, tmp_path / "one", True).passed
    record = release_metrics.read_if_there(tmp_path / "one" / "verdict")
    shuffled = np.where(rng.random(2000) < 0.6, rng.permutation(label), label)
    (tmp_path / "two" / "baseline").mkdir(parents=True)
    release_metrics.write(record, tmp_path / "two" / "baseline")
    verdict = judged(world.rows_of(shuffled, score, released=score), tmp_path / "two", False)
    assert verdict.status is Status.FAILED
    assert [m.reason for m in verdict.refusals] == ["labels_or_world_changed"]


def test_regression_and_classes(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    label = 1.7e9 + rng.normal(size=300) * 900
    assert judged(world.rows_of(label, label + rng.normal(size=300), task="regression"), tmp_path / "r", True).passed
    classes = rng.integers(0, 3, 300)
    table = np.float32(np.eye(3)[classes] * 0.7 + 0.1)
    assert judged(world.rows_of(classes, table, task="multiclass"), tmp_path / "c", True).passed
