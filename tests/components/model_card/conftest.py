from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.components.model_card import world


@pytest.fixture(scope="session")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Of a model that the fairness gate refused."""
    return world.fill(tmp_path_factory.mktemp("inputs"))


@pytest.fixture
def made(inputs: dict[str, Any], tmp_path: Path) -> Callable[..., Any]:
    """Runs the component through its executor: the artifact of the card."""
    return lambda **more: world.make(inputs, tmp_path / "card", **more)
