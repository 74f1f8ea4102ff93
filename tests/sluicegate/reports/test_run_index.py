"""All runs on one page, newest first; a run that cannot be read is listed and hides nothing."""

from __future__ import annotations

import fcntl
from dataclasses import replace
from pathlib import Path

from pipeline.gates import GATES
from schemas import unfinished
from schemas.evidence import MetricRow
from schemas.records import State, StepRecord
from sluicegate.reports.build import build
from sluicegate.reports.run_index import build_index
from tests.sluicegate.reports import run_folders
from tests.sluicegate.reports.parsed_page import Page


def test_the_link_to_the_latest_run_is_no_run(tmp_path: Path) -> None:
    run_folders.ALL["passed"](tmp_path / "runs" / "one")
    (tmp_path / "runs" / "latest").symlink_to("one")
    page = build_index(tmp_path).read_text()
    assert ">latest<" not in page
    assert page.count("<bdi>one</bdi>") == 1


def test_lists_runs_newest_first_with_verdict_metrics_and_links(tmp_path: Path) -> None:
    for day, name in ((1, "old"), (3, "new"), (2, "middle")):
        run = run_folders.result(
            "PASSED",
            (),
            (),
            started_at=f"2025-11-0{day}T10:00:00+00:00",
            metrics={"auc": 0.9 + day / 1000},
            run_id=name,
        )
        build(run_folders.write(tmp_path / "runs" / name, replace(run, seconds=75.0)), GATES)
    page = Page(build_index(tmp_path))
    assert page.links == [f"{name}/reports/index.html" for name in ("new", "middle", "old")]
    assert all((page.path.parent / link).is_file() for link in page.links)
    cells = page.row("PASSED", "new census · 9f1c2d3e")
    assert cells[2:4] == ["2025-11-03 10:00 UTC", "0.9030"]
    assert "1 min 15 s" in cells


def test_unreadable_runs_are_listed_with_the_reason(tmp_path: Path) -> None:
    run_folders.write(tmp_path / "runs" / "good", run_folders.result("REFUSED", (), ()))
    (tmp_path / "runs" / "started").mkdir()
    (tmp_path / "runs" / "broken").mkdir()
    (tmp_path / "runs" / "broken" / "result.json").write_text("{", encoding="utf-8")
    words = Page(build_index(tmp_path)).words
    assert "No result.json: the run is under way, or was killed." in words
    assert "result.json cannot be read: no JSON: Expecting property name" in words
    assert "good" in words


def test_a_killed_run_is_named_by_its_step_and_a_run_at_work_by_where_it_is(tmp_path: Path) -> None:
    step = StepRecord("Trainer", State.FAILED, error=unfinished.KILLED)
    told = run_folders.result("ERROR", (), (step,), run_id="20261121-070000")
    unfinished.write(told, tmp_path / "runs" / "20261121-070000")
    assert "The run was killed in Trainer." in Page(build_index(tmp_path)).words
    with (tmp_path / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "The run is under way: in Trainer." in Page(build_index(tmp_path)).words


def test_no_runs_yet(tmp_path: Path) -> None:
    assert "No run was recorded here yet." in Page(build_index(tmp_path)).words


def test_folder_names_are_escaped_in_links(tmp_path: Path) -> None:
    build(run_folders.write(tmp_path / "runs" / "a b#c<i>", run_folders.result("PASSED", (), ())), GATES)
    page = Page(build_index(tmp_path))
    assert page.links == ["a%20b%23c%3Ci%3E/reports/index.html"]
    assert "a b#c<i>" in page.words


def test_a_copy_that_a_tool_made_of_the_link_is_no_run_either(tmp_path: Path) -> None:
    for name in ("one", "latest"):
        run_folders.write(tmp_path / "runs" / name, run_folders.result("PASSED", (), (), run_id="one"))
    assert ">latest<" not in build_index(tmp_path).read_text()


def write_past(output: Path, folder: str, day: int, auc: float, version: int | None, **more: object) -> None:
    metric = MetricRow("auc", "overall", auc, 900, auc - 0.01, auc + 0.01)
    run = run_folders.result(
        "PASSED" if version else "REFUSED",
        (),
        (),
        started_at=f"2025-11-{day:02d}T10:00:00+00:00",
        metrics={"auc": auc},
        run_id=folder,
        pushed_version=version,
        **more,
    )
    found = replace(run_folders.census_evaluation(), metrics=(metric,))
    run_folders.write(output / "runs" / folder, run, found)


def test_the_metric_is_drawn_over_versions_with_its_intervals(tmp_path: Path) -> None:
    for day, (auc, version) in enumerate(((0.90, 1), (0.91, None), (0.92, 3)), 1):
        write_past(tmp_path, f"r{day}", day, auc, version, data_digest="old" if day == 1 else "new")
    page = Page(build_index(tmp_path))
    assert page.source.count('<svg class="chart"') == 1
    assert "From 0.9000 to 0.9200 in 3 runs" in page.words
    assert page.row("r1")[1:] == ["1", "PASSED", "0.9000", "0.8900 – 0.9100", "others"]
    assert page.row("r2")[1:] == ["–", "REFUSED", "0.9100", "0.9000 – 0.9200", "the same"]
    assert "A dotted line stands where the data changed" in page.words


def test_one_run_and_another_pipeline_make_no_trend(tmp_path: Path) -> None:
    write_past(tmp_path, "r1", 1, 0.9, 1, name="other")
    write_past(tmp_path, "r2", 2, 0.9, 1)
    assert '<svg class="chart"' not in build_index(tmp_path).read_text()
