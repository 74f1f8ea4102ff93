"""A gap takes two: of a rate that fewer groups have there is no gap, and never one of 0."""

from dataclasses import replace

import numpy as np
import pytest

from schemas import fairness_evidence
from schemas.fairness_evidence import GapEvidence, GroupingEvidence
from schemas.sensitive import SensitiveColumn
from sluicegate.fairness import gaps
from sluicegate.fairness.audit import audit
from sluicegate.fairness.policy import Policy
from sluicegate.fairness.table import table
from tests.sluicegate.fairness.test_judge import made

#: b is never selected: it has no predictive value, and a has.
ONE_SELECTED = {"a": (3200, 800, 200, 800), "b": (4200, 0, 800, 0)}
#: Too few rows of b for any rate.
ONE_JUDGED = {"a": (3200, 800, 200, 800), "b": (9, 1, 1, 3)}


def measured(cells: dict[str, tuple[int, int, int, int]], **more: object) -> GroupingEvidence:
    rows = made(cells)
    policy = Policy(sensitive=(SensitiveColumn("g"),), draws=300)
    evidence = audit(replace(rows, **more), policy)[1]
    return fairness_evidence.from_json(fairness_evidence.to_json(evidence)).audits[0].groupings[0]


def by_name(found: GroupingEvidence) -> dict[str, GapEvidence]:
    return {gap.measure: gap for gap in found.gaps}


@pytest.mark.parametrize("value", [np.array([0.4, np.nan]), np.array([0.4]), np.array([np.nan, np.nan])])
def test_a_gap_of_fewer_than_two_values_is_nan(value: np.ndarray) -> None:
    judged = np.ones(len(value), bool)
    assert np.isnan(gaps.difference(value, judged))
    assert np.isnan(gaps.ratio(value, judged))


@pytest.mark.parametrize("name", [name for name, m in gaps.MEASURES.items() if m.kind != "area"])
def test_no_measure_has_a_gap_of_one_group(name: str) -> None:
    measure = gaps.MEASURES[name]
    values = {of: np.array([0.4, 0.6]) for of in measure.of}
    for judged, is_measured in (([True, True], True), ([True, False], False), ([False, False], False)):
        found = gaps.gap(measure, values, {of: np.array(judged) for of in measure.of}, np.ones(2, bool))
        assert np.isfinite(found) == is_measured


def test_predictive_parity_of_one_selected_group_is_not_measured() -> None:
    gap = by_name(measured(ONE_SELECTED))["predictive_parity_difference"]
    assert (gap.value, gap.value_all, gap.low, gap.high, gap.p, gap.p_adjusted) == (None,) * 6
    assert gap.not_measured == "Only one group has this rate from enough rows, and a gap takes two."
    assert (gap.lowest, gap.highest) == ("", "")
    assert by_name(measured(ONE_SELECTED))["demographic_parity_difference"].value == pytest.approx(0.32)


def test_no_gap_is_measured_where_one_group_is_judged() -> None:
    found = by_name(measured(ONE_JUDGED)).values()
    assert {gap.value for gap in found} == {None}
    assert {gap.p for gap in found} == {None}
    assert all(gap.not_measured for gap in found)


def test_a_gap_against_a_released_model_without_a_second_group_has_no_rise() -> None:
    before = made(ONE_SELECTED)
    two = {"a": (3200, 800, 200, 800), "b": (3900, 300, 320, 480)}
    gap = by_name(measured(two, baseline_decision=before.decision, baseline_scores=before.scores, baseline_version=7))[
        "predictive_parity_difference"
    ]
    assert gap.value is not None
    assert (gap.baseline, gap.rise) == (None, None)


def test_the_only_category_has_no_impact_ratio() -> None:
    from sluicegate.fairness import groups
    from sluicegate.fairness.rows import one_class

    rows = made({"a": (3200, 800, 200, 800)})
    found = table(one_class(rows, "yes", groups.intersect(rows.sensitive)), 1)
    assert [row.impact_ratio for row in found.rows] == [None]
