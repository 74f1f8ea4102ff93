"""ReleaseGate's blessing is one that the stock Pusher obeys."""

from pathlib import Path
from typing import Any

import pytest
from tfx.components.evaluator import constants
from tfx.components.util import model_utils
from tfx.types.standard_artifacts import ModelBlessing

from components.release_gate import core
from components.release_gate.component import ReleaseGate
from pipeline.gates import GATES
from schemas import verdict as verdicts
from schemas.artifacts import GateVerdict
from schemas.gates import to_json
from schemas.verdict import Status, Verdict
from tests.components.through_executor import artifact, run


def decided(
    folder: Path,
    quality: Status = Status.PASSED,
    allow: str = "{}",
    serving: Status | None = Status.PASSED,
    fairness: Status | None = Status.PASSED,
    overrides: str = "[]",
) -> tuple[Any, Verdict]:
    inputs = {}
    given = {
        "data_verdict": Status.PASSED,
        "quality_verdict": quality,
        "fairness_verdict": fairness,
        "serving_verdict": serving,
    }
    for name, status in given.items():
        if status is None:
            continue
        verdicts.write(Verdict(name, status), folder / name)
        inputs[name] = artifact(GateVerdict, folder / name)
    blessing, verdict = artifact(ModelBlessing, folder / "blessing"), artifact(GateVerdict, folder / "verdict")
    run(
        ReleaseGate,
        inputs,
        {"blessing": blessing, "verdict": verdict},
        gates_json=to_json(GATES),
        allow_unknown_json=allow,
        overrides_json=overrides,
    )
    return blessing, verdicts.read(verdict.uri)


@pytest.mark.parametrize(
    ("quality", "blessed"),
    [(Status.PASSED, True), (Status.FAILED, False), (Status.UNKNOWN, False), (Status.ERROR, False)],
)
def test_only_passed_blesses(tmp_path: Path, quality: Status, blessed: bool) -> None:
    blessing, verdict = decided(tmp_path, quality)
    assert model_utils.is_model_blessed(blessing) is blessed
    assert blessing.get_int_custom_property("blessed") == int(blessed)
    assert [path.name for path in Path(blessing.uri).iterdir()] == ["BLESSED" if blessed else "NOT_BLESSED"]
    assert verdict.passed is blessed
    assert [m.name for m in verdict.measurements] == ["data_gate", "quality_gate", "fairness", "serving_check"]


def test_unknown_blesses_where_the_settings_say_so(tmp_path: Path) -> None:
    blessing, _ = decided(tmp_path, Status.UNKNOWN, '{"unknown": ["quality_gate"]}')
    assert model_utils.is_model_blessed(blessing)


OPTIONAL = pytest.mark.parametrize(("given", "name"), [("serving", "serving_check"), ("fairness", "fairness")])


@OPTIONAL
@pytest.mark.parametrize("status", [Status.FAILED, Status.ERROR, Status.UNKNOWN, None])
def test_a_gate_that_refused_or_is_missing_refuses(
    tmp_path: Path, given: str, name: str, status: Status | None
) -> None:
    blessing, verdict = decided(tmp_path, **{given: status})
    assert not model_utils.is_model_blessed(blessing)
    assert [m.name for m in verdict.refusals] == [name]


@OPTIONAL
def test_a_gate_that_is_off_is_recorded_and_passes(tmp_path: Path, given: str, name: str) -> None:
    blessing, verdict = decided(tmp_path, allow=f'{{"not_configured": ["{name}"]}}', **{given: None})
    assert model_utils.is_model_blessed(blessing)
    assert [m.name for m in verdict.measurements if m.reason == "not_configured"] == [name]


def test_an_override_blesses_and_stands_in_the_metadata(tmp_path: Path) -> None:
    one = '[{"gate": "fairness", "by": "Ada", "reason": "the pilot is closed to the public"}]'
    blessing, verdict = decided(tmp_path, fairness=Status.FAILED, overrides=one)
    assert model_utils.is_model_blessed(blessing)
    [told] = core.used(verdict)
    assert "fairness said FAILED" in told
    assert "Ada lets it pass: the pilot is closed to the public" in told


def test_names_are_those_of_tfx() -> None:
    assert core.BLESSED_PROPERTY == constants.ARTIFACT_PROPERTY_BLESSED_KEY
    assert core.FILE_NAMES == {True: constants.BLESSED_FILE_NAME, False: constants.NOT_BLESSED_FILE_NAME}
