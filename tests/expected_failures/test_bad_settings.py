"""Bad settings through the real command: exit 64, every mistake at once, the line, the nearest known key."""

import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
GOOD = "name: x\ndata: table.csv\nlabel: churn\n"

#: name: (file's text, words that the message must hold)
CASES = {
    "not_yaml": ("name: [x\ndata: y\n", ["line"]),
    "not_a_mapping": ("- a\n- b\n", ["settings.yaml"]),
    "empty": ("", ["settings.yaml"]),
    "unknown_key": (GOOD + "training: {epoch: 3}\n", ["line 4", "training.epoch", "epochs"]),
    "wrong_type": (GOOD + "training:\n  epochs: many\n", ["line 5", "training.epochs", "many"]),
    "out_of_range": (GOOD + "split: {train: 2}\n", ["split.train", "2"]),
    "no_limit_at_all": (GOOD + "quality_gate: {beat_constant: false}\n", ["quality_gate", "beat_constant"]),
    "label_left_out": (GOOD + "columns: {leave_out: [churn]}\n", ["churn", "leave_out"]),
    "newer_version": (GOOD + "settings_version: 2\n", ["settings_version", "2"]),
    "several_at_once": (GOOD + "trainig: {}\ntask: guess\n", ["trainig", "training", "guess"]),
}


def attempt(folder, *arguments):
    done = subprocess.run(
        [sys.executable, str(PROJECT / "local_runner.py"), *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize("case", CASES)
def test_bad_settings_are_explained(case, tmp_path):
    text, words = CASES[case]
    (tmp_path / "settings.yaml").write_text(text)
    code, said = attempt(tmp_path, "--config", "settings.yaml")
    assert code == 64, said
    assert "Traceback" not in said
    assert "  do:" in said
    for word in words:
        assert word in said, f"{word!r} is not in:\n{said}"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["settings.yaml"]


def test_a_missing_settings_file(tmp_path):
    code, said = attempt(tmp_path, "--config", "nothing.yaml")
    assert code == 64
    assert "nothing.yaml" in said


def test_a_bad_override_names_itself(tmp_path):
    (tmp_path / "settings.yaml").write_text(GOOD)
    code, said = attempt(tmp_path, "--config", "settings.yaml", "--set", "training.epochs=0")
    assert code == 64
    assert "--set" in said
    assert "training.epochs" in said


def test_kubeflow_says_that_it_is_not_there_yet():
    done = subprocess.run(
        [sys.executable, "kubeflow_runner.py"], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 64
    assert "local_runner.py" in done.stderr


def test_a_wrong_option_is_wrong_usage_and_not_a_refusal(tmp_path):
    code, said = attempt(tmp_path, "--confg", "settings.yaml")
    assert code == 64
    assert "--confg" in said
