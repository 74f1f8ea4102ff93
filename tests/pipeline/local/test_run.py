"""What the release is, is part of "unchanged": a baseline that moved may change the verdict."""

import gc
import io
import json
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest

from pipeline.local import run
from pipeline.local.console import Json
from pipeline.local.request import Request
from pipeline.run.folders import make, point_latest_at
from pipeline.settings.file import load
from schemas import progress, records
from schemas import release as releases
from schemas.errors import SettingsError
from schemas.output_folder import OutputFolder
from schemas.progress import Progress
from schemas.records import ArtifactRecord, RunResult, State, StepRecord
from schemas.release import Change, Release
from sluicegate.delivery.kept import keep, keep_record

BEFORE = Release(stable=7, history=(Change("t", "release", "direct", 7, None, "r", "d"),))


@pytest.fixture
def folder(tmp_path):
    """A run that DataGate refused while version 7 was stable."""
    folder = OutputFolder(tmp_path, "t")
    make(folder)
    releases.write(BEFORE, folder.serving)
    seen = ArtifactRecord("statistics", "ExampleStatistics", 1, "/p", {"version": 7, "empty": 0})
    steps = (StepRecord("ReleasedStatistics", State.DONE, outputs=(seen,)), StepRecord("DirectRelease", State.SKIPPED))
    result = RunResult("r2", "t", "REFUSED", 2, "2026-11-21T07:00:00+00:00", 1.0, steps, fingerprint="same")
    folder.run("r2").mkdir()
    (folder.run("r2") / records.RESULT_NAME).write_text(records.to_json(result))
    point_latest_at(folder, "r2")
    return folder


def test_what_a_step_tells_while_it_runs_reaches_the_console_under_its_name(monkeypatch):
    told = Progress(1, 3, 0.5, 0.6, 1, 2.0, 4.0)

    def launched(job, graph, node):
        progress.tell(told)
        return StepRecord(node.node_info.id, State.DONE)

    monkeypatch.setattr(run, "_launch", launched)
    nodes = [SimpleNamespace(node_info=SimpleNamespace(id=name)) for name in ("Trainer", "Score")]
    stream = io.StringIO()
    run.launch_steps(None, SimpleNamespace(nodes=nodes), Json(stream), [])
    events = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(e["event"], e.get("step")) for e in events if e["event"] == "step_progress"] == [
        ("step_progress", "Trainer"),
        ("step_progress", "Score"),
    ]


def test_the_same_release_is_no_change(folder):
    assert run._unchanged(folder, str(folder.serving), "same").run_id == "r2"
    assert run._unchanged(folder, str(folder.serving), "other") is None


def test_another_release_since_then_is_a_change(folder):
    releases.write(replace(BEFORE, stable=8), folder.serving)
    assert run._unchanged(folder, str(folder.serving), "same") is None


def test_a_release_record_that_cannot_be_read_is_a_change_and_left_to_the_step_that_reads_it(folder):
    (folder.serving / releases.FILE_NAME).write_text("{")
    assert run._unchanged(folder, str(folder.serving), "same") is None
    assert run._release_digest(folder.serving) == "unreadable"


def test_the_baselines_cache_key_changes_with_the_release_and_what_is_kept_of_it(folder):
    bare = run._release_digest(folder.serving)
    assert run._release_digest(folder.serving) == bare
    keep(folder.serving, releases.statistics_name(7), b"counts")
    kept = folder.serving / releases.statistics_name(7)
    first = run._release_digest(folder.serving)
    kept.write_bytes(b"other counts")
    seen = [bare, first, run._release_digest(folder.serving)]
    keep(folder.serving, releases.distributions_name(7), b"ours")
    seen.append(run._release_digest(folder.serving))
    keep_record(folder.serving, 7, {"split": {"key": ["customer"]}})
    seen.append(run._release_digest(folder.serving))
    releases.write(replace(BEFORE, stable=8), folder.serving)
    assert len({*seen, run._release_digest(folder.serving)}) == 6


def test_what_people_let_pass_is_said_ever_after_and_marked_while_that_version_answers(folder):
    first = Change("t", "release", "direct", 8, 7, "r", "e", ("fairness said FAILED; Ada lets it pass: a pilot",))
    state = releases.released(BEFORE, first)
    releases.write(state, folder.serving)
    [told] = run._overrides(folder.serving)
    assert told.startswith("Version 8, which answers requests, was released by an override: ")
    assert "Ada lets it pass" in told
    held = Change("t", "override", "hold", 9, 8, "r2", "f", ("quality_gate said FAILED; Bo lets it pass: a trial",))
    after = Change("t", "release", "direct", 10, 8, "r3", "g")
    later = releases.released(replace(state, history=(*state.history, held)), after)
    releases.write(later, folder.serving)
    assert [one.split(":")[0] for one in run._overrides(folder.serving)] == [
        "Version 8 was released by an override", "Version 9 was released by an override"
    ]  # fmt: skip


def test_settings_that_the_table_contradicts_stop_a_run_before_it_makes_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"{'f' if n % 2 else 'm'},{n},{'yes' if n % 3 else 'no'}\n" for n in range(600))
    (tmp_path / "t.csv").write_text(f"sex,age,y\n{rows}")
    (tmp_path / "t.yaml").write_text("name: t\ndata: t.csv\nlabel: y\nfairness: {sensitive: [sex], positive: no}\n")
    with pytest.raises(SettingsError, match="the positive class is 'yes'"):
        run.run(load("t.yaml"), Request("t.yaml", console="quiet"))
    assert not (tmp_path / "output").exists()


def test_a_split_that_is_biased_is_warned_of_before_anything_takes_time(capsys):
    run._warn(("Rows were split.", "WARNING: add below split: `columns: [a]`."))
    assert capsys.readouterr() == ("", "WARNING: add below split: `columns: [a]`.\n")


@pytest.mark.parametrize("was_on", [True, False])
def test_the_garbage_collector_is_as_it_was_after_an_import_that_fails(monkeypatch, was_on):
    monkeypatch.setitem(sys.modules, "tfx.dsl.compiler", None)
    (gc.enable if was_on else gc.disable)()
    try:
        with pytest.raises(ImportError):
            run.build_graph(None, None)
        assert gc.isenabled() is was_on
    finally:
        gc.enable()
