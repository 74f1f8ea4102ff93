"""Files on a real disk: rotation, disks that are full, processes that are killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from sluicegate.serving.request_log import names, reading
from sluicegate.serving.request_log.chosen_format import format_of
from sluicegate.serving.request_log.files import PATIENCE, Clock, Files
from sluicegate.serving.request_log.log import RequestLog
from sluicegate.serving.request_log.settings import RequestLogSettings
from tests.sluicegate.serving.request_log.exchanges import Hands, exchange, offer

BOTH = pytest.mark.parametrize("form", ["parquet", "tfrecord"])


class World:
    """Files with clocks set by hand, and the trouble they met."""

    def __init__(self, folder, **settings):
        self.wall, self.steady, self.trouble = Hands(1.7e9), Hands(), []
        self.settings = RequestLogSettings(folder, **settings)
        clock = Clock(self.wall, self.steady)
        self.files = Files(self.settings, format_of(self.settings), clock, self.trouble.append)

    def shown(self):
        return sorted(p.name for p in self.settings.folder.rglob("*") if p.is_file() and not p.name.startswith("."))

    def hidden(self):
        return sorted(p.name for p in self.settings.folder.rglob(".*") if p.is_file())


def records(path):
    """Request ids of a complete file of either format."""
    if path.suffix == ".parquet":
        return reading.requests(pq.read_table(path, partitioning=None))["request_id"].to_pylist()
    from tests.sluicegate.serving.request_log.test_tfrecord import logs_of, origin

    return [origin(record)["request_id"] for record in logs_of(path)]


@BOTH
def test_a_file_is_hidden_until_it_is_old_enough(tmp_path, form):
    world = World(tmp_path, format=form, rotate_seconds=60)
    world.files.write([exchange("r1")])
    world.steady.now = 59.9
    world.files.tick()
    name = f"census-20231114T221320Z-000001-{os.getpid()}.{form}"
    assert (world.shown(), world.hidden()) == ([], [f".{name}.inprogress"])
    assert reading.files(tmp_path, "census") == []
    world.steady.now = 60
    world.files.tick()
    assert (world.shown(), world.hidden()) == ([name], [])
    assert records(tmp_path / "census" / name) == ["r1"]


@BOTH
def test_a_file_is_complete_when_it_is_large_enough(tmp_path, form):
    world = World(tmp_path, format=form, rotate_bytes=1)
    for n in range(3):
        world.files.write([exchange(str(n))])
    assert [records(tmp_path / "census" / name) for name in world.shown()] == [["0"], ["1"], ["2"]]


@BOTH
def test_only_the_newest_files_are_kept(tmp_path, form):
    world = World(tmp_path, format=form, rotate_bytes=1, max_files=2)
    (tmp_path / "census").mkdir()
    (tmp_path / "census" / f"mine.{form}").touch()
    for n in range(5):
        world.wall.now += n % 2
        world.files.write([exchange(str(n))])
    names_ = [n for n in world.shown() if n.startswith("census-")]
    assert [records(tmp_path / "census" / name) for name in names_] == [["3"], ["4"]]
    assert f"mine.{form}" in world.shown()


def test_nothing_to_write_makes_no_file(tmp_path):
    world = World(tmp_path)
    world.files.tick()
    world.files.close()
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_taken_is_left_alone(tmp_path):
    first, second = World(tmp_path), World(tmp_path)
    first.files.write([exchange("first")])
    second.files.write([exchange("second")])
    first.files.close()
    third = World(tmp_path)
    third.files.write([exchange("third")])
    second.files.close()
    third.files.close()
    assert [records(tmp_path / "census" / name) for name in first.shown()] == [["first"], ["second"], ["third"]]


def test_a_file_in_progress_of_another_log_is_not_touched(tmp_path):
    living = World(tmp_path)
    living.files.write([exchange("r1")])
    other = World(tmp_path)
    other.files.recover()
    assert (len(other.shown()), len(other.hidden())) == (0, 1)
    living.files.write([exchange("r2")])
    living.files.close()
    assert records(tmp_path / "census" / living.shown()[0]) == ["r1", "r2"]


@BOTH
def test_a_leftover_is_completed_up_to_its_tear(tmp_path, form):
    world = World(tmp_path, format=form)
    world.files.write([exchange("r1")])
    world.files.write([exchange("r2")])
    whole = next((tmp_path / "census").iterdir())
    left, size = whole.read_bytes(), whole.stat().st_size
    world.files.close()
    for path in (tmp_path / "census").iterdir():
        path.unlink()
    for cut, want in ((0, ["r1", "r2"]), (3, ["r1"]), (size - 5, [])):
        whole.write_bytes(left[: size - cut])
        later = World(tmp_path, format=form)
        later.files.recover()
        assert [r for name in later.shown() for r in records(tmp_path / "census" / name)] == want
        assert later.hidden() == []
        assert later.trouble == []
        for path in (tmp_path / "census").iterdir():
            path.unlink()


def test_a_leftover_that_cannot_be_read_is_set_aside(tmp_path, monkeypatch):
    (tmp_path / "census").mkdir()
    left = tmp_path / "census" / ".census-20231114T221320Z-000001-1.parquet.inprogress"
    left.write_bytes(b"x" * 100)
    world = World(tmp_path)

    def refuse(*_):
        raise ValueError("no sense in it")

    monkeypatch.setattr(world.files._format, "finish", refuse)
    world.files.recover()
    assert world.hidden() == [left.name + names.BROKEN]
    assert len(world.trouble) == 1


def test_a_leftover_of_the_other_format_waits(tmp_path):
    (tmp_path / "census").mkdir()
    left = tmp_path / "census" / ".census-20231114T221320Z-000001-1.tfrecord.inprogress"
    left.touch()
    World(tmp_path).files.recover()
    assert left.exists()


def test_a_file_that_cannot_be_completed_is_tried_again(tmp_path, monkeypatch):
    world = World(tmp_path, rotate_seconds=1)
    world.files.write([exchange("r1")])
    finish = world.files._format.finish

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(world.files._format, "finish", full)
    world.steady.now = 1
    world.files.tick()
    monkeypatch.setattr(world.files._format, "finish", finish)
    world.steady.now = PATIENCE + 0.9
    world.files.tick()
    assert (world.shown(), len(world.trouble)) == ([], 1)
    world.steady.now = PATIENCE + 1
    world.files.tick()
    assert records(tmp_path / "census" / world.shown()[0]) == ["r1"]


# -- processes that die

WRITER = """
import sys, time
from pathlib import Path
from sluicegate.serving.request_log.log import RequestLog
from sluicegate.serving.request_log.settings import RequestLogSettings
from tests.sluicegate.serving.request_log.exchanges import exchange, offer
log = RequestLog(RequestLogSettings(Path(sys.argv[1]), format=sys.argv[2], rotate_bytes=100_000), interval=0.005)
n = 0
while True:
    n += offer(log, exchange(str(n)))
    if n % 50 == 0:
        time.sleep(0.002)
        print(log.written, flush=True)
