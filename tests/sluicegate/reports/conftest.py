"""The reports of every kind of run, built once."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.gates import GATES
from sluicegate.reports.build import build
from sluicegate.reports.run_index import build_index
from tests.sluicegate.reports import run_folders


@pytest.fixture(scope="session")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An output folder with one run of each kind in `runs/`, each with its report, and the index of all runs."""
    output = tmp_path_factory.mktemp("output")
    for name, make in run_folders.ALL.items():
        build(make(output / "runs" / name), GATES, settings_lines=run_folders.LINES)
    build_index(output)
    return output
