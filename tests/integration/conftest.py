"""Real runs of the real command, each a process of its own, shared by the tests that look at what they left.

Most are forked from a process that has TFX imported (tests/warm.py); `run_anew` starts one from nothing, as a user does.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest

from schemas.records import read_result
from tests import ended, warm

#: How a process ended, with both streams as text.
Done = subprocess.CompletedProcess[str]
PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Ended(ended.Ended):
    """How a run ended, and the folder of what it left."""

    output: Path

    @property
    def result(self) -> dict[str, Any]:
        """As a program reads it: with whole paths."""
        return dict(json.loads(json.dumps(asdict(read_result(self.output / "runs" / "latest")))))

    def step(self, name: str) -> dict[str, Any]:
        return next(step for step in self.result["steps"] if step["step"] == name)

    def gate(self, name: str) -> dict[str, Any]:
        return next(gate for gate in self.result["gates"] if gate["gate"] == name)


def run(config: str | Path, output: str | Path, *more: str, env: Mapping[str, str] | None = None) -> Ended:
    """What local_runner.py does, from when TFX is imported."""
    return _ended(warm.call(warm.RUNNER, _words(config, output, more), PROJECT, {**WIDE, **(env or {})}), output)


def run_anew(config: str | Path, output: str | Path, *more: str) -> Ended:
    """Runs local_runner.py and waits for it."""
    command = [sys.executable, str(PROJECT / "local_runner.py"), *_words(config, output, more)]
    return _ended(_started(command, PROJECT), output)


def verb(*arguments: object, cwd: Path = PROJECT, env: Mapping[str, str] | None = None) -> Done:
    """What `sluicegate` does in a folder (the project's), from when TFX is imported."""
    return warm.call(warm.VERBS, arguments, cwd, {**WIDE, **(env or {})})


def verb_anew(*arguments: object, cwd: Path = PROJECT) -> Done:
    """Runs `sluicegate` in a folder (the project's) and waits for it."""
    return _started([sys.executable, "-m", "sluicegate_cli", *map(str, arguments)], cwd)


def _words(config: str | Path, output: str | Path, more: Sequence[str]) -> list[str]:
    return ["--config", str(config), "--output", str(output), *more]


def _started(command: Sequence[str], cwd: Path) -> Done:
    env = {**os.environ, **WIDE}
    return subprocess.run(command, check=False, cwd=cwd, capture_output=True, text=True, timeout=600, env=env)


def _ended(done: Done, output: str | Path) -> Ended:
    return Ended(done.returncode, done.stdout, done.stderr, Path(output))


WIDE = {"COLUMNS": "120"}
#: For runs that are not about serving or explaining: both take seconds.
UNSERVED = ("--set", "serving_check.platform=skip", "--set", "explanation=off")
#: Small and quick, but large enough that every gate has something to judge.
QUICK = ("--set", "training.epochs=8", "--set", "explanation=off", "--quiet")


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("integration")


@pytest.fixture(scope="session")
def sampled_census(folder: Path) -> Path:
    """A settings file for every fourth row of the shipped census table."""
    lines = (PROJECT / "data/census/adult.csv").read_text().splitlines(keepends=True)
    table = folder / "adult.csv"
    table.write_text("".join([lines[0], *lines[1::4]]))
    config = folder / "census.yaml"
    text = (PROJECT / "configs/census.yaml").read_text()
    text = text.replace("data/census/adult.csv", str(table))
    text = text.replace("schemas/census/schema.pbtxt", str(PROJECT / "schemas/census/schema.pbtxt"))
    # A quarter of the rows can settle wider limits only; under the shipped ones the gates say UNKNOWN, as they should.
    text = text.replace("at_least: 0.84", "at_least: 0.82")
    config.write_text(text.replace("at_most: 0.15", "at_most: 0.4"))
    return config


@pytest.fixture(scope="session")
def census(sampled_census: Path, folder: Path) -> Ended:
    """The first census run ever in its output folder, with all reports there are."""
    explained = [one for one in QUICK if one != "explanation=off"]
    return run(sampled_census, folder / "census", *explained[:2], "--quiet", "--set", "explanation.rows=300")


@pytest.fixture(scope="session")
def other_seed(folder: Path, sampled_census: Path) -> tuple[str, ...]:
    """Options for the census run with another seed, on a copy of the table made later under another name."""
    copy = shutil.copy(folder / "adult.csv", folder / "adult_again.csv")
    return (*QUICK, "--set", "training.seed=2", "--set", f"data.path={copy}")


@pytest.fixture(scope="session")
def census_again(sampled_census: Path, census: Ended, other_seed: tuple[str, ...]) -> tuple[dict[str, Any], Ended]:
    """A second run with another seed, so that a new model meets the released one. `census.result` is read before."""
    first = census.result
    return first, run(sampled_census, census.output, *other_seed)


@pytest.fixture(scope="session")
def penguins(folder: Path) -> Ended:
    return run_anew("configs/penguins.yaml", folder / "penguins", "--quiet", *UNSERVED[2:])


@pytest.fixture(scope="session")
def learned(penguins: Ended, folder: Path) -> Callable[[str], Path]:
    """learned("name"): a new output folder whose cache knows all steps up to the trained penguins; without a run or a release."""
    kept = shutil.copytree(penguins.output, folder / "learned", symlinks=True)
    shutil.rmtree(kept / "runs")
    shutil.rmtree(kept / "serving")
    return lambda name: Path(shutil.copytree(kept, folder / name, symlinks=True))


@pytest.fixture(scope="session")
def taxi(folder: Path) -> Ended:
    return run("configs/taxi.yaml", folder / "taxi", *QUICK)


@pytest.fixture(scope="session")
def taxi_tips(folder: Path) -> Ended:
    return run("configs/taxi_tips.yaml", folder / "taxi_tips", *QUICK)
