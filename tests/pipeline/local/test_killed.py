"""What a killed run leaves, closed: only when nobody is at work, only its own, and so that doing it twice is doing it once."""

import io
import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from ml_metadata.proto import metadata_store_pb2 as mlmd

from pipeline.local import killed, run, temporary
from pipeline.local.console import Json
from pipeline.run import executions
from pipeline.run.folders import make
from pipeline.settings.metadata import Metadata
from schemas import records, unfinished
from schemas.output_folder import OutputFolder
from schemas.records import ArtifactRecord, RunResult, State, StepRecord
from sluicegate.reports import story
from tests.sluicegate.lineage.lineage_world import NAME, Database

RUN, OTHER = "20261121-070000", "20261121-080000"


def told(step="Trainer", run_id=RUN, **more):
    steps = (
        StepRecord("ExampleGen", State.DONE, execution_id=1),
        StepRecord(step, State.FAILED, error=unfinished.KILLED),
    )
    return RunResult(run_id, NAME, "ERROR", 1, "2026-11-21T07:00:00+00:00", 12.0, steps, **more)


@pytest.fixture
def folder(tmp_path):
    folder = OutputFolder(tmp_path, NAME)
    make(folder)
    return folder


@pytest.fixture
def base(folder):
    return Database(folder.metadata_db)


def state_of(base, execution):
    [found] = base.store.get_executions_by_id([execution])
    return mlmd.Execution.State.Name(found.last_known_state), found.custom_properties[
        "__execution_result__"
    ].string_value


def killed_run(folder, base, step="Trainer", run_id=RUN):
    folder.run(run_id).mkdir()
    unfinished.write(told(step, run_id), folder.run(run_id))
    base.execution(run_id, "ExampleGen", [], [])
    return base.execution(run_id, step, [], [], "RUNNING")


def test_the_execution_is_failed_and_the_run_named_by_its_step(folder, base):
    execution = killed_run(folder, base)
    [found] = killed.close(folder, Metadata())
    assert str(found) == f"run {RUN} was killed in Trainer; closed in ML Metadata: execution {execution}"
    state, why = state_of(base, execution)
    assert state == "FAILED"
    assert "was killed" in json.loads(why)["resultMessage"]
    result = records.read_result(folder.run(RUN))
    assert story.headline(result).sentence.startswith("Trainer failed: the run's process ended in this step")
    assert "Trainer failed" in (folder.runs / "index.html").read_text()
    assert not killed.is_any_in(folder)
    assert killed.close(folder, Metadata(), thorough=True) == []


def test_tfx_reads_why_as_it_reads_its_own(folder, base):
    from google.protobuf import json_format
    from tfx.proto.orchestration import execution_result_pb2

    execution = killed_run(folder, base)
    killed.close(folder, Metadata())
    parsed = json_format.Parse(state_of(base, execution)[1], execution_result_pb2.ExecutionResult())
    assert (parsed.result_message, parsed.code) == (unfinished.KILLED, 2)


def test_what_ended_and_what_others_run_is_left_alone(folder, base):
    killed_run(folder, base)
    done = base.execution(OTHER, "Trainer", [], [])
    stranger = Database(folder.metadata_db, pipeline="another").execution(RUN, "Trainer", [], [], "RUNNING")
    [closed] = executions.close(base.connection, NAME, {RUN}, executions.FAILED, "why")
    assert closed.step == "Trainer"
    assert [state_of(base, one)[0] for one in (done, stranger)] == ["COMPLETE", "RUNNING"]


def test_a_run_of_an_older_version_is_pieced_together(folder, base):
    folder.run(RUN).mkdir()
    base.execution(RUN, "Evaluator", [], [], "RUNNING")
    assert "No result.json: the run is under way, or was killed." in unfinished.sentence(
        folder.run(RUN), is_at_work=False
    )
    [found] = killed.close(folder, Metadata())
    assert found.place == "in Evaluator"
    result = records.read_result(folder.run(RUN))
    assert (result.steps[0].step, result.steps[0].state, result.started_at) == (
        "Evaluator",
        State.FAILED,
        "2026-11-21T07:00:00+00:00",
    )


