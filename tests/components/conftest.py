"""Evaluations that several folders look at, each run once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def evaluation(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, bool], Any]:
    """By task and "was a model released?": the artifacts of a real Evaluator run, with its tables."""
    done: dict[tuple[str, bool], Any] = {}

    def get(task: str, released: bool) -> Any:
        if (task, released) not in done:
            from tests.components.evaluated import evaluate

            folder: Path = tmp_path_factory.mktemp(f"{task}-{released}")
            done[task, released] = evaluate(folder, task, released)
        return done[task, released]

    return get
