"""A refusal names what can be done about it."""

import pytest

from components.fairness_report.core import with_lever
from schemas.verdict import Measurement, Status, judge


def refused(name, where, status=Status.FAILED):
    return with_lever(judge("fairness", [Measurement(name, where, status)])).detail


def test_a_gap_in_selection_rates_names_parity_which_is_the_default():
    lever = "--set training.mitigation=constrained --set training.mitigation_of=[sex];"
    assert lever in refused("demographic_parity_ratio", "sex")


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