def test_executions_of_runs_whose_folders_are_gone_are_for_the_doctor(folder, base):
    execution = base.execution(OTHER, "Transform", [], [], "RUNNING")
    assert killed.close(folder, Metadata()) == []
    [found] = killed.close(folder, Metadata(), thorough=True)
    assert (found.run_id, found.place, found.executions) == (OTHER, "in Transform", (execution,))


def test_a_run_killed_after_it_had_its_result_keeps_its_verdict(folder, base):
    folder.run(RUN).mkdir()
    unfinished.write(told(), folder.run(RUN))
    passed = replace(told(), verdict="PASSED", exit_code=0, steps=())
    (folder.run(RUN) / records.RESULT_NAME).write_text(records.to_json(passed))
    [found] = killed.close(folder, Metadata())
    result = records.read_result(folder.run(RUN))
    assert (found.place, result.verdict) == ("before its report was drawn", "PASSED")
    assert "metrics and charts may be missing" in result.notes[-1]


def test_a_frontier_that_was_killed(folder, base):
    """It has no folder below runs/; what it left is known by the id that it wrote down."""
    execution = base.execution("frontier-20261121-070000", "Transform", [], [], "RUNNING")
    half = folder.artifacts / "Transform" / "transform_graph" / str(execution)
    half.mkdir(parents=True)
    folder.frontier.mkdir()
    (folder.frontier / killed.FRONTIER_RUN).write_text("frontier-20261121-070000")
    assert killed.is_any_in(folder)
    [found] = killed.close(folder, Metadata())
    assert (found.run_id, found.place) == ("frontier-20261121-070000", "in Transform")
    assert state_of(base, execution)[0] == "FAILED"
    assert not half.exists()
    assert not killed.is_any_in(folder)


def test_folders_that_are_no_runs_are_left_alone(folder):
    (folder.runs / "notes of mine").mkdir()
    assert not killed.is_any_in(folder)
    assert killed.close(folder, Metadata()) == []
    assert list((folder.runs / "notes of mine").iterdir()) == []


def test_half_made_files_and_outputs_go_and_what_is_whole_stays(folder, base):
    execution = killed_run(folder, base)
    temporary_folder = Path(temporary.tempfile.mkdtemp(prefix=f"sluicegate-{RUN}-"))
    (folder.run(RUN) / temporary.LINK).symlink_to(temporary_folder)
    gone = [
        folder.artifacts / "Trainer" / "model" / str(execution) / "half.pb",
        folder.artifacts / "Trainer" / ".system" / "executor_execution" / str(execution) / "x",
        folder.artifacts / "Trainer" / ".system" / "stateful_working_dir" / "uuid" / "x",
        folder.serving / ".incoming-7-1" / "half.pb",
        folder.run(RUN) / ".unfinished.json.12-0123abcd",
        folder.runs / ".latest.12",
        folder.root / ".writable.12",
        temporary_folder / "beam-temp" / "x",
    ]
    stay = [
        folder.artifacts / "Trainer" / "model" / str(execution - 1) / "whole.pb",
        folder.serving / "7" / "saved_model.pb",
        folder.serving / "release.json",
        folder.serving / ".release.lock",
        # A server's, which writes here without our lock, at this moment.
        folder.serving / ".release.json.12-0123abcd",
        folder.run(RUN) / "log.txt",
    ]
    old = folder.serving / ".release.json.13"
    for path in (*gone, *stay, old):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    os.utime(old, (1, 1))
    killed.close(folder, Metadata())
    assert [path for path in (*gone, old) if path.exists()] == []
    assert [path for path in stay if not path.exists()] == []
    assert not temporary_folder.exists()


def test_a_link_that_leads_elsewhere_takes_nothing_with_it(tmp_path, folder, base):
    killed_run(folder, base)
    mine = tmp_path / "mine"
    mine.mkdir()
    (folder.run(RUN) / temporary.LINK).symlink_to(mine)
    killed.close(folder, Metadata())
    assert mine.is_dir()


