"""QualityGate through its executor, on results that TFMA really wrote."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from components.quality_gate.component import QualityGate
from pipeline import settings
from schemas.artifacts import GateVerdict
from schemas.verdict import Status, Verdict, read
from tests.components.through_executor import artifact, run

pytestmark = pytest.mark.filterwarnings("ignore:invalid value encountered in divide:RuntimeWarning")
Evaluation = Callable[[str, bool], Any]


def judged(evaluated: Any, folder: Path, baseline: Any = None, **gate: Any) -> Verdict:
    verdict = artifact(GateVerdict, folder / "verdict")
    inputs = {"evaluation": evaluated.evaluation, "baseline": baseline or evaluated.baseline}
    parameters = {
        "gate_json": settings.QualityGate(**gate).model_dump_json(),
        "roles_json": evaluated.table.roles.to_json(),
    }
    run(QualityGate, inputs, {"verdict": verdict}, **parameters)
    found = read(verdict.uri)
    assert verdict.get_int_custom_property("passed") == int(found.passed)
    return found


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_a_model_that_learned_something_beats_a_constant(evaluation: Evaluation, tmp_path: Path, task: str) -> None:
    verdict = judged(evaluation(task, True), tmp_path)
    assert verdict.passed
    assert verdict.measurements[0].setting == "quality_gate.beat_constant"


@pytest.mark.parametrize(("at_least", "status"), [(0.5, Status.PASSED), (0.99, Status.FAILED)])
def test_a_limit_per_group_with_a_small_group_reported(
    evaluation: Evaluation, tmp_path: Path, at_least: float, status: Status
) -> None:
    limit = {"metric": "accuracy", "at_least": at_least, "slice": ["sex", "größe in cm"]}
    verdict = judged(evaluation("binary", False), tmp_path, limits=(limit,))
    assert verdict.status is status
    of_limit = [m for m in verdict.measurements if m.setting == "quality_gate.limits.0.at_least"]
    assert len(of_limit) == 6
    assert {m.slice for m in of_limit if not m.gates} == {f"größe in cm=Ünï, sex={sex}" for sex in ("Female", "Male")}


@pytest.mark.parametrize(
    ("metric", "max_drop", "passed"), [("accuracy", 0.2, True), ("recall", 0.0, True), ("precision", 0.0, False)]
)
def test_the_released_model_is_compared_on_the_same_rows(
    evaluation: Evaluation, tmp_path: Path, metric: str, max_drop: float, passed: bool
) -> None:
    verdict = judged(evaluation("binary", True), tmp_path, limits=({"metric": metric, "max_drop": max_drop},))
    m = verdict.measurements[-1]
    assert verdict.passed is passed
    assert m.baseline is not None
    assert not verdict.bootstrap


def test_the_first_model_is_a_bootstrap(evaluation: Evaluation, tmp_path: Path) -> None:
    verdict = judged(evaluation("binary", False), tmp_path, limits=({"metric": "auc", "max_drop": 0.0},))
    assert (verdict.passed, verdict.bootstrap) == (True, True)


def test_a_released_model_that_was_not_evaluated_is_no_bootstrap(evaluation: Evaluation, tmp_path: Path) -> None:
    first, later = evaluation("binary", False), evaluation("binary", True)
    limits = ({"metric": "auc", "max_drop": 0.0},)
    verdict = judged(first, tmp_path, baseline=later.baseline, limits=limits)
    assert (verdict.status, verdict.bootstrap) == (Status.UNKNOWN, False)
    assert verdict.refusals[0].reason == "baseline_missing"
