"""Runs that are killed (kill -9) and what the doctor, the next run and the readers make of it."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing

import psutil
import pytest

from schemas import release, unfinished
from schemas.records import read_result
from tests.integration.conftest import PROJECT, run, verb

CONFIG = "configs/penguins.yaml"
SHORT = ("--set", "training.epochs=2")
#: MLMD's numbers of executions: NEW, RUNNING; COMPLETE, CACHED.
OPEN, DONE = (1, 2), (3, 5)
KILLS = int(os.environ.get("SLUICEGATE_KILLS", "20"))


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """The machine's folder of temporary files, for the run and for nobody else."""
    folder = tmp_path / "machine-tmp"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


def start(output, *more):
    return subprocess.Popen(
        [sys.executable, "local_runner.py", "--config", CONFIG, "--output", str(output), "--json", *SHORT, *more],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def killed_in(step, seconds, output, *more):
    """Starts a run, waits for a step and some seconds more, and kills it."""
    child = start(output, *more)
    for line in child.stdout:
        event = json.loads(line)
        if (event["event"], event.get("step")) == ("step_started", step):
            time.sleep(seconds)
            break
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()
    assert child.returncode == -signal.SIGKILL, "it ended before it could be killed"


def states(output):
    with closing(sqlite3.connect(output / "metadata.db")) as database:
        return dict(database.execute("SELECT id, last_known_state FROM Execution").fetchall())


def processes_of(*places):
    """Command lines of living processes, but this one's, that name one of these places."""
    found = []
    for process in psutil.process_iter(["cmdline", "pid"]):
        words = " ".join(process.info["cmdline"] or ())
        if process.info["pid"] != os.getpid() and any(str(place) in words for place in places):
            found.append(words)
    return found


def assert_nothing_is_left(output, temporary):
    """In ML Metadata, in the folders, in /tmp and among the processes."""
    known = states(output) if (output / "metadata.db").exists() else {}
    assert not [one for one, state in known.items() if state in OPEN]
    for home in (output / "runs").iterdir():
        if home.is_dir() and not home.is_symlink():
            assert read_result(home).run_id == home.name
            assert not (home / unfinished.FILE_NAME).exists()
            assert not (home / "tmp").is_symlink()
    made = {path for path in output.glob("artifacts/*/*/*") if path.name.isdigit() and path.parent.name != "records"}
    assert [str(path) for path in made if known.get(int(path.name)) not in DONE] == []
    assert [str(path) for path in temporary.iterdir() if not path.name.startswith("pytest")] == []
    serving = output / "serving" / "penguins"
    versions = [path.name for path in serving.iterdir() if path.is_dir()] if serving.exists() else []
    assert all(name.isdigit() or not name.startswith(".") for name in versions)
    if serving.exists():
        stable = release.read(serving).stable
        assert stable is None or (serving / str(stable) / "saved_model.pb").is_file()
        assert not list(serving.glob(".incoming*"))
    until = time.monotonic() + 20
    while processes_of(output, temporary) and time.monotonic() < until:
        time.sleep(0.2)
    assert processes_of(output, temporary) == []


def test_a_run_killed_while_its_server_answers(learned, temporary):
    output = learned("killed")
    killed_in("InfraValidator", 1.5, output)
    assert [path for path in temporary.iterdir() if path.name.startswith("sluicegate-")]
    told = verb("runs", "--output", output).stdout
    assert "The run was killed in InfraValidator." in " ".join(told.split())
    found = json.loads(verb("doctor", "--config", CONFIG, "--output", output, "--quick", "--json").stdout)
    [mended] = [one for one in found if one["name"] == "killed runs"]
    assert "was killed in InfraValidator; closed in ML Metadata: execution" in mended["found"]
    assert_nothing_is_left(output, temporary)
    [row] = json.loads(verb("runs", "--output", output, "--json").stdout)
    assert (row["verdict"], row["why"].split(":")[0]) == ("ERROR", "InfraValidator")
    assert "InfraValidator failed" in (output / "runs" / "index.html").read_text()
    before = {one for one, state in states(output).items() if state in DONE}
    ended = run(CONFIG, output, "--quiet", *SHORT)
    assert ended.code in (0, 2), ended.out + ended.err
    assert {s["step"] for s in ended.result["steps"] if s["state"] == "CACHED"} >= {
        "ExampleGen",
        "Transform",
        "Trainer",
    }
    assert {s["step"]: s["state"] for s in ended.result["steps"]}["InfraValidator"] == "DONE"
    assert before
    assert_nothing_is_left(output, temporary)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(KILLS))
def test_a_run_killed_at_any_moment(seed, tmp_path_factory, monkeypatch):
    """One output folder for all: each run meets what the one before it left; the doctor is asked after every other one."""
    home = tmp_path_factory.getbasetemp() / "killed-at-any-moment"
    output, temporary = home / "out", home / "machine-tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    monkeypatch.setenv("TMPDIR", str(temporary))
    chance = random.Random(seed)
    child = start(output, "--again", "--set", f"training.seed={seed // 5}")
    named = ""
    for step in iter(child.stdout.readline, ""):
        event = json.loads(step)
        if event["event"] == "step_started":
            named = event["step"]
            # Two dozen steps: one in twenty-four each, the long ones at any second of theirs.
            if chance.random() < 1 / 12:
                time.sleep(chance.random() * 6)
                break
        if event["event"] == "run_started" and chance.random() < 1 / 12:
            time.sleep(chance.random() * 12)
            break
    child.kill()
    child.communicate()
    print(f"killed in or after {named or 'nothing'}, {child.returncode}")
    if seed % 2:
        doctor = verb("doctor", "--config", CONFIG, "--output", output, "--quick")
        assert doctor.returncode == 0, doctor.stdout + doctor.stderr
        assert_nothing_is_left(output, temporary)
    if seed == KILLS - 1:
        ended = run(CONFIG, output, "--quiet", "--again", *SHORT)
        assert ended.code in (0, 2), ended.out + ended.err
        assert_nothing_is_left(output, temporary)