"""


def started(folder, form):
    """A process that logs and says how many records are written, once it has completed two files; and the last it said."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, folder, form], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout is not None
    deadline = time.monotonic() + 120
    while len(list(folder.rglob(f"*/census-*.{form}"))) < 2 and time.monotonic() < deadline:
        said = int(process.stdout.readline())
    return process, max(said, *(int(process.stdout.readline()) for _ in range(20)))


def all_records(folder, form):
    return [r for path in sorted(folder.rglob(f"*/census-*.{form}")) for r in records(path)]


def hidden(folder):
    return [p.name for p in folder.rglob(".*") if p.is_file()]


@BOTH
def test_a_killed_server_loses_nothing_that_reached_the_writer(tmp_path, form):
    process, said = started(tmp_path, form)
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 60
    while hidden(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not hidden(tmp_path)
    found = all_records(tmp_path, form)
    assert found == [str(n) for n in range(len(found))]
    assert len(found) >= said


@BOTH
def test_a_killed_writer_leaves_whole_files_and_the_next_start_completes_the_last(tmp_path, form):
    process, said = started(tmp_path, form)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert len(list(tmp_path.rglob(".*.inprogress"))) <= 1  # none just between two files
    before = all_records(tmp_path, form)
    assert before == [str(n) for n in range(len(before))]

    log = RequestLog(RequestLogSettings(tmp_path, format=form), interval=0.01)
    assert log.close(60)
    after = all_records(tmp_path, form)
    assert after == [str(n) for n in range(len(after))]
    assert len(after) >= said
    assert not hidden(tmp_path)


# -- disks that are full

LIMITED = """
import resource, sys, time
from pathlib import Path
from sluicegate.serving.request_log.log import RequestLog
from sluicegate.serving.request_log.settings import RequestLogSettings
from tests.sluicegate.serving.request_log.exchanges import exchange, offer
log = RequestLog(RequestLogSettings(Path(sys.argv[1]), format=sys.argv[2]), interval=0.001)
log.await_writer()
writer = log._child._process.pid
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
def limit(most):
    resource.prlimit(writer, resource.RLIMIT_FSIZE, most)
def put(ids):
    for n in ids:
        accepted = offer(log, exchange(str(n)))
        assert accepted
        while log.written + log.failed <= n:
            time.sleep(0.0005)
put(range(1))
limit((40_000, hard))
put(range(1, 300))
failed = log.failed
limit((10, hard))
put(range(300, 310))
worse = log.failed
limit((hard, hard))
put(range(310, 320))
closed = log.close(60)
print(failed, worse, log.written, log.failed, closed)
"""


@BOTH
def test_files_that_may_not_grow_cost_records_but_no_request_and_mend_themselves(tmp_path, form):
    run = subprocess.run([sys.executable, "-c", LIMITED, tmp_path, form], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    failed, worse, written, lost, closed = run.stdout.split()
    assert closed == "True"
    assert (int(failed) > 0, int(worse)) == (True, int(failed) + 10)
    assert int(written) + int(lost) == 320
    assert int(lost) == int(worse)
    found = [int(r) for path in tmp_path.rglob(f"*/census-*.{form}") for r in records(path)]
    assert len(found) == len(set(found)) == int(written)
    assert {0, *range(310, 320)} <= set(found)
    assert run.stderr.count("request log: ") == 1
    assert not [p.name for p in tmp_path.rglob(".*") if p.is_file()]


@pytest.fixture
def small_disk(tmp_path):
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", tmp_path], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting a tmpfs needs root")
    yield tmp_path
    subprocess.run(["umount", tmp_path], check=True)


@BOTH
def test_a_full_disk_is_survived_and_every_record_accounted_for(small_disk, form):
    log = RequestLog(RequestLogSettings(small_disk, format=form), interval=0.001)
    (small_disk / "ballast").write_bytes(bytes(150_000))

    def put(ids):
        for n in ids:
            assert offer(log, exchange(str(n)))
            while log.written + log.failed <= n:
                time.sleep(0.0005)

    put(range(400))
    lost = log.failed
    assert lost > 0
    (small_disk / "ballast").unlink()
    put(range(400, 410))
    assert log.close(60)
    assert (log.written, log.failed) == (410 - lost, lost)
    found = [int(r) for path in small_disk.rglob(f"*/census-*.{form}") for r in records(path)]
    assert len(found) == len(set(found)) == log.written
    assert set(range(400, 410)) <= set(found)


def test_a_folder_that_is_a_file_is_counted_and_mends_itself(tmp_path):
    blocked = tmp_path / "log"
    blocked.touch()
    log = RequestLog(RequestLogSettings(blocked), interval=0.001)
    offer(log, exchange("lost"))
    while not log.failed:
        time.sleep(0.001)
    Path(blocked).unlink()
    offer(log, exchange("kept"))
    assert log.close()
    assert (log.written, log.failed) == (1, 1)


def test_of_an_append_that_fails_halfway_nothing_stays(tmp_path, monkeypatch):
    """The first of two pieces would be whole, and its records counted as failed."""
    from sluicegate.serving.request_log.parquet import ArrowStream

    path = tmp_path / "stream"
    path.touch()
    stream = ArrowStream(path, b"head")
    write = os.write

    def full(descriptor, rest):
        if len(rest) <= 5:
            raise OSError(28, "No space left on device")
        return write(descriptor, rest[:5])

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space"):
        stream.append([b"whole", b"torn"])
    monkeypatch.undo()
    assert path.read_bytes() == b"head"
    stream.append([b"next"])
    stream.close()
    assert (path.read_bytes(), stream.size) == (b"headnext", 8)
