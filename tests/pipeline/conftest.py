from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def compiled() -> Callable[..., Any]:
    """Compiles the graph of a settings file without running it: compiled("configs/census.yaml", "tuning.enabled=true")."""
    from tfx.dsl.compiler import compiler

    from pipeline.graph import Batch, Run, create_pipeline
    from pipeline.local.table import batch_digest, batch_source, look_at, roles_of, source_of
    from pipeline.settings.file import load
    from sluicegate.lineage.connection import connection
    from sluicegate.tables.columns.unlabelled import readings_of

    def build(config: str, *overrides: str, root: str = "/tmp/graph") -> Any:
        settings = load(PROJECT / config, overrides).settings
        profile = look_at(settings)
        place = connection(settings.metadata, Path(root, "metadata.db"))
        table = batch_source(settings)
        batch = Batch(table, batch_digest(settings, profile), readings_of(profile)) if table else None
        run = Run(source_of(settings), profile.digest, roles_of(profile), root, f"{root}/serving", "r1", place, batch)
        return compiler.Compiler().compile(create_pipeline(settings, run))

    return build


@pytest.fixture(scope="session")
def census_graph(compiled: Callable[..., Any]) -> Any:
    return compiled("configs/census.yaml")
