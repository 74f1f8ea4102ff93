"""The fairness page says what the gate measured, and as much about what it could not tell."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.gates import GATES
from schemas.fairness_evidence import FairnessEvidence, GapEvidence, GroupEvidence, GroupingEvidence, JudgedLimit
from schemas.fairness_history import FairnessHistory, from_json, to_json
from sluicegate.fairness.gaps import MEASURES
from sluicegate.reports import fairness_page, fairness_words
from sluicegate.reports.build import build
from sluicegate.reports.formatting import class_said
from tests.sluicegate.reports import measured, run_folders
from tests.sluicegate.reports.parsed_page import Page


def page(output: Path, run: str, name: str = "fairness.html") -> Page:
    return Page(output / "runs" / run / "reports" / name)


def cells(found: Page, *start: str) -> list[list[str]]:
    """Every table row whose first cells begin so, whitespace collapsed."""
    rows = [[" ".join(cell.split()) for cell in row] for row in found.rows]
    return [
        row for row in rows if len(row) >= len(start) and all(c.startswith(s) for c, s in zip(row, start, strict=False))
    ]


def evidence() -> FairnessEvidence:
    return measured.fairness()[1]


def grouping(*columns: str) -> GroupingEvidence:
    return next(g for g in evidence().audits[0].groupings if g.columns == columns)


def group(name: str) -> GroupEvidence:
    return next(g for g in grouping("sex" if "sex" in name else "race").groups if g.name == name)


def test_the_deciding_gap_stands_on_top_in_a_sentence(output: Path) -> None:
    limit = evidence().limits[0]
    assert limit.value is not None
    assert limit.low is not None
    assert limit.high is not None
    said = f"sex=Female is selected {limit.value:.3f} times as often as sex=Male [{limit.low:.3f}, {limit.high:.3f}]"
    words = page(output, "refused_by_fairness").words
    assert words.count(f"{said}; the limit is at least 0.8: refused.") == 2
    assert words.index(said) < words.index("What was judged")
    assert "4 limits can refuse: 2 passed, 1 refused, 1 cannot be told. 1 limit more is only judged and shown." in words
    assert (
        "Chosen by the limits: equal selection rates (demographic parity), and equal error rates, and equal predictive value"
        in words
    )


def test_every_judged_gap_has_interval_limit_verdict_and_rows_needed(output: Path) -> None:
    found = page(output, "refused_by_fairness")
    unknown = evidence().limits[3]
    assert unknown.rows_needed is not None
    [row] = [r for r in cells(found, "Equal opportunity difference race") if len(r) == 7]
    assert row[2:] == [
        f"{unknown.value:.4f}", f"{unknown.low:.4f} – {unknown.high:.4f}", "≤ 0.0500", "UNKNOWN", f"{unknown.rows_needed:,}",
    ]  # fmt: skip
    [watched] = cells(found, "Predictive parity difference sex x race, reported only")
    assert watched[-2:] == ["FAILED", "–"]
    assert f"about {unknown.rows_needed:,} like these would tell" in found.words


def test_ratios_differences_and_rises_do_not_share_a_scale(output: Path) -> None:
    words = page(output, "refused_by_fairness").words
    for title in ("Ratios (1 is equal", "Differences (0 is equal", "Rise against the released model (0 is as before"):
        assert words.count(title) == 1


def test_groups_show_counts_rates_and_intervals_and_mark_the_small(output: Path) -> None:
    found = page(output, "refused_by_fairness")
    women = group("sex=Female")
    rate, tpr = women.rates["selection_rate"], women.rates["tpr"]
    assert rate.hits is not None
    assert rate.low is not None
    assert rate.high is not None
    [row] = [r for r in cells(found, "sex=Female", f"{women.rows:,}") if len(r) == 7]
    assert row[4].endswith(f"{rate.hits:,} of {women.rows:,}")
    for share in (rate.value, rate.low, rate.high):
        assert f"{share:.1%}".replace("%", "\u202f%") in row[4].replace(" %", "\u202f%")
    assert row[6].endswith(f"{tpr.hits:,} of {tpr.rows:,}")
    [inuit] = [r for r in cells(found, "race=Inuit") if len(r) == 7]
    assert inuit[0] == "race=Inuit shown, not judged"
    [white] = [r for r in cells(found, "race=White") if len(r) == 7]
    assert white[0] == "race=White"
    assert "3 of 5 groups can be judged" in found.words
    other = group("race=Other")
    assert other.rates["selection_rate"].is_judged
    assert not other.rates["tpr"].is_judged
    [half] = [r for r in cells(found, "race=Other") if len(r) == 7]
    assert half[0] == "race=Other"
    assert half[6].endswith("shown, not judged")
    assert "not judged" not in half[4]


def test_calibration_stands_beside_what_chance_gives(output: Path) -> None:
    women = group("sex=Female")
    [row] = [
        r for r in cells(page(output, "refused_by_fairness"), "sex=Female") if len(r) == 9 and r[0] == "sex=Female"
    ]
    assert row[1:3] == [f"{women.rates[n].value:.4f}" for n in ("mean_score", "base_rate")]
    assert row[-2:] == [f"{women.rates[n].value:.4f}" for n in ("ece", "ece_null")]


def test_exploring_is_marked_and_shows_adjusted_p_values(output: Path) -> None:
    found = page(output, "refused_by_fairness")
    assert "Exploring nothing here refuses" in found.words
    gap = next(g for g in grouping("race").gaps if g.measure == "fpr_difference")
    rows = [r for r in cells(found, "FPR difference") if len(r) == 8]
    assert [r[6] for r in rows].count(f"{gap.p_adjusted:.4f}") >= 1
    assert {r[7] for r in rows} >= {f"{gap.lowest} and {gap.highest}"}


def test_the_released_model_is_compared_in_pairs(output: Path) -> None:
    gap = next(g for g in grouping("sex").gaps if g.measure == "impact_ratio")
    [row] = [r for r in cells(page(output, "refused_by_fairness"), "Impact ratio sex") if len(r) == 6]
    assert row[2:] == [
        f"{gap.rise:.4f}",
        f"{gap.rise_low:.4f} – {gap.rise_high:.4f}",
        f"{gap.value:.4f}",
        f"{gap.baseline:.4f}",
    ]
    assert "Against the released model" not in page(output, "selects_nobody").words


def test_looks_are_counted_and_past_runs_shown(output: Path) -> None:
    found = page(output, "refused_by_fairness")
    assert (
        "This test split has been looked at 2 times, this run included; each look makes a lucky pass likelier."
        in found.words
    )
    rows = [r for r in cells(found, "2025") if len(r) == 7]
    assert [(r[4], r[5], r[6]) for r in rows] == [
        ("FAILED", "1", "others"), ("UNKNOWN", "none", "the same"), ("FAILED", "none", "the same"),
    ]  # fmt: skip
    assert "this run" in rows[-1][0]
    assert "looked at" not in page(output, "overridden").words


def test_the_first_look_is_called_so() -> None:
    assert fairness_words.looks(FairnessHistory(0)).startswith("This is the first look")
    assert fairness_words.looks(None) == ""


def test_the_table_of_local_law_144_leaves_out_what_the_law_lets_out(output: Path) -> None:
    found = page(output, "refused_by_fairness")
    women, men = (group(f"sex={one}").rates["selection_rate"].value for one in ("Female", "Male"))
    assert women is not None
    assert men is not None
    assert found.row("Female", f"{group('sex=Female').rows:,}")[-2:] == [f"{women / men:.4f}", "–"]
    [inuit] = [r for r in cells(found, "Inuit", "3") if len(r) == 6]
    assert inuit[-2:] == ["–", "under 2 % of the rows"]
    assert "sex 0, race 3." in found.words
    assert "sets no pass mark" in found.words


def test_the_proof_shows_false_refusals_and_what_cannot_be_told(output: Path) -> None:
    proof = next(
        p for p in evidence().proof if p.of == ("sex",) and p.measure == "equal_opportunity_difference" and p.limit == 0
    )
    [row] = [
        r
        for r in cells(page(output, "refused_by_fairness"), "sex", "Equal opportunity difference", "0")
        if r[0] == "sex" and r[2] == "0"
    ]
    shares = [
        f"{100 * s:.1f}" if 0 < s < 1 else f"{100 * s:.0f}" for s in (proof.false_refusals, proof.unknown, proof.passed)
    ]
    assert [cell.split()[0] for cell in row[4:7]] == shares
    assert row[-1] == "PASSED"


def test_no_sensitive_column_says_what_to_declare(output: Path) -> None:
    found = page(output, "not_configured")
    assert "No sensitive column is declared" in found.words
    assert "fairness.sensitive" in found.words
    assert "can be judged" not in found.words
    assert "Groups" not in found.words


def test_a_model_that_selects_nobody_does_not_pass(output: Path) -> None:
    words = page(output, "selects_nobody").words
    assert "The model selects nobody in these groups, so impact_ratio says nothing; that is no pass." in words
    assert "UNKNOWN undefined" not in words
    assert "3 cannot be told" in words


def test_other_tasks_have_their_own_rates(output: Path) -> None:
    regression = page(output, "regression").words
    assert "Mean score and Mean absolute error by sex" in regression
    assert "True positive rate" not in regression
    assert "exclude one another" not in regression
    assert "Error difference (0 is equal, in the label's unit)" in regression
    assert "Groups: of whom the model says income = high" in page(output, "multiclass").words


@pytest.mark.parametrize("measure", [m for m, known in fairness_words.MEASURES.items() if "{positive}" in known.said])
def test_a_class_that_is_a_bare_number_is_said_with_its_column(measure: str) -> None:
    said = fairness_words.sentence(
        replace(LIMIT, measure=measure), replace(GAP, measure=measure), class_said("1", "default")
    )
    assert "default = 1" in said


def test_without_a_class_every_class_is_shown_and_none_is_judged(tmp_path: Path) -> None:
    gate, found = measured.unfit("positive_not_declared")
    words = Page(_built(tmp_path, found, gate=gate)).words
    for name in ("low", "middle", "high"):
        assert f"Groups: of whom the model says income = {name}" in words
    assert "Set fairness.positive." in words


@pytest.mark.parametrize(
    ("run", "said"),
    [
        ("refused_by_data", "FairnessReport was skipped, because DataGate refused before it."),
        ("failed", "FairnessReport did not run, because Trainer failed before it."),
        ("passed", "FairnessReport ran (DONE), but what it left behind was not read"),
    ],
)
def test_where_nothing_was_measured_the_reason_stands(output: Path, run: str, said: str) -> None:
    assert said in page(output, run).words


def test_switched_off_says_so(tmp_path: Path) -> None:
    ran = tuple(s for s in run_folders.steps() if s.step != "FairnessReport")
    run = run_folders.result("PASSED", (), ran, settings={"fairness": {"enabled": False}})
    pages = build(run_folders.write(tmp_path / "run", run), GATES).parent
    assert "The settings say fairness: off." in Page(pages / "fairness.html").words


def test_hidden_past_runs_are_counted(tmp_path: Path) -> None:
    found = evidence()
    one = measured.history(found).entries[0]
    entries = tuple(replace(one, run_id=f"run-{n:02d}") for n in range(30))
    words = Page(_built(tmp_path, found, FairnessHistory(30, entries))).words
    assert "in 21 runs, 10 older not shown" in words
    assert "run-29" in words
    assert "run-09" not in words
    assert "looked at 31 times" in words


def test_a_group_is_judged_where_every_rate_of_the_measure_is() -> None:
    found, limit = evidence(), evidence().limits[1]
    sexes = grouping("sex")
    fpr = replace(sexes.groups[0].rates["fpr"], is_judged=False)
    one = replace(sexes.groups[0], rates={**sexes.groups[0].rates, "fpr": fpr})
    audit = replace(found.audits[0], groupings=(replace(sexes, groups=(one, sexes.groups[1])),))
    limits = (replace(limit, measure="equalized_odds_difference"), limit)
    view = fairness_page.view(replace(found, audits=(audit,), limits=limits), None, "run", "")
    assert [(row.judged, row.groups) for row in view.judged] == [(1, 2), (2, 2)]


def test_history_survives_its_file() -> None:
    history = measured.history(evidence())
    assert from_json(to_json(history)) == history
    broken = replace(history.entries[0], value=float("nan"))
    assert from_json(to_json(FairnessHistory(1, (broken,)))).entries[0].value is None


GAP = GapEvidence("", ("sex",), "", 0.1, lowest="sex=F", highest="sex=M")
LIMIT = JudgedLimit("", ("sex",), "limit", 0.1, "at most", "PASSED", True, "s", 0.25, 0.2, 0.3)


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        (replace(LIMIT, measure="demographic_parity_difference"),
         "sex=F is selected 25 percentage points less often than sex=M [20, 30]; the limit is at most 10 percentage points: passed."),
        (replace(LIMIT, measure="fpr_difference", low=None, high=None),
         "Of the rows without loan = yes, the model takes 25 percentage points more for it in sex=M than in sex=F; the limit is at "
         "most 10 percentage points: passed."),
        (replace(LIMIT, measure="demographic_parity_ratio", kind="rise", value=-0.25, status="FAILED"),
         "Demographic parity ratio of sex is 0.25 better than the released model's on the same rows [0.2, 0.3]; the limit is at "
         "most 0.1: refused."),
        (replace(LIMIT, measure="fpr_difference", kind="rise", status="FAILED"),
         "FPR difference of sex is 25 percentage points worse than the released model's on the same rows [20, 30]; the limit is "
         "at most 10 percentage points: refused."),
        (replace(LIMIT, measure="equalized_odds_sum", status="UNKNOWN", reason="not_settled"),
         "Equalized odds sum of sex is 0.25 [0.2, 0.3]; the limit is at most 0.1: cannot be told, and no number of rows would "
         "settle it."),
        (replace(LIMIT, measure="abcc", value=None, status="UNKNOWN", reason="undefined"),
         "Area between score distributions (ABCC) of sex could not be measured (undefined)."),
        (replace(LIMIT, measure="a_new_measure"), "A new measure of sex is 0.25 [0.2, 0.3]; the limit is at most 0.1: passed."),
    ],
)  # fmt: skip
def test_sentences(limit: JudgedLimit, said: str) -> None:
    assert fairness_words.sentence(limit, replace(GAP, measure=limit.measure), "loan = yes") == said


def test_every_measure_of_the_gate_has_its_words() -> None:
    """The report may not import the gate, so it names the rates under a measure a second time."""
    assert set(fairness_words.MEASURES) == set(MEASURES)
    for name, measure in MEASURES.items():
        told = fairness_words.MEASURES[name]
        assert told.is_ratio == measure.is_ratio
        assert measure.of[0] in ("score", "scores", "error") or told.of == measure.of


def _built(folder: Path, found: FairnessEvidence, history: FairnessHistory | None = None, gate: object = None) -> Path:
    run = run_folders.result("REFUSED", (gate or measured.fairness()[0],), run_folders.steps())  # type: ignore[arg-type]
    written = run_folders.write(folder / "run", run, found, *([history] if history else []))
    return build(written, GATES).with_name("fairness.html")
