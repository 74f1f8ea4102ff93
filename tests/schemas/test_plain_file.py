"""What stands in a file's place holds no reader."""

import os

import pytest

from schemas import push_record
from schemas.plain_file import open_plain_to_write, read_plain
from schemas.release import Release
from sluicegate.delivery import push_records, release_state
from sluicegate.storage.local import LOCK_NAME
from sluicegate.storage.place import StorageError


def put(path, kind):
    {"pipe": os.mkfifo, "folder": os.mkdir, "device": lambda p: os.symlink("/dev/zero", p)}[kind](path)


@pytest.mark.parametrize("kind", ["pipe", "folder", "device"])
def test_what_is_no_file_is_refused_at_once(tmp_path, kind):
    put(tmp_path / "a", kind)
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(ValueError, match="a is no file"):
        read_plain(tmp_path / "a")
    with pytest.raises((ValueError, OSError)):
        open_plain_to_write(tmp_path / "a")
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_file_is_read_to_its_limit(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert read_plain(tmp_path / "a", largest=3) == b"abc"
    with pytest.raises(ValueError, match="has 3 bytes; it may have 2"):
        read_plain(tmp_path / "a", largest=2)


def test_a_pipe_for_the_lock_or_the_pushers_record_holds_nobody(tmp_path):
    put(tmp_path / LOCK_NAME, "pipe")
    with pytest.raises(StorageError):
        release_state.update(tmp_path, lambda _: Release(stable=1))
    (tmp_path / push_record.FOLDER).mkdir()
    put(tmp_path / push_record.name_of(1), "pipe")
    assert "cannot be read" in push_records.why_unrecorded(tmp_path, 1, "d", Release())
