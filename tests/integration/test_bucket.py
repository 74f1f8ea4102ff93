"""One whole run with its table and its serving folder in a bucket of a real server, and what reads them afterwards."""

import json
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from schemas.records import read_result
from sluicegate.delivery import release_state
from sluicegate.delivery.versions import recorded
from sluicegate.storage.opening import at
from tests.object_stores import KEY, SECRET

PROJECT = Path(__file__).resolve().parents[2]
ROW = {
    "island": "Biscoe", "bill_length_mm": 45.2, "bill_depth_mm": 15.8, "flipper_length_mm": 215, "body_mass_g": 5300,
    "sex": "male",
}  # fmt: skip


def call(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words], cwd=PROJECT, capture_output=True, text=True, timeout=600, check=False
    )


@pytest.mark.slow
def test_table_and_serving_folder_in_a_bucket(bucket: str, tmp_path: Path) -> None:
    at(bucket).upload(PROJECT / "data/penguins/penguins.csv", "tables/penguins.csv")
    serving, table, output = f"{bucket}/serving/penguins", f"{bucket}/tables/penguins.csv", tmp_path / "output"
    command = [
        "local_runner.py", "--config", "configs/penguins.yaml", "--output", str(output), "--quiet",
        "--set", "training.epochs=2", "--set", f"data.path={table}", "--set", f"environment.local.serving_folder={serving}",
    ]  # fmt: skip
    done = call(*command)
    assert done.returncode == 0, done.stderr[-3000:]
    result = read_result(output / "runs" / "latest")
    held = release_state.current(serving).release
    assert (held.stable, result.pushed_path) == (result.pushed_version, f"{serving}/{result.pushed_version}")
    assert list(recorded(at(serving))) == [held.stable]
    names = {entry.name.split("/")[0] for entry in at(serving).entries()}
    assert names >= {
        "release.json",
        "push_records",
        "push_claims",
        "train_statistics",
        "release_records",
        str(held.stable),
    }
    assert not (output / "serving").exists()

    again = call(*command)
    assert again.returncode == 0
    assert "Unchanged since run" in again.stdout

    told = call("-m", "sluicegate_cli", "lineage", "--output", str(output), "--json")
    assert told.returncode == 0, told.stderr
    assert str(held.stable) in told.stdout

    scored = call(
        "-m", "sluicegate_cli", "predict", "--input", table, "--model", serving, "--output", str(tmp_path / "scored.csv"),
    )  # fmt: skip
    assert scored.returncode == 0, scored.stderr
    assert len((tmp_path / "scored.csv").read_text().splitlines()) == 345
    answers(serving, tmp_path)
    no_secret_below(tmp_path)
    assert not any(SECRET in text for one in (done, again, told, scored) for text in (one.stdout, one.stderr))


def answers(serving: str, folder: Path) -> None:
    """The server on the bucket answers with the stable version."""
    ports = folder / "ports.json"
    words = ["-m", "sluicegate_cli", "serve", "--model_name=penguins", f"--model_base_path={serving}", "--free_ports"]
    with (folder / "serve.log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, *words, f"--ports_file={ports}"], cwd=PROJECT, stdout=log, stderr=log
        )
    try:
        until = time.monotonic() + 120
        while not ports.exists():
            assert server.poll() is None, (folder / "serve.log").read_text()
            assert time.monotonic() < until
            time.sleep(0.2)
        request = urllib.request.Request(
            f"http://127.0.0.1:{json.loads(ports.read_text())['rest']}/v1/models/penguins:predict",
            json.dumps({"signature_name": "serving_raw", "instances": [ROW]}).encode(), {"Content-Type": "application/json"},
        )  # fmt: skip
        with urllib.request.urlopen(request) as answer:
            assert len(json.load(answer)["predictions"]) == 1
    finally:
        server.terminate()
        server.wait(60)


def no_secret_below(folder: Path) -> None:
    """Files, logs, cards, pages and ML Metadata's database."""
    found = [
        path
        for path in folder.rglob("*")
        if path.is_file() and any(word.encode() in path.read_bytes() for word in (SECRET, KEY))
    ]
    assert found == []
