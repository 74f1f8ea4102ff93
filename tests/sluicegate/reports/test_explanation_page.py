"""The explanation page shows what was found, and turns red where the explanation does not hold."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.gates import GATES
from schemas.explanation_evidence import (
    Change,
    Check,
    Counterfactual,
    CurvePoint,
    Dependence,
    Estimate,
    ExplanationEvidence,
)
from sluicegate.explanation import checks
from sluicegate.reports import dependence_charts, explanation_page, explanation_words
from sluicegate.reports.build import build
from tests.sluicegate.reports import measured, run_folders
from tests.sluicegate.reports.parsed_page import Page


def page(output: Path, run: str) -> Page:
    return Page(output / "runs" / run / "reports" / "explanation.html")


def evidence(task: str = "binary") -> ExplanationEvidence:
    return measured.explanation(task)[0]


def numbers(one: Estimate | None) -> list[str]:
    assert one is not None
    return [f"{value:.4f}".replace("-", "−") for value in (one.value, one.low, one.high) if value is not None]


def test_the_summary_names_the_strongest_columns_and_the_gap(output: Path) -> None:
    words = page(output, "refused_by_fairness").words
    found = evidence()
    strongest = max(found.importances, key=lambda i: (len(i.columns) == 1, i.quality.value or 0))
    assert f"shuffling them costs in AUC: {strongest.name} ({strongest.quality.value:.4f})" in words
    assert found.disparity is not None
    assert f"The selection rate of Male and Female differs by {found.disparity.over_all_rows:.4f}" in words
    assert "The explanation stood all 8 tests of itself. 1 could not be made with this table." in words
    assert "The model does not take origin." in words


def test_a_failed_check_turns_its_section_red_and_says_why(output: Path) -> None:
    broken = page(output, "overridden")
    assert "The explanation failed 1 of 9 tests of itself. Do not trust: the importance of the columns." in broken.words
    assert "These importances are not to be trusted: With shuffled weights" in broken.words
    assert '<section aria-labelledby="importance" class="distrusted">' in broken.source
    assert '<section aria-labelledby="disparity" class="">' in broken.source
    kept, limit = broken.row("FAILED", "Do the contributions change when the model's weights are shuffled?")[3:5]
    assert float(kept) > 0.99
    assert limit == "at most 0.5"
    well = page(output, "refused_by_fairness")
    assert "distrusted" not in well.source.split("</style>")[1]
    assert "not to be trusted" not in well.words


def test_a_check_of_everything_turns_every_section_red() -> None:
    one = Check("matches_predictions", "all", "overall", "FAILED", 0.5, 0.001, "at most", "Apart by 0.5.")
    for section in ("importance", "disparity", "rows", "all"):
        assert explanation_words.failed((one,), section) == ("Nothing on this page is to be trusted: Apart by 0.5.",)
    slice_ = replace(one, section="rows", slice="Female")
    assert explanation_words.failed((slice_,), "rows")[0].endswith(": for Female, Apart by 0.5.")
    assert explanation_words.failed((slice_,), "importance") == ()
    assert explanation_words.failed((replace(one, status="UNKNOWN"),), "all") == ()


def test_every_check_and_section_has_its_words() -> None:
    assert {checks.IMPORTANCE, checks.DISPARITY, checks.ROWS, checks.ALL} == set(explanation_words.SECTIONS)
    assert {one.name for task in ("binary", "regression") for one in evidence(task).checks} <= set(
        explanation_words.CHECKS
    )


def test_importances_stand_with_intervals_quality_beside_gap(output: Path) -> None:
    found = page(output, "refused_by_fairness")
    job = next(i for i in evidence().importances if i.name == "job")
    row = found.row("job", "")
    quality, gap = numbers(job.quality), numbers(job.gap)
    assert row[2] == f"{quality[0]} {quality[1]} – {quality[2]}"
    assert row[4] == f"{gap[0]} {gap[1]} – {gap[2]}"
    assert row[5] == f"{job.attribution:.4f}"
    pair = next(g for g in evidence().groups if len(g.columns) > 1)
    assert f"Mean association within: {pair.name} {pair.association:.4f}" in found.words


def test_shares_of_the_gap_sum_to_it(output: Path) -> None:
    found, disparity = page(output, "refused_by_fairness"), evidence().disparity
    assert disparity is not None
    for one in disparity.carried[:2]:
        rows = [[" ".join(c.split()) for c in r] for r in found.rows]
        [row] = [r for r in rows if len(r) == 6 and r[0] == one.name and r[2] == numbers(one.contribution)[0]]
        assert row[3] == " – ".join(numbers(one.contribution)[1:])
        share = 100 * (one.contribution.value or 0) / (disparity.full - disparity.null)
        assert row[4].split()[0] == f"{share:.1f}".replace("-", "−")
    assert sum(one.contribution.value or 0 for one in disparity.carried) == pytest.approx(
        disparity.full - disparity.null
    )


@pytest.mark.parametrize(
    ("full", "null", "most", "said"),
    [
        (0.3, 0.1, 0.15, "account for 0.2000 of it, work for 0.1500 (75.0 % of that)."),
        # One column carries more than all together: never "0.4 of 0.2", and no share above 100 %.
        (0.3, 0.1, 0.4, "account for 0.2000 of it, work for 0.4000; other columns work in the opposite direction."),
        (0.1, 0.3, 0.1, "account for −0.2000 of it, work for 0.1000; other columns work in the opposite direction."),
        (0.3, 0.1, -0.1, "account for 0.2000 of it, work for −0.1000; other columns work in the opposite direction."),
        (0.1, 0.1, 0.1, "The selection rate of Male and Female differs by 0.3000."),
    ],
)
def test_who_carries_most_of_a_gap_in_words(full: float, null: float, most: float, said: str) -> None:
    found = evidence().disparity
    assert found is not None
    top = replace(found.carried[0], name="work", contribution=Estimate(most, most, most))
    told = explanation_words.gap(replace(found, over_all_rows=0.3, full=full, null=null, carried=(top,)))
    assert said in told.replace("\u00a0", " ").replace("\u202f", " ")


def test_single_rows_show_values_reasons_and_what_would_turn_them(output: Path) -> None:
    found = page(output, "refused_by_fairness")
    one = next(r for r in evidence().local if r.counterfactual)
    assert one.counterfactual is not None
    change = one.counterfactual.changes[0]
    assert (
        f"Would be income = {one.counterfactual.decision} with {change.column} {change.after} instead of {change.before}"
        in found.words
    )
    for reason in one.reasons:
        assert " ".join(reason.split()) in found.words
    assert f"Row {one.row}: income = {one.decision}" in found.words
    assert found.tags.count("details") >= len(evidence().local)


def test_what_is_not_drawn_of_a_row_is_summed() -> None:
    one = evidence().local[0]
    many = tuple(replace(c, column=f"{c.column} {n}") for n in range(2) for c in one.contributions)
    [row] = explanation_page.view(replace(evidence(), local=(replace(one, contributions=many),))).rows
    *drawn, rest = row.bars
    assert [bar.column for bar in drawn] == [c.column for c in many[:8]]
    assert rest.column == f"{len(many) - 8} other columns"
    assert rest.mark.value == pytest.approx(sum(c.contribution for c in many[8:]))


def test_a_counterfactual_with_many_changes_reads_as_one_sentence() -> None:
    changes = (Change("a", "1", "2"), Change("b", "x", "y"), Change("c", "(missing)", "3"))
    said = explanation_words.turned(Counterfactual("yes", 0.6, changes, 1.0))
    assert said == "Would be yes with a 2 instead of 1, b y instead of x and c 3 instead of (missing)."


def test_flips_name_the_direction(output: Path) -> None:
    pair = next(p for f in evidence().flips for p in f.pairs if (p.before, p.after) == ("Female", "Male"))
    assert pair.flipped is not None
    assert pair.flipped.value is not None
    row = page(output, "refused_by_fairness").row("Female", "Male")
    assert row[2] == f"{pair.rows}"
    assert row[4].split()[0] == f"{100 * pair.flipped.value:.1f}"
    assert row[6].split()[0] == "0"


def test_a_regression_has_no_decision_to_turn(output: Path) -> None:
    words = page(output, "regression").words
    assert "explained value" in words
    assert "R² on these rows" in words
    assert "Mean change of the value" in words
    assert "Would be" not in words
    assert "turns the decision" not in words
    multiclass = page(output, "multiclass").words
    assert "explained score of income = high" in multiclass
    assert "rate of high of Male and Female" in multiclass


@pytest.mark.parametrize(
    ("run", "said"),
    [
        ("not_configured", "The settings say explanation: off."),
        ("refused_by_data", "ExplanationReport was skipped, because DataGate refused before it."),
        ("failed", "ExplanationReport did not run, because Trainer failed before it."),
    ],
)
def test_where_nothing_was_explained_the_reason_stands(output: Path, run: str, said: str) -> None:
    assert said in page(output, run).words


def test_an_explanation_without_groups_labels_or_checks_still_has_its_page(tmp_path: Path) -> None:
    found = evidence()
    unknown = tuple(replace(i, quality=Estimate(None), gap=None) for i in found.importances)
    bare = replace(
        found,
        importances=unknown,
        disparity=None,
        flips=(),
        recourse=(),
        checks=(),
        local=(),
        dependences=(),
        seconds=None,
    )
    folder = run_folders.write(tmp_path / "run", run_folders.result("PASSED", (), ()), bare)
    words = Page(build(folder, GATES).with_name("explanation.html")).words
    assert "No test of the explanation could be made" in words
    assert "Gap lost" not in words
    assert "nan" not in words.lower().split()


def test_curves_hold_mean_interval_and_single_rows() -> None:
    points = tuple(CurvePoint(str(x), float(x), x / 10, x / 10 - 0.01, x / 10 + 0.01, 0.3) for x in range(3))
    gone = CurvePoint("(missing)", None, 0.05, 0.0, 0.1, 0.1)
    ice = ((0.1, 0.2, 0.3, 0.0), (0.2, 0.1, 0.4, 0.1))
    chart = dependence_charts.dependence(Dependence("age", "number", (*points, gone), ice, (1, 2), 10), "score of yes")
    assert "lowest, 0, at age 0, and highest, 0.2, at age 2." in chart.caption
    assert "Where the value is missing it is 0.05." in chart.caption
    assert "2 single rows" in chart.caption
    assert str(chart.svg).count("LineCollection") == 1
    texts = tuple(replace(p, at=None, text=f"{HARD}{n}") for n, p in enumerate(points))
    drawn = dependence_charts.dependence(Dependence("job", "category", texts, ((0.1, 0.2, 0.3),), (1,), 10), "score")
    assert "<b>" not in str(drawn.svg)
    assert "&lt;b&gt;" in str(drawn.svg)


HARD = "<b>$x$ and a text longer than it may be "


def test_a_column_of_one_value_is_drawn() -> None:
    point = CurvePoint("7", 7.0, 0.5, 0.5, 0.5, 1.0)
    assert dependence_charts.dependence(Dependence("x", "number", (point,), (), (), 1), "value").svg
