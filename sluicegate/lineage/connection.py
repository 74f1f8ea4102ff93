"""Opens ML Metadata's store, mended for PostgreSQL.

ml-metadata 1.21 builds its PostgreSQL statements from escaped literals, and a text with a backslash (`E'...'` in PostgreSQL)
comes out as `'E'...''`: a syntax error. TFX's parameters are JSON within JSON and full of them. So backslashes are kept in the
database as a sign that no text uses, and turned back on the way out.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

from google.protobuf.message import Message
from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2

from schemas.errors import MachineError, Problem

BACKSLASH = "\\"
#: In Unicode's private use area: no text of the user's means it.
STAND_IN = "\ue05c"
_AT_ONCE = 5000
Item = TypeVar("Item")


class StorePlace(Protocol):
    """Where ML Metadata is kept, as the settings' section `metadata` says it.

    kind : "sqlite" or "postgresql"; all else is about the latter.  password_variable : the environment variable that holds it.
    """

    @property
    def kind(self) -> str: ...
    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def database(self) -> str: ...
    @property
    def user(self) -> str: ...
    @property
    def password_variable(self) -> str: ...


class PostgresStore(metadata_store.MetadataStore):
    """A MetadataStore that never sends a backslash."""

    def _pywrap_cc_call(self, method: Any, request: Message, response: Message) -> None:
        sent = type(request).FromString(request.SerializeToString())
        replace(sent, BACKSLASH, STAND_IN)
        super()._pywrap_cc_call(method, sent, response)
        replace(response, STAND_IN, BACKSLASH)


def connection(place: StorePlace, sqlite_file: Path) -> metadata_store_pb2.ConnectionConfig:
    """The connection to that place; SQLite lies at `sqlite_file`. Raises MachineError without password."""
    config = metadata_store_pb2.ConnectionConfig()
    if place.kind == "sqlite":
        config.sqlite.filename_uri = str(sqlite_file)
        config.sqlite.connection_mode = metadata_store_pb2.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
        return config
    if place.password_variable not in os.environ:
        raise MachineError(
            "The metadata database's password is not set.",
            Problem(
                f"environment variable {place.password_variable}", "nothing", "the password of the database user",
                f"export {place.password_variable}=..., or name another variable in metadata.password_variable",
            ),
        )  # fmt: skip
    config.postgresql.host = place.host
    config.postgresql.port = str(place.port)
    config.postgresql.user = place.user
    config.postgresql.password = os.environ[place.password_variable]
    config.postgresql.dbname = place.database
    return config


def open_store(config: metadata_store_pb2.ConnectionConfig) -> metadata_store.MetadataStore:
    """The store of this connection."""
    return (PostgresStore if config.HasField("postgresql") else metadata_store.MetadataStore)(config)


def replace(message: Message, old: str, new: str) -> None:
    """Replaces `old` in every text of the message, in place.

    >>> execution = metadata_store_pb2.Execution(name="a/b")
    >>> replace(execution, "/", "-")
    >>> execution.name
    'a-b'
    """
    for field, value in message.ListFields():
        if field.message_type and field.message_type.GetOptions().map_entry:
            _in_map(field, value, old, new)
        elif field.cpp_type == field.CPPTYPE_MESSAGE:
            for one in value if _is_many(value) else [value]:
                replace(one, old, new)
        elif field.type == field.TYPE_STRING:
            if _is_many(value):
                value[:] = [text.replace(old, new) for text in value]
            elif old in value:
                setattr(message, field.name, value.replace(old, new))


def _is_many(value: Any) -> bool:
    return hasattr(value, "__len__") and not isinstance(value, str | Message)


def _in_map(field: Any, content: Any, old: str, new: str) -> None:
    """Keys are names of parameters and stay; values are messages, or texts of a map that MLMD has none of today."""
    if field.message_type.fields_by_name["value"].cpp_type == field.CPPTYPE_MESSAGE:
        for key in content:
            replace(content[key], old, new)


def in_statements(found: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """In pieces that one SQL statement takes: some tens of thousands of ids are too many."""
    yield from (found[start : start + _AT_ONCE] for start in range(0, len(found), _AT_ONCE))
