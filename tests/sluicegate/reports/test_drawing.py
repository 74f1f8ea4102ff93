"""Geometry: lines, rows and bars are where the numbers say."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from schemas.evidence import Drift
from schemas.records import ArtifactRecord, State, StepRecord
from sluicegate.reports import charts, column_cards, graph_layout, score_charts, small_charts, timeline
from sluicegate.reports.graph_layout import Edge
from tests.sluicegate.reports import run_folders


def test_edges_are_read_from_artifacts() -> None:
    edges = graph_layout.edges(run_folders.steps())
    assert Edge("Transform", "Trainer", ("examples", "transform_graph")) in edges
    assert Edge("DataGate", "ReleaseGate", ("data",)) in edges
    assert not [e for e in edges if e.target == "ReleasedModel"]


def test_edges_fall_back_to_the_uri() -> None:
    one = StepRecord("A", State.DONE, outputs=(ArtifactRecord("x", "T", 0, "out/x"),))
    two = StepRecord("B", State.DONE, inputs=(ArtifactRecord("y", "T", 0, "out/x"),))
    assert graph_layout.edges((one, two)) == (Edge("A", "B", ("y",)),)


def test_implied_edges_are_not_drawn() -> None:
    chain = (Edge("a", "b", ("x",)), Edge("b", "c", ("x",)), Edge("a", "c", ("x",)))
    assert graph_layout.direct(chain) == chain[:2]


def test_boxes_do_not_overlap_and_every_reader_stands_below() -> None:
    drawing = graph_layout.draw(run_folders.steps())
    place = {b.step.step: (b.x, b.y) for b in drawing.boxes}
    assert len(place) == len(run_folders.GRAPH)
    for edge in graph_layout.edges(run_folders.steps()):
        assert place[edge.source][1] < place[edge.target][1]
    for row in {y for _, y in place.values()}:
        across = sorted(x for x, y in place.values() if y == row)
        assert all(right - left >= graph_layout.BOX_WIDTH for left, right in pairwise(across))
        assert across[-1] + graph_layout.BOX_WIDTH <= drawing.width


def test_steps_that_never_started_stand_below_without_lines() -> None:
    after = dict.fromkeys([name for name, *_ in run_folders.GRAPH[5:]], State.SKIPPED)
    drawing = graph_layout.draw(run_folders.steps(after))
    gate = next(b for b in drawing.boxes if b.step.step == "DataGate")
    skipped = [b for b in drawing.boxes if b.step.state is State.SKIPPED]
    assert len(skipped) == 11
    assert all(b.y > gate.y for b in skipped)
    assert not [text for text, _ in drawing.paths if "Trainer" in text]


def test_bars_follow_the_clock() -> None:
    steps = (
        StepRecord("a", State.DONE, 10.0, "2025-11-21T04:00:00+00:00"),
        StepRecord("b", State.SKIPPED),
        StepRecord("c", State.DONE, 10.0, "2025-11-21T04:00:30+00:00"),
    )
    assert [(b.left, b.width) for b in timeline.bars(steps)] == [(0.0, 25.0), (0.0, None), (75.0, 25.0)]


def test_bars_without_times_lie_end_to_end() -> None:
    steps = (StepRecord("a", State.DONE, 1.0, "yesterday"), StepRecord("b", State.DONE, 3.0))
    assert [(b.left, b.width) for b in timeline.bars(steps)] == [(0.0, 25.0), (25.0, 75.0)]


def test_histogram_heights_are_densities() -> None:
    drawn = small_charts.histogram(((0.0, 1.0, 10.0), (1.0, 3.0, 10.0)), small_charts.Scale(0.0, 3.0), "alt")
    tops = [float(v) for v in re.findall(r"V([\d.]+)H", str(drawn))]
    assert tops == [2.0, 21.0], "the bin twice as wide holds half the density"


def test_whisker_marks_stand_at_their_values() -> None:
    mark = small_charts.Mark(0.5, 0.25, 0.75, baseline=0.1, limit=1.0)
    drawn = str(small_charts.whisker(mark, small_charts.Scale(0.0, 1.0), '"><b>'))
    for part in ('class="dot" cx="50.0%"', 'x1="25.0%" x2="75.0%"', 'class="limit" x1="100.0%"', 'x="10.0%"'):
        assert part in drawn
    assert "<b>" not in drawn


@pytest.mark.parametrize(("value", "over"), [(0.05, False), (0.0500001, True), (float("nan"), True)])
def test_drift_is_over_only_past_its_limit(value: float, over: bool) -> None:
    assert column_cards.is_over(Drift("test", "train", "l_infinity", value, 0.05)) is over


@pytest.mark.parametrize(
    ("outcome", "over"), [("UNKNOWN", False), ("CHANCE", False), ("WARNED", True), ("FAILED", True)]
)
def test_drift_that_the_gate_judged_is_over_where_it_said_so(outcome: str, over: bool) -> None:
    drift = Drift("test", "train", "share_difference", 0.2, 0.05, outcome=outcome)
    assert column_cards.is_over(drift) is over


def test_drift_without_limit_is_never_over() -> None:
    assert not column_cards.is_over(Drift("test", "train", "l_infinity", 1.0))


def test_charts_take_colours_from_the_page_and_leave_no_global_trace() -> None:
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    scores = score_charts.of_evaluation(run_folders.census_evaluation())
    drawn = [*charts.training_curves(run_folders.census_training()), *score_charts.curves(scores)]
    assert [chart.title for chart in drawn[-3:]] == ["ROC curve", "Precision and recall", "Calibration"]
    assert dict(mpl.rcParams) == before
    for chart in drawn:
        text = str(chart.svg)
        assert "var(--first)" in text
        assert not re.search(r"#[0-9a-f]{6}\b", text), "a colour that dark mode cannot change"
        assert "http" not in text.replace("http://www.w3.org/1999/xlink", "")
        assert "<style" not in text
    assert "best epoch (12)" in str(drawn[0].svg)


@pytest.mark.parametrize(("direction", "left", "width"), [("at most", "25.0", "75.00"), ("at least", "0.0", "25.00")])
def test_the_side_that_refuses_is_shaded(direction: str, left: str, width: str) -> None:
    drawn = small_charts.limit_bar(small_charts.Mark(0.5, limit=0.25), small_charts.Scale(0.0, 1.0), direction, "alt")
    assert f'<rect class="beyond" x="{left}%" y="0" width="{width}%"' in drawn
    assert "beyond" not in small_charts.limit_bar(
        small_charts.Mark(0.5), small_charts.Scale(0.0, 1.0), direction, "alt"
    )


@pytest.mark.parametrize(
    ("value", "side", "left", "width"), [(0.5, "up", "50.0", "25.00"), (-1.0, "down", "0.0", "50.00")]
)
def test_a_signed_bar_grows_from_zero_to_its_side(value: float, side: str, left: str, width: str) -> None:
    drawn = small_charts.signed_bar(small_charts.Mark(value), small_charts.Scale(-1.0, 1.0), "alt")
    assert f'<rect class="{side}" x="{left}%" y="22%" width="{width}%"' in drawn
