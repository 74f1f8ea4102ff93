"""The connection to ML Metadata, and what to say when it cannot be had."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from ml_metadata.proto import metadata_store_pb2

from schemas.address import with_port
from schemas.errors import MachineError, Problem


def check(config: metadata_store_pb2.ConnectionConfig) -> None:
    """Opens the store once. Raises MachineError when it is locked, broken, unreachable or of another version."""
    from ml_metadata import errors
    from ml_metadata.metadata_store import metadata_store

    if config.HasField("sqlite"):
        _check_sqlite(Path(config.sqlite.filename_uri))
    try:
        metadata_store.MetadataStore(config).get_artifact_types()
    except (errors.StatusError, RuntimeError) as error:
        raise _unusable(config, str(error)) from None


def _check_sqlite(path: Path) -> None:
    """SQLite's own words are clearer than what reaches us through MLMD, and a lock shows at once instead of hanging."""
    if not path.exists():
        return
    try:
        with sqlite3.connect(path, timeout=1) as database:
            database.execute("BEGIN IMMEDIATE")
            database.rollback()
    except sqlite3.OperationalError as error:
        raise _problem(
            "The metadata database is in use or cannot be written.",
            path,
            str(error),
            "end the program that holds it open for writing (another run? a database browser?), then run again",
        ) from None
    except sqlite3.DatabaseError as error:
        raise _problem(
            "The metadata database is not one.",
            path,
            str(error),
            "put the file back from a backup, or move it away: a new one is made, without the earlier lineage",
        ) from None


def _unusable(config: metadata_store_pb2.ConnectionConfig, message: str) -> MachineError:
    place = (
        config.sqlite.filename_uri
        if config.HasField("sqlite")
        else f"postgresql://{config.postgresql.user}@{with_port(config.postgresql.host, config.postgresql.port)}/{config.postgresql.dbname}"
    )
    if "schema version" in message.lower():
        return _problem(
            "The metadata database was made by another version of ML Metadata.",
            place,
            message.split("\n", maxsplit=1)[0],
            "use the version that made it, or move it away: a new one is made, without the earlier lineage",
        )
    return _problem(
        "The metadata database cannot be used.",
        place,
        message.split("\n", maxsplit=1)[0],
        "check that it runs and that user, password and database name are right (sluicegate doctor tells more)",
    )


def _problem(headline: str, place: str | Path, got: str, remedy: str) -> MachineError:
    return MachineError(
        headline, Problem(str(place), got, "a database of ML Metadata 1.21 that can be written", remedy)
    )
