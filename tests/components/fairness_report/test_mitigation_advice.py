"""A refusal names what can be done about it."""

import json
from dataclasses import fields
from pathlib import Path

import pytest

from components.fairness_report.component import FairnessReport
from components.fairness_report.mitigation_advice import NOT_MITIGATED, with_advice
from pipeline.settings.declaration import section
from pipeline.settings.types import Settings
from schemas.artifacts import FairnessEvidence, GateVerdict, Predictions
from schemas.document import from_text, to_text
from schemas.verdict import Measurement, Status, judge, read
from sluicegate.fairness.gaps import MEASURES
from sluicegate.fairness.mitigation import Mitigation
from sluicegate.fairness.policy import Fairness
from tests.components.fairness_report.test_component import census
from tests.components.through_executor import artifact, run


def refused(name, where, status=Status.FAILED, trained=NOT_MITIGATED):
    return with_advice(judge("fairness", [Measurement(name, where, status)]), trained).detail


def test_a_gap_in_selection_rates_names_parity_which_is_the_default():
    advice = "--set training.mitigation=constrained --set training.mitigation_of=[sex];"
    assert advice in refused("demographic_parity_ratio", "sex")


def test_an_intersection_and_another_goal_are_named():
    said = refused("equal_opportunity_difference", "sex x race")
    assert "mitigation_of=[sex, race] --set training.mitigation_goal=equal_opportunity;" in said


@pytest.mark.parametrize(
    ("name", "status"),
    [("predictive_parity_difference", Status.FAILED), ("demographic_parity_ratio", Status.UNKNOWN),
     ("demographic_parity_ratio", Status.PASSED)],
)  # fmt: skip
def test_nothing_is_promised_where_no_mitigation_aims_at_it_or_nothing_failed(name, status):
    assert refused(name, "sex", status) == ""


@pytest.mark.parametrize(
    ("name", "goal", "said"),
    [
        (
            "equalized_odds_difference",
            " --set training.mitigation_goal=equal_opportunity;",
            "at false positive rates no",
        ),
        ("equalized_odds_mean", " --set training.mitigation_goal=equal_opportunity;", "at false positive rates no"),
        ("equalized_odds_sum", " --set training.mitigation_goal=equal_opportunity;", "at false positive rates no"),
        ("fpr_difference", ";", "may move them along"),
    ],
)
def test_gaps_that_no_mitigation_aims_at_as_a_whole_name_the_nearest_and_say_so(name, goal, said):
    advice = refused(name, "sex")
    assert f"mitigation=constrained --set training.mitigation_of=[sex]{goal}" in advice
    assert said in advice


def test_every_gap_in_selected_or_positive_rates_has_a_mitigation():
    rates = {"selection_rate", "tpr", "fpr"}
    for name in [name for name, measure in MEASURES.items() if set(measure.of) <= rates]:
        assert "To mitigate it" in refused(name, "sex"), name


OTHER_COLUMNS = Mitigation("constrained", ("race",))


@pytest.mark.parametrize(
    ("trained", "options"),
    [
        (Mitigation("constrained", ("sex",)), "--set training.mitigation=thresholds;"),
        (Mitigation("thresholds", ("sex",)), "--set training.mitigation=constrained;"),
        (Mitigation("reweigh", ("sex",)), "--set training.mitigation=constrained;"),
        (Mitigation("constrained", ("sex",), mitigation_strength=0.3), "--set training.mitigation_strength=1;"),
        (Mitigation("constrained", ("sex",), "equal_opportunity"),
         "--set training.mitigation_of=[sex] --set training.mitigation_goal=parity;"),
        (OTHER_COLUMNS, "--set training.mitigation_of=[sex];"),
        (Mitigation("reweigh", ("race",)), "--set training.mitigation=constrained --set training.mitigation_of=[sex];"),
    ],
)  # fmt: skip
def test_what_training_does_already_is_not_proposed(trained, options):
    said = refused("demographic_parity_ratio", "sex", trained=trained)
    assert f"To mitigate it: {options}" in said
    assert said.startswith(f"Training is mitigated already ({trained.mitigation}, ")
    assert ("in every request" in said) is ("mitigation=thresholds" in options)


def test_the_step_reads_what_the_settings_say():
    training = {"mitigation": "constrained", "mitigation_of": ["sex"], "mitigation_strength": 0.5}
    settings = Settings(name="x", data="a.csv", label="y", training=training, fairness={"sensitive": ["sex"]})
    text = json.dumps({f.name: getattr(settings.training, f.name) for f in fields(Mitigation)})
    assert from_text(Mitigation, text) == Mitigation("constrained", ("sex",), "parity", 0.5)
    assert from_text(Mitigation, "{}") == Mitigation()


def test_a_refused_mitigated_model_names_another_lever_through_the_step(tmp_path: Path):
    limit = {"measure": "equalized_odds_sum", "of": ["sex"], "at_most": 0.01}
    policy = to_text(section(Fairness, sensitive=["sex"], limits=[limit], draws=1000))
    verdict, report = artifact(GateVerdict, tmp_path / "verdict"), artifact(FairnessEvidence, tmp_path / "report")
    inputs = {"predictions": artifact(Predictions, census(tmp_path))}
    training = '{"mitigation": "constrained", "mitigation_goal": "equal_opportunity"}'
    run(FairnessReport, inputs, {"verdict": verdict, "report": report}, policy_json=policy, training_json=training)
    said = read(verdict.uri).detail
    assert "mitigated already (constrained, equal opportunity of sex, strength 1)" in said
    assert "To mitigate it: --set training.mitigation=thresholds;" in said
