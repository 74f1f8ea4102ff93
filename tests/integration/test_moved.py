"""An output folder that was moved: everything that reads it works from where it is, and the cache answers the next run."""

import contextlib
import json
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

import sluicegate
from tests.integration.conftest import PROJECT, UNSERVED, run, verb, verb_anew

CONFIG = "configs/penguins.yaml"
#: Do not look at what is released, so that a second run has nothing new for them.
CACHED = {"ExampleGen", "StatisticsGen", "SchemaGen", "ExampleValidator", "Transform", "Trainer", "InfraValidator"}


@pytest.fixture(scope="module")
def moved(penguins, tmp_path_factory):
    """A copy of the folder, while the place that its paths were written for is gone."""
    here = tmp_path_factory.mktemp("moved") / "elsewhere"
    shutil.copytree(penguins.output, here, symlinks=True)
    hidden = penguins.output.with_name("hidden")
    penguins.output.rename(hidden)
    yield here
    hidden.rename(penguins.output)


@pytest.fixture(scope="module")
def before(moved, penguins):
    """What is read in the new place before anything runs there, as texts."""
    lineage, listed = verb("lineage", "--output", moved), verb("runs", "--output", moved)
    unchanged = run(CONFIG, moved, *UNSERVED[2:])
    return lineage, listed, unchanged


@pytest.fixture(scope="module")
def again(moved, before):
    return run(CONFIG, moved, "--quiet", "--again", *UNSERVED[2:])


def names(penguins, text):
    return str(penguins.output) in text


def test_lineage_and_runs_read_it_before_a_run(before, moved, penguins):
    for ended in before[:2]:
        assert ended.returncode == 0, ended.stderr
        assert not names(penguins, ended.stdout)
    assert f"{moved}/serving/penguins/" in before[0].stdout


def test_a_run_without_a_change_answers_from_the_records(before):
    assert before[2].code == 0, before[2].err
    assert "Unchanged since run" in before[2].out


def test_a_run_again_answers_from_the_cache_with_what_is_here(again, moved, penguins):
    assert again.code == 0, again.out + again.err
    assert "This output folder was elsewhere before" in again.err
    states = {step["step"]: step["state"] for step in again.result["steps"]}
    assert {step: states[step] for step in CACHED} == dict.fromkeys(CACHED, "CACHED")
    assert not names(penguins, json.dumps(again.result["steps"]))
    assert Path(again.result["pushed_path"]).is_relative_to(moved)


def test_what_it_leaves_names_no_place(again, moved):
    for file in moved.glob("runs/*/result.json"):
        assert str(moved) not in file.read_text()
    assert str(moved) not in (moved / "runs/latest/reports/graph.html").read_text()


def test_every_verb_works_from_there(again, moved, penguins, tmp_path):
    table = PROJECT / "data/penguins/penguins.csv"
    model, scored = moved / "serving/penguins", tmp_path / "s.csv"
    for words in (
        ("lineage", "--output", moved),
        ("runs", "--output", moved),
        ("report", "--output", moved),
        ("report", "diff", "previous", "latest", "--output", moved),
        ("schema", "show", "--output", moved),
        ("predict", "--config", CONFIG, "--model", model, "--input", table, "--output", scored),
    ):
        ended = verb_anew(*words)
        assert ended.returncode == 0, (words, ended.stderr)
        assert not names(penguins, ended.stdout), words


def test_python_reads_it_from_there(again, moved):
    runs = sluicegate.runs(moved)
    assert [run.verdict for run in runs] == ["PASSED", "PASSED"]
    for one in runs:
        assert one.table("scored_rows").path.is_relative_to(moved)
        assert len(one.table("scored_rows")) > 0
    assert runs.latest().lineage().folder.startswith(f"{moved}/")


@pytest.fixture
def port():
    with contextlib.closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def test_the_server_serves_it_from_there(again, moved, port):
    command = [sys.executable, "-m", "sluicegate_cli", "serve", "--config", CONFIG, "--output", str(moved)]
    server = subprocess.Popen(
        [*command, f"--rest_api_port={port}", "--port=0"],
        cwd=PROJECT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        assert (
            answer(f"http://127.0.0.1:{port}/v1/models/penguins", server)["model_version_status"][0]["state"]
            == "AVAILABLE"
        )
    finally:
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=60)


def answer(address, server):
    for _ in range(600):
        assert server.poll() is None, server.stderr.read()
        with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=10) as response:
            found = json.load(response)
            if found["model_version_status"][0]["state"] == "AVAILABLE":
                return found
        time.sleep(0.1)
    raise AssertionError("no answer")
