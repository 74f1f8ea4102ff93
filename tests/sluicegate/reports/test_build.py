"""The pages say what the evidence says, and honestly where there is none."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.gates import GATES
from schemas.evidence import MetricRow, write
from schemas.records import read_result
from schemas.verdict import Measurement, Status, judge
from sluicegate.reports import story
from sluicegate.reports.build import PAGES, build, flat
from tests.sluicegate.reports import measured, run_folders
from tests.sluicegate.reports.parsed_page import Page

RUNS = tuple(run_folders.ALL)
FILES = tuple(name for name, _ in PAGES)


def page(output: Path, run: str, name: str) -> Page:
    return Page(output / "runs" / run / "reports" / name)


@pytest.mark.parametrize("run", RUNS)
def test_every_page_is_whole_and_loads_nothing(output: Path, run: str) -> None:
    for name in FILES:
        found = page(output, run, name)
        assert found.tags.count("h1") == 1
        assert not {"script", "img", "iframe", "object"} & set(found.tags)
        assert [x for x in found.loads if not x.startswith(("#", "data:"))] == []
        assert "url(http" not in found.source
        assert "@import" not in found.source


@pytest.mark.parametrize("run", RUNS)
def test_links_and_ids_resolve(output: Path, run: str) -> None:
    for name in FILES:
        found = page(output, run, name)
        assert len(set(found.ids)) == len(found.ids), "an id stands twice"
        for link in found.links:
            file, _, anchor = link.partition("#")
            target = found.path.parent / file if file else found.path
            assert target.is_file(), link
            assert not anchor or anchor in Page(target).ids, link
        for reference in found.loads:
            assert not reference.startswith("#") or reference[1:] in found.ids, reference


def test_the_serving_page_shows_time_memory_and_what_was_let_in(output: Path) -> None:
    found = page(output, "passed", "serving.html")
    assert found.row("gRPC", "serving_default")[2:7] == ["100 of 100", "1.99 ms", "2.48 ms", "2.49 ms", "1.2e−08"]
    assert found.row("REST", "serving_raw")[7:] == ["2", "Row 3: 0.25, and the model says 0.5."]
    assert found.row("FAILED", "REST")[-1] == "500 Internal Server Error"
    for figure in ("had the model after 7.4 s", "memory 612.5 MB", "E something <b>happened</b>"):
        assert figure in found.words
    assert "no step that would bring it" not in page(output, "refused_by_data", "serving.html").words


def test_a_passed_run_shows_its_key_figures(output: Path) -> None:
    words = page(output, "passed", "index.html").words
    assert "3 gates passed on 5 measurements." in words
    assert "Version 3 was released." in words
    for figure in ("AUC 0.9132", "Log loss 0.3127", "test rows 16,281", "rows, all splits 45,586", "parameters 48,321"):
        assert figure in words
    for fact in ("9f1c2d3e4b5a", "sha256:5d1f0c", "tensorflow 2.21.0", "recorded as bootstrap"):
        assert fact in words


def test_a_refusal_names_value_limit_and_the_line_that_judged(output: Path) -> None:
    index = page(output, "refused_by_quality", "index.html").words
    assert "QualityGate refused: AUC on overall is 0.8871, and must be at least 0.9000." in index
    assert "quality_gate.limits.0.at_least configs/census.yaml:31" in index
    assert "Nothing was released." in index


def test_measurements_stand_with_refusals_first(output: Path) -> None:
    verdicts = page(output, "refused_by_quality", "verdicts.html")
    refused = verdicts.row("FAILED", "AUC", "overall")
    assert refused[3].startswith("0.8871")
    assert "0.8810 – 0.8929" in refused[3]
    assert refused[5:8] == ["≥ 0.9000", "0.9101", "16,281"]
    assert refused[8].startswith("below_limit")
    assert refused[8].endswith("quality_gate.limits.0.at_least configs/census.yaml:31")
    order = [row[0].split()[0] for row in verdicts.rows if len(row) in (8, 9) and row[0].strip() != "Verdict"]
    assert order[2:] == ["FAILED", "PASSED", "PASSED", "UNKNOWN"]


def test_what_a_person_let_pass_stands_on_top(output: Path) -> None:
    index = page(output, "overridden", "index.html").words
    who = "Ada L. lets it pass: Only a rehearsal on last year's rows."
    assert index.index(who) < index.index("Gates Verdict")
    assert (
        "3 gates passed on 21 measurements. Let through by an override although not passed: fairness (FAILED)." in index
    )
    assert "Did not pass, and is not asked for a release: explanation (FAILED)." in index
    assert "Version 4 was released." in index
    verdicts = page(output, "overridden", "verdicts.html")
    assert who in verdicts.row("PASSED", "Fairness", "overall")[-1]
    assert "Overridden: a gate did not pass" in verdicts.words
    assert verdicts.words.count("not asked for a release") == 1
    for name in ("index.html", "verdicts.html"):
        assert "person" not in page(output, "refused_by_fairness", name).words


def test_why_it_was_refused_names_only_what_stood_in_the_way(output: Path, tmp_path: Path) -> None:
    gate, _ = measured.fairness()
    _, explained = measured.explanation(is_broken=True)
    run = run_folders.result("REFUSED", [gate, explained, run_folders.release_verdict(gate)], ())
    words = Page(build(run_folders.write(tmp_path / "run", run), GATES)).words
    why, aside, gates = (
        words.index(h) for h in ("Why it was refused", "What did not pass and did not stop it", "Gates Verdict")
    )
    assert why < words.index("impact_ratio of sex is", why) < aside
    assert aside < words.index("With shuffled weights the contributions keep", aside) < gates
    assert "release_gate" not in words[why:gates]
    assert "What did not pass and did not stop it" in page(output, "overridden", "index.html").words


def test_a_refusal_that_a_person_let_pass_does_not_head_another(tmp_path: Path) -> None:
    gate, _ = measured.fairness()
    broken = judge("serving_check", [Measurement("memory", "overall", Status.FAILED, detail="It takes 9 GB.")])
    overridden = replace(run_folders.release_verdict(gate).measurements[2], status=Status.PASSED, reason="overridden")
    asked = replace(overridden, name="serving_check", status=Status.FAILED, reason="")
    run = run_folders.result("REFUSED", [gate, broken, judge("release_gate", [overridden, asked])], ())
    assert story.headline(run).sentence == "serving_check refused: It takes 9 GB."


def test_unknown_and_bootstrap_are_explained_where_they_occur(output: Path) -> None:
    passed = page(output, "passed", "verdicts.html").words
    assert "UNKNOWN means that the gate could not tell" in passed
    assert "45 rows, and 100 are needed to tell." in passed
    assert "Bootstrap: no model was released before" in passed
    other = page(output, "refused_by_data", "verdicts.html").words
    assert "UNKNOWN means" not in other
    assert "Bootstrap" not in other


@pytest.mark.parametrize(
    ("run", "name", "said"),
    [
        ("refused_by_data", "training.html", "Trainer was skipped, because DataGate refused before it."),
        ("refused_by_data", "evaluation.html", "Evaluator was skipped, because DataGate refused before it."),
        ("failed", "training.html", "Trainer failed: ValueError: Input to reshape is a tensor with 255 values"),
        ("failed", "evaluation.html", "Evaluator did not run, because Trainer failed before it."),
        ("multiclass", "training.html", "Trainer ran (DONE), but what it left behind was not read"),
    ],
)
def test_what_is_missing_is_said_with_its_reason(output: Path, run: str, name: str, said: str) -> None:
    assert said in page(output, run, name).words


def test_an_error_names_the_step_and_shows_its_message(output: Path) -> None:
    words = page(output, "failed", "index.html").words
    assert "Trainer failed: ValueError: Input to reshape" in words
    assert "File trainer.py, line 88" in words


def test_slices_show_value_interval_baseline_and_rows(output: Path) -> None:
    found = page(output, "passed", "evaluation.html")
    female: MetricRow = next(r for r in run_folders.slice_rows("auc", 0.9132) if r.slice == "sex=Female")
    rows = [[" ".join(c.split()) for c in r] for r in found.rows if r and " ".join(r[0].split()) == "sex=Female"]
    assert rows[0][2:] == [
        f"{female.value:.4f}",
        f"{female.low:.4f} – {female.high:.4f}",
        f"{female.baseline:.4f}",
        "5,421",
    ]


def test_confusion_counts_and_row_shares(output: Path) -> None:
    assert page(output, "passed", "evaluation.html").row("<=50K") == ["<=50K", "11,432 91.9 %", "1,003 8.1 %", "12,435"]
    assert page(output, "multiclass", "evaluation.html").row("Chinstrap")[1:] == ["1 7.1 %", "13 92.9 %", "0 0 %", "14"]


def test_each_task_has_its_charts(output: Path) -> None:
    binary = page(output, "passed", "evaluation.html").words
    assert "At the threshold: 65.2 % of positives found, 8.1 % of negatives" in binary
    assert "precision 71.4 %, recall 65.2 %" in binary
    assert "Weighs most: predictions near" in binary
    assert "Thresholds" not in binary, "an older run knows one threshold only"
    regression = page(output, "regression", "evaluation.html").words
    assert "1,334 of 4,000 rows" in regression
    assert "Median error" in regression
    assert "ROC" not in regression


def test_scores_stand_beside_those_of_the_released_model(output: Path) -> None:
    found = page(output, "refused_by_quality", "evaluation.html")
    assert found.source.count("released (1795812212)") >= 3, "drawn over ROC, precision and recall, and calibration"
    assert "true positive rate, released (1795812212)" in found.words
    assert "chosen (0.431)" in found.source
    assert found.row("0.4312 (chosen)")[1:] == ["54.2 %", "56.9 %", "56.9 %", "64.4 %"]
    assert "By true class (income)" in found.words
    assert found.row("Amer-Indian-Eskimo")[2:] == ["0.3000", "20.0 %", "700"]
    assert "3 smaller parts are not drawn." in found.words


def test_the_difference_to_the_released_model_has_its_interval(tmp_path: Path) -> None:
    row = MetricRow("auc", "overall", 0.91, 500, 0.9, 0.92, 0.915, -0.008, 0.002)
    found = replace(run_folders.census_evaluation(), metrics=(row,))
    folder = run_folders.write(tmp_path / "run", run_folders.result("PASSED", (), ()), found)
    cells = Page(build(folder, GATES).with_name("evaluation.html")).row("AUC", "0.9100")
    assert cells[4] == "−0.0050 −0.0080 to +0.0020"


def test_training_says_best_epoch_seed_and_what_it_depends_on(output: Path) -> None:
    words = page(output, "passed", "training.html").words
    for said in (
        "best epoch 12",
        "epochs run 18",
        "seed 1",
        "a CPU with AVX2",
        "eval ends at 0.3174",
        "learning_rate 0.001",
    ):
        assert said in words


def test_data_shows_missing_share_and_marks_drift_over_its_limit(output: Path) -> None:
    found = page(output, "refused_by_data", "data.html")
    assert found.row("workclass", "feature", "category")[3:7] == ["5.6 %", "5.7 %", "5.6 %", "7"]
    assert found.row("age", "test against train")[2:5] == ["jensen shannon", "0.0871", "0.0500"]
    assert found.row("age", "test against train")[-1] == "FAILED"
    assert found.row("sex", "test against train")[-1] == "PASSED"
    assert found.row("age", "train against released version 3")[2:5] == ["jensen shannon", "0.2345", "0.0500"]
    age = next(row for row in found.rows if row[0].startswith("age") and row[1] == "feature")
    assert age[-2:] == ["0.0871", "0.2345"]
    assert found.row("sex", "feature", "category")[-2:] == ["0.0117", "–"]
    assert "jensen shannon drift from released version 3 above its limit" in found.words
    assert "Out-of-range values (train)" in found.words
    assert "What moved" in found.words
    assert "Furthest apart at 17 to 40: 60.0 % of released version 3, 90.0 % of train now." in found.words
    assert "Value 412 is above" in page(output, "refused_by_data", "schema.html").words


def test_data_without_a_released_model_says_that_nothing_can_have_drifted(output: Path) -> None:
    assert "No model was released before this run" in page(output, "passed", "data.html").words


def test_many_columns_are_listed_all_and_drawn_in_part(output: Path) -> None:
    found = page(output, "wide", "data.html")
    assert "48 of 200 columns are drawn" in found.words
    assert found.tags.count("article") == 48
    assert found.row("sensor_149", "feature")
    assert found.row("broken", "label")
    assert found.path.stat().st_size < 400_000


def test_names_and_values_cannot_become_markup(output: Path) -> None:
    for name in FILES:
        found = page(output, "hostile", name)
        assert "<script" not in found.source
        assert "<img" not in found.source
    data = page(output, "hostile", "data.html")
    assert run_folders.HOSTILE in data.words
    assert run_folders.BROKEN in data.words
    assert "{{ 7 * 7 }}" in data.words
    assert "half ? pair" in data.words
    assert "empty" in data.words


def test_graph_lists_who_read_what(output: Path) -> None:
    found = page(output, "passed", "graph.html")
    assert found.row("Trainer")[4] == "examples, transform_graph of Transform schema of ImportSchemaGen"
    assert "Steps without lines recorded no artifacts" in found.words


def test_fast_enough(tmp_path: Path) -> None:
    folder = run_folders.refused_by_fairness(tmp_path / "run")
    build(folder, GATES)
    start = time.process_time()
    build(folder, GATES)
    assert time.process_time() - start < 3


def test_the_same_run_gives_the_same_pages(tmp_path: Path) -> None:
    folder = run_folders.refused_by_fairness(tmp_path / "run")
    pages = build(folder, GATES).parent
    first = {name: (pages / name).read_bytes() for name in FILES}
    build(folder, GATES)
    assert {name: (pages / name).read_bytes() for name in FILES} == first


def test_a_run_without_steps_or_gates_still_has_pages(tmp_path: Path) -> None:
    notes = ("Version 1 was released by an override.", "The disk is full.")
    folder = run_folders.write(tmp_path / "run", run_folders.result("ERROR", (), (), notes=notes))
    assert "ERROR The disk is full." in Page(build(folder, GATES)).words
    for name in FILES:
        assert Page(folder / "reports" / name).tags.count("h1") == 1


def test_numbers_that_are_none_or_not_finite_are_dashes(tmp_path: Path) -> None:
    gate = judge(
        "QualityGate",
        [Measurement("auc", "overall", Status.UNKNOWN, float("nan"), limit=0.5, direction="at least", reason="nan")],
    )
    column = run_folders.census_data().columns[0]
    broken = replace(column.splits["train"], histogram=((0.0, float("nan"), 3.0),), mean=float("nan"))
    data = replace(run_folders.census_data(), columns=(replace(column, splits={"train": broken}),))
    folder = run_folders.write(tmp_path / "run", run_folders.result("REFUSED", [gate], ()), data)
    build(folder, GATES)
    assert Page(folder / "reports" / "verdicts.html").row("UNKNOWN", "AUC", "overall")[3] == "–"
    assert "nan" not in Page(folder / "reports" / "data.html").words.lower()


def test_empty_evaluation_is_no_error(tmp_path: Path) -> None:
    found = replace(
        run_folders.census_evaluation(), metrics=(), roc=(), pr=(), calibration=(), confusion=((0.0, 0.0), (0.0, 0.0))
    )
    folder = run_folders.write(tmp_path / "run", run_folders.result("PASSED", (), ()), found)
    assert "0 0 %" in Page(build(folder, GATES).with_name("evaluation.html")).words


def test_no_result_is_an_error(tmp_path: Path) -> None:
    write(run_folders.census_training(), tmp_path / "evidence")
    with pytest.raises(FileNotFoundError, match=r"result\.json"):
        build(tmp_path, GATES)


def test_settings_are_flattened_in_their_own_order() -> None:
    nested = {"b": {"limits": [{"metric": "auc"}], "x": ["", "?"]}, "a": {}}
    assert list(flat(nested)) == [("b.limits.0.metric", "auc"), ("b.x", ["", "?"]), ("a", {})]


def test_the_fixture_is_what_a_reader_reads_back(tmp_path: Path) -> None:
    folder = run_folders.passed(tmp_path / "run")
    assert read_result(folder).pushed_version == 3
    assert json.loads((folder / "evidence" / "training.json").read_text())["best_epoch"] == 12
