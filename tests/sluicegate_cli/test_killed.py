"""A killed run to the readers: the doctor and `runs`; and a run at work, which nobody touches."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.run.folders import make
from schemas.output_folder import OutputFolder
from tests.pipeline.local.test_killed import killed_run, state_of
from tests.sluicegate.lineage.lineage_world import NAME, Database


@pytest.fixture
def folder(here):
    folder = OutputFolder(here / "killed", NAME)
    make(folder)
    return folder


@pytest.fixture
def base(folder):
    return Database(folder.metadata_db)


HOLD = """
import sys, time
from pathlib import Path
from pipeline.local.lock import only_run_in
with only_run_in(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_run_at_work_is_shown_as_such_and_not_touched(folder, base, call, here):
    execution = killed_run(folder, base)
    Path("my.yaml").write_text(f"name: {NAME}\ndata: shop.csv\nlabel: y\n")
    doctor = ("doctor", "--config", "my.yaml", "--output", str(folder.root), "--quick", "--json")
    child = subprocess.Popen([sys.executable, "-c", HOLD, str(folder.root)], stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout.readline() == "held\n"
        assert "The run is under way: in Trainer." in call("runs", "--output", str(folder.root)).out
        said = {one["name"]: one for one in json.loads(call(*doctor).out)}["killed runs"]
        assert "while a run is at work" in said["found"]
        assert state_of(base, execution)[0] == "RUNNING"
    finally:
        child.kill()
        child.communicate()
    assert "The run was killed in Trainer." in call("runs", "--output", str(folder.root)).out
    said = {one["name"]: one for one in json.loads(call(*doctor).out)}["killed runs"]
    assert (said["state"], "was killed in Trainer" in said["found"]) == ("info", True)
    assert state_of(base, execution)[0] == "FAILED"
    row = json.loads(call("runs", "--output", str(folder.root), "--json").out)[0]
    assert (row["verdict"], row["why"].split(":")[0]) == ("ERROR", "Trainer")
