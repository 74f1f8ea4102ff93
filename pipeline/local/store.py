"""TFX's handle on ML Metadata, opening the store that is mended for PostgreSQL."""

from __future__ import annotations

from typing import Any

from tfx.orchestration import metadata

from sluicegate.lineage.connection import PostgresStore


class Handle(metadata.Metadata):
    """What TFX's launcher takes; opens the mended store where the connection is PostgreSQL."""

    _store: Any

    def __enter__(self) -> Handle:
        super().__enter__()
        if self._connection_config.HasField("postgresql") and not isinstance(self._store, PostgresStore):
            self._store = PostgresStore(self._connection_config)
        return self
