"""A real PostgreSQL server for the tests that need one, from Debian's package, on a port of its own."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

PASSWORD = "of-the-tests"


def programs() -> Path:
    """Folder of initdb and pg_ctl; skips where there is none, or fails when SLUICEGATE_REQUIRE_REAL is 1."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if found:
        return found[-1].parent
    reason = "no PostgreSQL server here: apt-get install postgresql"
    if os.environ.get("SLUICEGATE_REQUIRE_REAL") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def postgresql() -> Iterator[int]:
    """A running server with database and user `sluicegate`; yields its port."""
    folder, home = programs(), Path(tempfile.mkdtemp(prefix="postgresql-"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(home, owner.pw_uid, owner.pw_gid)
    (home / "password").write_text(PASSWORD)
    (home / "password").chmod(0o644)
    as_owner(
        folder / "initdb",
        "-D",
        home / "data",
        "-U",
        "sluicegate",
        f"--pwfile={home / 'password'}",
        "-A",
        "scram-sha-256",
    )
    options = f"-p {port} -k {home} -c listen_addresses=127.0.0.1 -c fsync=off"
    try:
        as_owner(folder / "pg_ctl", "-D", home / "data", "-w", "-l", home / "log", "-o", options, "start")
        subprocess.run(
            [folder / "createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "sluicegate", "sluicegate"],
            check=True,
            capture_output=True,
            env={**os.environ, "PGPASSWORD": PASSWORD},
        )
        yield port
    finally:
        as_owner(folder / "pg_ctl", "-D", home / "data", "-m", "immediate", "stop")
        shutil.rmtree(home, ignore_errors=True)


def connection(port: int) -> Any:
    """How ML Metadata is told to reach the server."""
    from ml_metadata.proto import metadata_store_pb2

    config = metadata_store_pb2.ConnectionConfig()
    config.postgresql.host, config.postgresql.port = "127.0.0.1", str(port)
    config.postgresql.user = config.postgresql.dbname = "sluicegate"
    config.postgresql.password = PASSWORD
    return config


def as_owner(*command: object) -> None:
    """Runs a server program; as root it becomes the user postgres, because the server refuses root."""
    words = [str(word) for word in command]
    prefix = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
    subprocess.run([*prefix, *words], check=True, stdout=subprocess.DEVNULL, cwd="/")
