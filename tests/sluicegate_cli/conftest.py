"""The command line called in this process: fast, and with its exit code and both streams in hand."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ended import Ended
from tests.sluicegate.lineage import lineage_world

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    from sluicegate_cli.__main__ import main

    def run(*words: object) -> Ended:
        code = main([str(word) for word in words])
        streams = capsys.readouterr()
        return Ended(code, streams.out, streams.err)

    return run


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("filled") / "shop"
    lineage_world.fill(root)
    return root


@pytest.fixture
def shop(here: Path, filled: Path) -> Path:
    """output/shop with three runs, their lineage and a release."""
    return Path(shutil.copytree(filled, here / "output" / "shop"))
