"""The frontier's page and its JSON, read back."""

import json
import re
from dataclasses import replace

import pytest

from sluicegate.reports import frontier, frontier_chart
from sluicegate.reports.frontier import Frontier, FrontierDot
from tests.sluicegate.reports.parsed_page import Page

START = FrontierDot(
    "none", 0.0, 0.5, 9.0, 0.87, 0.865, 0.875, 0.92, 0.35, 0.32, 0.38, 0.33, 0.37, "FAILED", "too far apart"
)
MID = replace(START, method="reweigh", strength=0.5, accuracy=0.85, gap=0.79, gap_low=0.7, gap_high=0.85, status="UNKNOWN")  # fmt: skip
FULL = replace(MID, strength=1.0, accuracy=0.84, gap=0.95, gap_low=0.88, gap_high=1.0, status="PASSED")
CUT = replace(FULL, method="thresholds", accuracy=0.845, gap=0.9, gap_low=0.81)
SWEEP = Frontier(
    "shop", "2026-11-21T11:00:00+00:00", "demographic_parity_ratio", ("sex",), "Smallest through largest.", "parity", True, 0.8,
    "at least", "my.yaml:9", 640, 2560, 400, 0, 0.95, (START, MID, FULL, CUT), ("A note.",),
)  # fmt: skip


def test_the_page_says_what_was_found_and_loads_nothing(tmp_path):
    _, path = frontier.write(SWEEP, tmp_path)
    page = Page(path)
    assert [one for one in page.loads if not one.startswith("#")] == ["data:,"]
    assert "judged on 640 train rows set aside; the test split was not looked at" in page.words
    assert "the cheapest point that passes with its whole interval is thresholds 1; it costs 2.5 points" in page.words
    assert "--set training.mitigation=thresholds --set training.mitigation_strength=1" in page.words
    row = page.row("thresholds 1 cheapest that passes")
    assert row[1:3] + row[4:5] + row[6:7] + row[8:] == ["0.9000", "0.8100 – 1.0000", "0.8450", "−2.5", "PASSED"]
    assert page.source.count('<svg class="chart') == 1
    assert "my.yaml:9" in page.words


def test_the_json_holds_every_number_and_the_choice(tmp_path):
    as_json, _ = frontier.write(SWEEP, tmp_path)
    content = json.loads(as_json.read_text())
    assert [point["gap"] for point in content["points"]] == [0.35, 0.79, 0.95, 0.9]
    assert content["cheapest"]["method"] == "thresholds"
    assert (content["limit"], content["judged_rows"]) == (0.8, 640)


def test_of_equally_accurate_points_the_one_that_does_least_is_cheapest():
    tied = replace(SWEEP, points=(START, replace(FULL, accuracy=0.84), replace(FULL, strength=0.75, accuracy=0.84)))
    assert tied.cheapest is tied.points[2]


def test_a_model_that_passes_as_it_is_needs_nothing():
    fair = replace(SWEEP, points=(replace(START, status="PASSED"), FULL))
    assert fair.cheapest.settings == ("training.mitigation=none",)
    assert "needs no mitigation" in frontier.answer(fair)


@pytest.mark.parametrize(
    ("sweep", "said"),
    [
        (replace(SWEEP, points=(START, MID)), "no point passes"),
        (replace(SWEEP, limit=None, direction="", points=(replace(START, status=""),)), "set no limit"),
    ],
)
def test_without_a_point_that_passes_no_settings_are_named(tmp_path, sweep, said):
    page = Page(frontier.write(sweep, tmp_path)[1])
    assert said in page.words
    assert "--set" not in page.words


def test_a_gap_that_is_not_defined_is_told_and_not_drawn(tmp_path):
    nobody = replace(
        START, gap=None, gap_low=None, gap_high=None, bootstrap_low=None, bootstrap_high=None, status="UNKNOWN"
    )
    page = Page(frontier.write(replace(SWEEP, points=(nobody, MID)), tmp_path)[1])
    assert page.row("none")[1:4] == ["–", "–", "–"]
    assert len(re.findall(r'<path class="mark[^>]*transform', page.source)) == 1


def test_names_from_the_table_stay_text(tmp_path):
    page = Page(frontier.write(replace(SWEEP, name="<b>", of=("<script>",)), tmp_path)[1])
    assert "script" not in page.tags
    assert "b" not in page.tags


def dots(points):
    return [
        frontier_chart.Dot(p.method, p.name, f"{p.strength:g}", (p.gap, p.gap_low, p.gap_high), (p.accuracy, 0.8, 0.9), p.status == "PASSED")
        for p in points
    ]  # fmt: skip


def test_marks_stand_on_their_side_of_the_limit_and_above_what_is_less_accurate():
    drawn = frontier_chart.draw(dots(SWEEP.points), SWEEP.title, True, frontier_chart.LimitLine(0.8, "at least")).svg
    limit = float(re.search(r'class="limit" x1="([\d.]+)"', drawn)[1])
    marks = re.findall(r'class="mark( filled)?" d="[^"]*" transform="translate\(([\d.]+) ([\d.]+)\)', drawn)
    places = [(bool(filled), float(x), float(y)) for filled, x, y in marks]
    assert [x > limit for _, x, _ in places] == [False, False, True, True]
    assert [filled for filled, *_ in places] == [False, False, True, True]
    assert places[0][2] < places[1][2] < places[3][2] < places[2][2]


def test_labels_do_not_cover_each_other():
    near = [replace(FULL, strength=s / 8, gap=0.9 + s / 400, accuracy=0.84) for s in range(4)]
    drawn = frontier_chart.draw(dots([START, *near]), SWEEP.title, True, None).svg
    labels = re.findall(r'<text x="([\d.]+)" y="([\d.]+)" text-anchor="(\w+)" class="strength" [^>]*>([\d.]+)<', drawn)
    boxes = [frontier_chart._box(text, float(x), float(y), anchor) for x, y, anchor, text in labels]
    assert len(boxes) == 5
    assert not any(frontier_chart._meet(a, b) for i, a in enumerate(boxes) for b in boxes[:i])
