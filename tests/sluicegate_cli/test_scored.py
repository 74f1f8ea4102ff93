"""What a `predict` that was killed leaves beside its output goes with the next one; what another is writing stays."""

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from sluicegate_cli import scored

SCHEMA = pa.schema([("id", pa.string())])
WRITE = """
import sys, time
from pathlib import Path
import pyarrow as pa
from sluicegate_cli import scored
with scored.writing(Path(sys.argv[1]), pa.schema([("id", pa.string())])) as file:
    print("writing", flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("name", ["scored.csv", "scored.csv.gz", "scored.parquet"])
def test_only_what_a_killed_process_left_is_removed(tmp_path, name):
    output = tmp_path / name
    child = subprocess.Popen([sys.executable, "-c", WRITE, str(output)], stdout=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "writing\n"
    [its] = tmp_path.iterdir()
    mine = tmp_path / f".{name}.backup"
    mine.write_text("mine")
    with scored.writing(output, SCHEMA):
        pass
    assert its.exists(), "it is being written"
    child.kill()
    child.communicate()
    assert its.exists()
    with scored.writing(output, SCHEMA):
        pass
    assert sorted(tmp_path.iterdir()) == sorted([output, mine])


def test_nothing_but_the_output_is_left(tmp_path):
    with scored.writing(tmp_path / "scored.csv", SCHEMA) as file:
        file.take(pa.record_batch([pa.array(["a"])], schema=SCHEMA))
    assert [Path(path).name for path in tmp_path.iterdir()] == ["scored.csv"]
    assert (tmp_path / "scored.csv").read_text() == '"id"\n"a"\n'
