"""What changed between two runs: everything that did, nothing that did not, and a good word for a wrong name."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from schemas import evidence, explanation_evidence, fairness_evidence, model_card, records
from schemas.evidence import MetricRow
from schemas.verdict import Measurement, Status, judge
from sluicegate.history.differences import WHOLE, Recorded, compare
from sluicegate.history.what_matters import Line, headline
from tests.components.model_card import world
from tests.sluicegate.reports import run_folders
from tests.sluicegate_cli.test_main import _loaded_by
from tests.sluicegate_cli.test_verbs import CONFIG

GAP = "demographic_parity_difference of sex"

TIMED = ("serving_check",)


def served(milliseconds: float) -> Any:
    m = Measurement("latency_p50", "gRPC", Status.PASSED, milliseconds, limit=100.0, direction="at most", unit="ms")
    return judge("serving_check", [m])


@pytest.fixture(scope="module")
def run() -> Recorded:
    result = run_folders.result("PASSED", [run_folders.quality_verdict(), served(2.5)], run_folders.steps())
    _, audit = world.audited()
    _, why = world.explained()
    card = model_card.from_json(_CARD)
    return Recorded(
        result,
        run_folders.census_data(),
        run_folders.census_training(),
        run_folders.census_evaluation(),
        audit,
        why,
        card,
    )


_CARD = json.dumps(
    {
        "card_version": 1, "name": "x", "intention": {}, "decision": {"status": "PASSED", "may_be_released": True, "sentence": ""},
        "data": {"source": "", "digest": "", "rows": {}, "columns": [], "label": {"column": "y", "task": "binary"}},
        "data_check": {"status": "PASSED", "checked": 1, "passed": 1}, "quality": {}, "quality_limits": [], "lineage": {},
        "training": {"seed": 1, "best_epoch": 1, "epochs": 1, "parameters": 1},
        "not_measured": [{"part": "Serving", "what": "everything", "why": "Skipped."}],
    }
)  # fmt: skip


def with_result(**more: Any) -> Callable[[Recorded], Recorded]:
    return lambda run: replace(run, result=replace(run.result, **more))


def shift_metric(run: Recorded) -> Recorded:
    first, *rest = run.evaluation.metrics
    return replace(run, evaluation=replace(run.evaluation, metrics=(replace(first, value=0.9), *rest)))


def shift_gap(run: Recorded) -> Recorded:
    audit = run.fairness.audits[0]
    first, *others = audit.groupings
    gaps = tuple(replace(g, value=0.25) if g.measure == "demographic_parity_difference" else g for g in first.gaps)
    audits = (replace(audit, groupings=(replace(first, gaps=gaps), *others)),)
    return replace(run, fairness=replace(run.fairness, audits=audits))


def forget_a_column(run: Recorded) -> Recorded:
    kept = tuple(c for c in run.data.columns if c.name != "fnlwgt")
    return replace(run, data=replace(run.data, columns=kept))


def more_missing(run: Recorded) -> Recorded:
    columns = []
    for c in run.data.columns:
        train = c.splits["train"]
        more = {**c.splits, "train": replace(train, missing=train.missing + 50)} if c.name == "sex" else c.splits
        columns.append(replace(c, splits=more))
    return replace(run, data=replace(run.data, columns=tuple(columns)))


def stronger_sex(run: Recorded) -> Recorded:
    found = tuple(
        replace(i, quality=replace(i.quality, value=0.5)) if i.name == "sex" else i for i in run.explanation.importances
    )
    return replace(run, explanation=replace(run.explanation, importances=found))


def better_epoch(run: Recorded) -> Recorded:
    return replace(run, training=replace(run.training, parameters=99))


def measured_serving(run: Recorded) -> Recorded:
    return replace(run, card=replace(run.card, not_measured=()))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (with_result(settings={"name": "census", "training": {"epochs": 4}}), {("settings", "training.epochs")}),
        (with_result(data_digest="other"), {("data", "digest")}),
        (with_result(git_commit="other"), {("code", "commit")}),
        (with_result(versions={"tensorflow": "2.22.0"}), {("libraries", "tensorflow")}),
        (with_result(pushed_version=9), {("outcome", "version")}),
        (shift_metric, {("metrics", "auc, overall")}),
        (shift_gap, {("fairness gaps", GAP)}),
        (forget_a_column, {("data", "column fnlwgt")}),
        (more_missing, {("data", "column sex: missing in train")}),
        (stronger_sex, {("explanation", "columns the model needs most"), ("explanation", "loss of auc without sex")}),
        (better_epoch, {("training", "parameters")}),
        (measured_serving, {("not measured", WHOLE)}),
    ],
)  # fmt: skip
def test_one_thing_changed_is_what_is_listed(run: Recorded, change: Any, expected: set[tuple[str, str]]) -> None:
    found = {(c.section, c.item) for c in compare(run, change(run), TIMED)}
    assert expected <= found
    assert {section for section, _ in found} == {section for section, _ in expected}
    assert found == {(c.section, c.item) for c in compare(change(run), run, TIMED)}


def test_a_verdict_that_turned_shows_value_status_and_interval(run: Recorded) -> None:
    other = with_result(gates=(run_folders.quality_verdict(0.8871), served(2.5)))(run)
    by_item = {c.item: c for c in compare(run, other, TIMED)}
    assert {c.section for c in by_item.values()} == {"gate QualityGate"}
    assert (by_item["verdict"].before.status, by_item["verdict"].after.status) == ("PASSED", "FAILED")
    auc = by_item["auc, overall [quality_gate.limits.0.at_least]"]
    assert (auc.before.value, auc.after.value, auc.after.status) == (0.9132, 0.8871, "FAILED")
    assert auc.after.interval == pytest.approx((0.881, 0.8929))


def test_times_and_last_bits_are_no_change(run: Recorded) -> None:
    first, *rest = run.evaluation.metrics
    noisy = replace(first, value=first.value * (1 + 1e-10))
    again = with_result(
        run_id="later", started_at="2027", seconds=1.0, gates=(run_folders.quality_verdict(), served(7.1))
    )(run)
    again = replace(
        again, evaluation=replace(run.evaluation, metrics=(noisy, *rest)), training=replace(run.training, seconds=1.0)
    )
    assert compare(run, again, TIMED) == ()


def test_a_part_that_one_run_lacks_is_one_change(run: Recorded) -> None:
    found = compare(replace(run, fairness=None), run, TIMED)
    assert [(c.section, c.item, c.before) for c in found] == [("fairness gaps", WHOLE, None)]


def test_a_metric_of_a_new_slice_is_not_there_before(run: Recorded) -> None:
    more = (*run.evaluation.metrics, MetricRow("auc", "sex=x", 0.7, 9))
    (found,) = compare(run, replace(run, evaluation=replace(run.evaluation, metrics=more)), TIMED)
    assert (found.item, found.before, found.after.value) == ("auc, sex=x", None, 0.7)


def lines(before: Recorded, after: Recorded) -> dict[str, Line]:
    return {line.item: line for line in headline(before, after)}


def with_auc(value: float, **more: Any) -> Callable[[Recorded], Recorded]:
    row = MetricRow("auc", "overall", value, 900, value - 0.006, value + 0.006, **more)
    return lambda run: replace(run, evaluation=replace(run.evaluation, metrics=(row, *run.evaluation.metrics[1:])))


def test_what_matters_stands_on_top_also_where_nothing_changed(run: Recorded) -> None:
    found = lines(run, run)
    assert list(found)[:2] == ["verdict", "version"]
    assert list(found)[-3:] == ["data", "settings", "code"]
    assert {"auc", "log_loss"} <= set(found), "what the quality gate judges"
    assert "accuracy" not in found, "no gate judges it"
    assert found["auc"].before.interval is not None
    assert {found[item].note for item in ("auc", "data", "settings", "code")} == {"the same", "the same bytes"}


def test_a_difference_is_paired_where_the_second_run_met_the_first_ones_model(run: Recorded) -> None:
    before = with_auc(0.91)(run)
    met = with_auc(0.92, baseline=0.91, change_low=0.004, change_high=0.016)(run)
    assert lines(before, met)["auc"].note == "+0.0100 [+0.0040, +0.0160] on the same rows"
    elsewhere = with_result(data_digest="other")(met)
    assert lines(before, elsewhere)["auc"].note == "+0.0100, the intervals overlap"
    assert lines(before, elsewhere)["data"].note == "other bytes"
    assert lines(before, with_auc(0.95)(run))["auc"].note == "+0.0400, the intervals are apart"


def test_a_gate_that_turned_is_said_beside_the_verdict(run: Recorded) -> None:
    other = with_result(verdict="REFUSED", gates=(run_folders.quality_verdict(0.8871), served(2.5)))(run)
    found = lines(run, other)
    assert list(found)[:3] == ["verdict", "gate QualityGate", "version"]
    assert (found["verdict"].before.status, found["verdict"].after.status) == ("PASSED", "REFUSED")
    assert "gate serving_check" not in found


def write(run: Recorded, folder: Path) -> None:
    for one in (run.data, run.training, run.evaluation):
        evidence.write(one, folder / "evidence")
    fairness_evidence.write(run.fairness, folder / "evidence")
    explanation_evidence.write(run.explanation, folder / "evidence")
    (folder / "evidence" / "model_card.json").write_text(_CARD)
    (folder / "result.json").write_text(records.to_json(run.result), encoding="utf-8")


def test_the_command_reads_records_and_all_evidence(call, here, run):
    write(run, here / "a")
    changed = shift_gap(stronger_sex(with_result(settings={"name": "census"})(run)))
    write(measured_serving(changed), here / "b")
    (here / "b" / "evidence" / "model_card.json").write_text(_CARD.replace("Skipped.", "Still skipped."))
    ended = call("report", "diff", "a", "b", "--json")
    assert (ended.code, ended.err) == (0, "")
    said = json.loads(ended.out)
    assert [said[side]["folder"] for side in "ab"] == ["a", "b"]
    assert [line["item"] for line in said["what_matters"]][:2] == ["verdict", "version"]
    gap = next(c for c in said["changes"] if c["item"] == GAP)
    assert gap["after"]["value"] == 0.25
    assert len(gap["after"]["interval"]) == 2
    sections = {c["section"] for c in said["changes"]}
    assert sections == {"settings", "fairness gaps", "explanation", "not measured"}
    text = call("report", "diff", "a", "b").out
    assert text.index("what matters") < text.index("the same bytes") < text.index("\nsettings")
    assert f"{GAP} " in text
    assert "0.02" in text
    assert "(+0.48)" in text
    assert "not there" in text
    assert f"{len(said['changes'])} changes in 4 sections." in text


def test_the_same_run_twice_says_that_nothing_changed(call, shop):
    ended = call("report", "diff", "r1", "r1")
    assert ended.code == 0
    assert "Nothing changed." in ended.out
    assert json.loads(call("report", "diff", "r1", "r1", "--json").out)["changes"] == []


@pytest.mark.parametrize(
    ("words", "runs"),
    [
        (["r1", "r3"], ["r1", "r3"]),
        (["previous", "latest"], ["r2", "r3"]),
        (["output/shop/runs/r1", "latest"], ["r1", "r3"]),
        (["r1", "latest", "--output", "output/shop"], ["r1", "r3"]),
    ],
)
def test_runs_are_named_by_id_folder_or_place(call, shop, words, runs):
    (shop / "runs" / "r4").mkdir()  # under way: no record yet
    said = json.loads(call("report", "diff", *words, "--json").out)
    assert [said["a"]["run"], said["b"]["run"]] == runs


def test_an_output_folder_before_the_word_diff_counts(call, shop):
    elsewhere = shutil.move(shop, shop.parent.parent / "elsewhere")
    ended = call("report", "--output", elsewhere, "diff", "r1", "r3", "--json")
    assert ended.code == 0, ended.err
    assert {c["section"] for c in json.loads(ended.out)["changes"]} >= {"outcome", "data", "code", "gate quality_gate"}


@pytest.mark.parametrize(
    ("words", "code", "headline", "remedy"),
    [
        (["r1", "r33"], 64, "There is no such run.", "did you mean r3?"),
        (["lates", "r1"], 64, "There is no such run.", "did you mean latest?"),
        (["qqq", "r1"], 64, "There is no such run.", "sluicegate runs"),
        (["output", "r1"], 64, "This folder is no run.", "runs/<id>"),
        (["r4", "r1"], 1, "This run left no record.", "another run"),
    ],
)
def test_a_wrong_name_is_told_in_four_parts(call, shop, words, code, headline, remedy):
    (shop / "runs" / "r4").mkdir()
    ended = call("report", "diff", *words)
    assert (ended.code, ended.err.splitlines()[0]) == (code, headline)
    assert words[0 if words[0] != "r1" else 1] in ended.err
    assert remedy in ended.err
    assert ended.out == ""


def test_an_id_that_two_pipelines_share_needs_a_place(call, shop):
    shutil.copytree(shop, shop.parent / "other")
    ended = call("report", "diff", "r1", "r2")
    assert (ended.code, ended.err.splitlines()[0]) == (64, "More than one run has this id.")
    assert call("report", "diff", "r1", "r2", "--output", shop).code == 0
    Path("my.yaml").write_text(CONFIG)
    assert call("report", "--config", "my.yaml", "diff", "r1", "r2").code == 0


def test_previous_needs_two_runs(call, shop):
    for name in ("r2", "r3"):
        shutil.rmtree(shop / "runs" / name)
    ended = call("report", "diff", "previous", "latest")
    assert ended.code == 64
    assert "1 runs have ended" in ended.err


def test_evidence_of_another_version_is_told(call, shop):
    (shop / "runs" / "r1" / "evidence").mkdir()
    (shop / "runs" / "r1" / "evidence" / "fairness.json").write_text('{"format_version": 9}')
    ended = call("report", "diff", "r1", "r2")
    assert (ended.code, ended.err.splitlines()[0]) == (1, "This run's evidence cannot be read.")


def test_help_of_the_comparison_imports_nothing_heavy():
    assert _loaded_by("report", "diff", "--help") == "[]"
