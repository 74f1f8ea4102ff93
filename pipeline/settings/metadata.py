"""Where ML Metadata keeps the lineage."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pipeline.settings.declaration import Section, limit


class Metadata(Section):
    """Where ML Metadata keeps the lineage."""

    kind: Literal["sqlite", "postgresql"] = Field("sqlite", description="sqlite lies in the output folder.")
    host: str = Field("localhost", description="PostgreSQL only.")
    port: int = limit(5432, low=1, high=65_535, unit="port number", why="PostgreSQL only.")
    database: str = Field("sluicegate", description="PostgreSQL only.")
    user: str = Field("sluicegate", description="PostgreSQL only.")
    password_variable: str = Field(
        "SLUICEGATE_METADATA_PASSWORD", description="Environment variable that holds the password; never the password."
    )