def test_a_run_s_temporary_files_lie_in_one_folder_that_goes_with_it(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(temporary.tempfile, "tempdir", None)
    home = tmp_path / RUN
    home.mkdir()
    with temporary.of_run(home) as folder:
        made = Path(temporary.tempfile.mkdtemp())
        child = subprocess.run(
            [sys.executable, "-c", "import tempfile; print(tempfile.gettempdir())"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert made.parent == folder == Path(child.stdout.strip())
    assert os.environ["TMPDIR"] == str(tmp_path)
    assert list(tmp_path.iterdir()) == [home]
    assert list(home.iterdir()) == []


class TestTelling:
    """The run's own word, before each step."""

    @pytest.fixture
    def job(self, folder):
        folder.run(RUN).mkdir()
        settings = SimpleNamespace(name=NAME, model_dump=lambda **_: {})
        loaded = SimpleNamespace(settings=settings, digest="s", environment=SimpleNamespace(serving_folder=None))
        profile = SimpleNamespace(digest="d", notes=("a note",))
        return run.Job(loaded, folder, profile, RUN, "f", datetime(2026, 11, 21, 7, tzinfo=UTC))

    def test_each_step_is_told_before_it_begins(self, job, monkeypatch):
        heard = []

        def launched(job, graph, node):
            heard.append(unfinished.place_of(unfinished.read(job.home)))
            return StepRecord(node.node_info.id, State.DONE, 1.0)

        monkeypatch.setattr(run, "_launch", launched)
        nodes = [SimpleNamespace(node_info=SimpleNamespace(id=name)) for name in ("ExampleGen", "Trainer", "Pusher")]
        monkeypatch.setattr(run, "build_graph", lambda job, connection: SimpleNamespace(nodes=nodes))
        run._steps(job, None, Json(io.StringIO()), [])
        assert heard == ["in ExampleGen", "in Trainer", "in Pusher"]
        last = unfinished.read(job.home)
        assert [step.state for step in last.steps] == [State.DONE, State.DONE, State.FAILED]
        assert (last.verdict, last.exit_code, last.notes) == ("ERROR", 1, ("a note",))

    def test_before_the_first_step(self, job):
        assert unfinished.place_of(run._should_it_die(job, [], (), ())) == "before its first step"

    @pytest.mark.parametrize(
        ("error", "said"),
        [
            (KeyboardInterrupt(), "The run was interrupted."),
            (ValueError("odd\nmore"), "The run ended with an error: odd"),
        ],
    )
    def test_a_run_that_breaks_is_no_killed_run(self, job, error, said):
        unfinished.write(run._should_it_die(job, [], (), ()), job.home)
        run._leave_broken(job, [], 1.0, error)
        assert records.read_result(job.home).notes[-1] == said
        assert not unfinished.is_open(job.home)


def test_what_was_released_before_a_run_broke_is_not_denied():
    pushed = ArtifactRecord("pushed_model", "PushedModel", 1, "/p", {"pushed": 1})
    steps = (
        StepRecord("Pusher", State.DONE, outputs=(pushed,)), StepRecord("DirectRelease", State.DONE),
        StepRecord("BulkInferrer", State.FAILED, error=unfinished.KILLED),
    )  # fmt: skip
    broken = replace(told(), steps=steps, pushed_version=7)
    assert story.headline(broken).consequence.startswith("Version 7 was released. The run broke after that.")
    within = replace(broken, steps=(steps[0], replace(steps[1], state=State.FAILED)))
    assert "Whether version 7 was released stands in release.json" in story.headline(within).consequence
    assert story.headline(told()).consequence.startswith("Nothing was released.")


def test_a_server_of_a_killed_parent_ends(tmp_path):
    """The serving check's, whose run is killed: it must not listen, and hold its memory, for ever."""
    program = (
        "import os, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import os, sys; from sluicegate.serving import parent;'"
        " 'parent.end_with(int(os.environ[parent.VARIABLE])); import time; time.sleep(60)'],"
        " env={**os.environ, 'SLUICEGATE_SERVER_OF': str(os.getpid())})\n"
        "print(child.pid, flush=True)\ntime.sleep(60)\n"
    )
    holder = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    server = int(holder.stdout.readline())
    time.sleep(1.5)
    assert Path(f"/proc/{server}").exists()
    holder.kill()
    holder.communicate()
    until = time.monotonic() + 10
    while alive(server) and time.monotonic() < until:
        time.sleep(0.1)
    assert not alive(server)


def alive(pid):
    import psutil

    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_the_serving_check_starts_its_server_so(monkeypatch, tmp_path):
    from components.infra_validator import runners
    from sluicegate.serving import parent

    assert runners.PARENT == parent.VARIABLE
