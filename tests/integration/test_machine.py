"""What the machine can do to a run: each ends with one clear message and leaves the last good model as it was."""

import hashlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

import pytest

from tests.integration.conftest import PROJECT, run


def digest_of(folder):
    """Of every file of the released models and the metadata."""
    files = sorted(p for p in folder.rglob("*") if p.is_file() and ("serving" in p.parts or p.name == "metadata.db"))
    return hashlib.sha256(b"".join(str(p).encode() + p.read_bytes() for p in files)).hexdigest()


@pytest.fixture
def good(penguins, tmp_path):
    """A copy of an output folder with a released model."""
    target = tmp_path / "output"
    shutil.copytree(penguins.output, target, symlinks=True)
    return target


AGAIN = ("configs/penguins.yaml",)


def assert_one_clear_error(ended, *words):
    assert ended.code == 1, ended.out + ended.err
    assert "Traceback" not in ended.err + ended.out
    assert ended.err.count("  do:") >= 1
    for word in words:
        assert word in ended.err, f"{word!r} is not in: {ended.err}"


def test_a_locked_metadata_database(good):
    before = digest_of(good)
    with sqlite3.connect(good / "metadata.db") as database:
        database.execute("BEGIN EXCLUSIVE")
        ended = run(*AGAIN, good, "--again")
        database.rollback()
    assert_one_clear_error(ended, "metadata.db", "locked")
    assert digest_of(good) == before


def test_a_metadata_database_of_another_version(good):
    with sqlite3.connect(good / "metadata.db") as database:
        database.execute("UPDATE MLMDEnv SET schema_version = 99")
    database.close()
    before = digest_of(good)
    ended = run(*AGAIN, good, "--again")
    assert_one_clear_error(ended, "metadata.db", "version")
    assert digest_of(good) == before


def test_a_metadata_database_that_is_no_database(good):
    (good / "metadata.db").write_text("this is not a database, " * 100)
    before = digest_of(good)
    ended = run(*AGAIN, good, "--again")
    assert_one_clear_error(ended, "metadata.db")
    assert digest_of(good) == before


def test_an_output_folder_without_permission(tmp_path):
    if os.geteuid() == 0:
        # Root may write anywhere, so a place where nobody can make folders stands in for a missing permission.
        ended = run(*AGAIN, "/proc/sluicegate")
    else:
        (tmp_path / "closed").mkdir(mode=0o500)
        ended = run(*AGAIN, tmp_path / "closed" / "output")
    assert_one_clear_error(ended, "cannot be written", "--output")


@pytest.fixture
def small_disk(tmp_path):
    """A file system of one megabyte."""
    place = tmp_path / "small"
    place.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip("mounting a small file system needs root")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_disk_without_space(small_disk):
    ended = run(*AGAIN, small_disk / "output")
    assert ended.code == 1, ended.out + ended.err
    assert "Traceback" not in ended.out + ended.err
    assert "space" in (ended.out + ended.err).lower()


def test_ctrl_c_in_the_middle_of_a_step(good):
    before = {p: p.read_bytes() for p in (good / "serving").rglob("*") if p.is_file()}
    command = [
        sys.executable,
        "local_runner.py",
        "--config",
        "configs/penguins.yaml",
        "--output",
        str(good),
        "--json",
        "--again",
    ]
    child = subprocess.Popen(
        [*command, "--set", "training.seed=5"], cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    for line in child.stdout:
        if '"step_started"' in line and '"Trainer"' in line:
            break
    time.sleep(0.5)
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=60)
    assert child.returncode == 1
    assert "Traceback" not in said
    assert "nterrupted" in said
    assert {p: p.read_bytes() for p in (good / "serving").rglob("*") if p.is_file()} == before
    with sqlite3.connect(good / "metadata.db") as database:
        running = database.execute("SELECT count(*) FROM Execution WHERE last_known_state = 2").fetchone()
    database.close()
    assert running == (0,)
    ended = run(*AGAIN, good, "--quiet", "--set", "training.seed=5")
    assert ended.code == 0, ended.out + ended.err


def test_a_second_run_in_the_same_folder(good):
    from pipeline.local.lock import only_run_in

    with only_run_in(good):
        ended = run(*AGAIN, good, "--again")
    assert_one_clear_error(ended, "Another run", str(os.getpid()))
