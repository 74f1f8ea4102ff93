"""What clients sent is readable by the server's user and nobody else, whatever the umask."""

import os
import stat

import pytest

from sluicegate.serving.access_log import AccessLog
from tests.sluicegate.serving.request_log.exchanges import exchange
from tests.sluicegate.serving.request_log.test_files import BOTH, World


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(autouse=True)
def open_umask():
    before = os.umask(0)
    yield
    os.umask(before)


@BOTH
def test_files_and_folders_that_the_log_makes(tmp_path, form):
    world = World(tmp_path / "a" / "log", format=form)
    world.files.write([exchange("r1")])
    root = tmp_path / "a" / "log"
    [growing] = root.glob("census/.*")
    assert (mode(root), mode(root / "census"), mode(growing)) == (0o700, 0o700, 0o600)
    world.files.close()
    [complete] = root.glob("census/*")
    assert mode(complete) == 0o600


@BOTH
def test_what_a_killed_server_left_is_completed_as_private(tmp_path, form):
    World(tmp_path / "log", format=form).files.write([exchange("r1")])
    [growing] = (tmp_path / "log").glob("census/.*")
    left = growing.with_name(growing.name.replace("000001", "000009"))
    left.write_bytes(growing.read_bytes())
    left.chmod(0o600)
    World(tmp_path / "log", format=form).files.recover()
    [complete] = (tmp_path / "log").glob(f"census/*9-*.{form}")
    assert mode(complete) == 0o600


def test_a_folder_of_somebody_s_keeps_its_mode_and_the_log_s_own_is_closed(tmp_path):
    tmp_path.chmod(0o755)
    (tmp_path / "census").mkdir(mode=0o755)
    World(tmp_path).files.write([exchange("r1")])
    assert (mode(tmp_path), mode(tmp_path / "census")) == (0o755, 0o700)


def test_the_access_log(tmp_path):
    AccessLog.open(str(tmp_path / "access.log")).close()
    assert mode(tmp_path / "access.log") == 0o600
