from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def compiled() -> Callable[..., Any]:
    """Compiles the graph of a settings file without running it: compiled("configs/census.yaml", "tuning.enabled=true")."""
    from tfx.dsl.compiler import compiler

    from pipeline.environment import here
    from pipeline.graph import create_pipeline
    from pipeline.local.table import look_at
    from pipeline.settings.file import load
    from pipeline.settings.settled import settle
    from sluicegate.lineage.connection import connection

    def build(config: str, *overrides: str, root: str = "/tmp/graph") -> Any:
        loaded = load(PROJECT / config, overrides)
        settings = settle(loaded.settings, look_at(loaded.settings))
        place = connection(settings.metadata, Path(root, "metadata.db"))
        return compiler.Compiler().compile(create_pipeline(settings, here(loaded, root, f"{root}/serving", place)))

    return build


@pytest.fixture(scope="session")
def census_graph(compiled: Callable[..., Any]) -> Any:
    return compiled("configs/census.yaml")
