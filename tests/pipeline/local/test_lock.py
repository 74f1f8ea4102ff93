import subprocess
import sys

import pytest

from pipeline.local.lock import only_run_in
from schemas.errors import MachineError

HOLD = """
import sys, time
from pathlib import Path
from pipeline.local.lock import only_run_in
with only_run_in(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    child = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "held\n"
    yield child
    child.kill()
    child.communicate()


def test_a_second_run_is_refused_and_told_who_holds_the_folder(tmp_path, holder):
    with pytest.raises(MachineError, match=f"locked by process {holder.pid}"), only_run_in(tmp_path):
        pass


def test_the_lock_of_a_killed_run_is_gone(tmp_path, holder):
    holder.kill()
    holder.wait()
    with only_run_in(tmp_path):
        pass


def test_the_folder_can_be_locked_again_afterwards(tmp_path):
    for _ in range(2):
        with only_run_in(tmp_path):
            pass
