"""What moved is drawn, and what is only warned about is not shown as FAILED."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schemas.evidence import Moved
from schemas.verdict import Measurement, Status, judge
from sluicegate.reports.moved_charts import MAX_CHARTS, moved_charts
from sluicegate.reports.story import in_a_sentence, shown_status

MOVED = Moved(
    "plan",
    "a sentence",
    "FAILED",
    ("basic", "<b>plus</b>"),
    (0.4, 0.6),
    (0.8, 0.2),
    "the train data of version 7",
    "train now",
)
FAR = Measurement(
    "drift_categories", "train: plan", Status.FAILED, 0.4, limit=0.1, detail="plan moved", reason="anomaly"
)
GOOD = Measurement("anomalies", "train", Status.PASSED)


def test_each_column_has_a_picture_with_both_sides_and_where_they_are_furthest_apart() -> None:
    [drawn] = moved_charts([MOVED])
    assert drawn.title == "1. plan"
    assert (
        " ".join(drawn.caption.split())
        == "Furthest apart at basic: 40.0 % of the train data of version 7, 80.0 % of train now."
    )
    for word in ("the train data of version 7", "train now", "basic", "&lt;b&gt;plus"):
        assert word in drawn.svg
    assert "<b>" not in drawn.svg


def test_a_hundred_columns_do_not_make_a_hundred_pictures() -> None:
    assert len(moved_charts([MOVED] * 100)) == MAX_CHARTS


@pytest.mark.parametrize(
    ("reason", "gates", "shown"),
    [
        ("anomaly", True, "FAILED"),
        ("warned", False, "WARNED"),
        ("ignored", False, "SKIPPED"),
        ("by_chance", False, "UNKNOWN"),
    ],
)
def test_the_badge_of_a_measurement(reason: str, gates: bool, shown: str) -> None:
    assert shown_status(replace(FAR, reason=reason, gates=gates)) == shown


def test_the_overview_says_what_a_gate_warned_of() -> None:
    assert in_a_sentence(judge("data_gate", [GOOD])) == "Nothing to object to."
    assert in_a_sentence(judge("data_gate", [GOOD, FAR])) == "plan moved."
    warned = replace(FAR, reason="warned", gates=False)
    assert in_a_sentence(judge("data_gate", [GOOD, warned, warned])) == "Passed with a warning: plan moved. And 1 more."
