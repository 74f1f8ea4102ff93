"""Paths are written from the output folder on, and read where it lies now."""

import json
import shutil
from pathlib import Path

import pytest

from schemas import records, unfinished
from schemas.records import ArtifactRecord, RunResult, State, StepRecord


def result(root):
    """As a run in `root` knows it, with a path that is not in the folder."""
    model = ArtifactRecord("model", "Model", 9, f"{root}/artifacts/Trainer/model/9")
    pushed = ArtifactRecord("pushed_model", "PushedModel", 18, f"{root}/artifacts/Pusher/pushed_model/18",
                            {"pushed_destination": f"{root}/serving/census/3", "reason": "a word"})  # fmt: skip
    steps = (
        StepRecord("Trainer", State.DONE, outputs=(model,)),
        StepRecord("Pusher", State.DONE, 1.0, "", 18, (model,), (pushed,)),
    )
    return RunResult("r1", "census", "PASSED", 0, "", 1.0, steps, pushed_path=f"{root}/serving/census/3")


@pytest.fixture
def run_folder(tmp_path):
    folder = tmp_path / "before" / "runs" / "r1"
    records.write_result(result(tmp_path / "before"), folder)
    return folder


def moved(run_folder):
    output = run_folder.parents[1]
    after = output.with_name("after")
    shutil.move(output, after)
    return after / "runs" / run_folder.name


def test_the_file_names_no_place(run_folder):
    text = (run_folder / "result.json").read_text()
    assert str(run_folder.parents[1]) not in text
    assert json.loads(text)["pushed_path"] == "serving/census/3"


def test_it_is_read_where_it_lies(run_folder, tmp_path):
    assert records.read_result(run_folder) == result(tmp_path / "before")
    assert records.read_result(moved(run_folder)) == result(tmp_path / "after")


def test_an_older_record_with_whole_paths_is_read_so_too(run_folder, tmp_path):
    (run_folder / "result.json").write_text(records.to_json(result(tmp_path / "before")))
    assert records.read_result(run_folder) == result(tmp_path / "before")
    assert records.read_result(moved(run_folder)) == result(tmp_path / "after")


def test_a_run_under_way_tells_of_itself_so_too(run_folder, tmp_path):
    unfinished.write(result(tmp_path / "before"), run_folder)
    assert unfinished.read(moved(run_folder)) == result(tmp_path / "after")


def test_what_lies_elsewhere_stays(tmp_path):
    elsewhere = RunResult("r1", "census", "PASSED", 0, "", 1.0, pushed_path="s3://models/census/3")
    folder = tmp_path / "runs" / "r1"
    records.write_result(elsewhere, folder)
    assert records.read_result(folder).pushed_path == "s3://models/census/3"


def test_a_run_folder_outside_an_output_folder_keeps_what_it_says(run_folder, tmp_path):
    alone = Path(shutil.copytree(run_folder, tmp_path / "mail" / "r1"))
    assert records.read_result(alone).pushed_path == "serving/census/3"
