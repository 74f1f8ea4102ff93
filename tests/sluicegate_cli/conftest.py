"""The command line called in this process: fast, and with its exit code and both streams in hand."""

import shutil
from pathlib import Path

import pytest

from tests.ended import Ended
from tests.sluicegate.lineage import lineage_world

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def call(capsys):
    from sluicegate_cli.__main__ import main

    def run(*words):
        code = main([str(word) for word in words])
        streams = capsys.readouterr()
        return Ended(code, streams.out, streams.err)

    return run


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def filled(tmp_path_factory):
    root = tmp_path_factory.mktemp("filled") / "shop"
    lineage_world.fill(root)
    return root


@pytest.fixture
def shop(here, filled):
    """output/shop with three runs, their lineage and a release."""
    return Path(shutil.copytree(filled, here / "output" / "shop"))
