"""A real Docker daemon and a base image without a registry, for the tests that build and run images."""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.debian import apt_options, mirror_for

PROJECT = Path(__file__).resolve().parents[1]
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PYTHON_OF_DEBIAN_12 = r"Package: python3 python3-* libpython3-*\nPin: release n=bookworm\nPin-Priority: 1001\n"
WITHOUT_NETWORK_RULES = ("--iptables=false", "--ip6tables=false", "--bip=172.30.99.1/24")


def _absent(reason: str) -> None:
    """Skips, or fails when SLUICEGATE_REQUIRE_REAL is 1."""
    if os.environ.get("SLUICEGATE_REQUIRE_REAL") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def _program(name: str, package: str) -> str:
    # A client of another origin may stand first on the path and miss what this daemon's own one can.
    found = shutil.which(name, path=f"/usr/bin:/usr/sbin:{os.environ.get('PATH', '')}")
    if found is None:
        _absent(f"no {name} here: apt-get install {package}")
    return str(found)


class Docker:
    """The client of one daemon."""

    def __init__(self, host: str, program: str) -> None:
        self.host = host
        self._program = program

    def __call__(self, *arguments: object) -> str:
        done = subprocess.run(
            [self._program, *map(str, arguments)],
            check=False,
            capture_output=True,
            text=True,
            cwd=PROJECT,
            env={**os.environ, "DOCKER_HOST": self.host, "DOCKER_BUILDKIT": "1"},
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    def answers(self) -> bool:
        done = subprocess.run([self._program, "-H", self.host, "version"], check=False, capture_output=True)
        return done.returncode == 0

    def base_image(self, folder: Path, *packages: str, suite: str = "bookworm") -> str:
        """An image of this Debian with Debian 12's Python, which is 3.11, and its venv module; made by mmdebstrap.

        packages : more of Debian's.
        $SLUICEGATE_BASE_IMAGE_TAR : a file with the image of Debian 12, which saves the making.
        """
        name, made = "-".join((suite, *packages)), os.environ.get("SLUICEGATE_BASE_IMAGE_TAR")
        tar = Path(made) if made and name == "bookworm" else folder / f"{name}.tar"
        if not tar.exists():
            include = ",".join(("ca-certificates", "python3", "python3-venv", *packages))
            _quietly(
                _program("mmdebstrap", "mmdebstrap"),
                "--variant=minbase",
                f"--include={include}",
                f"--setup-hook=printf '{PYTHON_OF_DEBIAN_12}' > \"$1/etc/apt/preferences.d/python\"",
                *apt_options(),
                suite,
                tar,
                *(source for one in {suite, "bookworm"} for source in mirror_for(one)),
            )
        self("import", "-c", f"ENV PATH={PATH}", tar, f"sluicegate-test-{name}:1")
        return f"sluicegate-test-{name}:1"


@contextmanager
def wheels(image: str, lock: str, *from_source: str) -> Iterator[None]:
    """deploy/<image>/wheels filled by this machine's own pip, wherever that gets them from, for the time of the block.

    lock : the file of hashes, from the project's folder.
    from_source : what builds those packages that come as source; without it there are only wheels, for this machine's glibc.
    """
    folder = PROJECT / "deploy" / image / "wheels"
    were_there = folder.exists()
    pip = [shutil.which("python3", path=os.environ.get("PATH", "")) or sys.executable, "-m", "pip"]
    if from_source:  # and for the glibc of this interpreter, which is that of TFX's wheels
        pip += ["--python", sys.executable]
    only = () if from_source else ("--only-binary=:all:", "--python-version=3.11")
    download = [*pip, "download", "--quiet", "--no-deps", "-d", folder]
    try:
        _quietly(*download, *only, "--require-hashes", "-r", PROJECT / lock)
        if from_source:
            _quietly(*download, *from_source)
        yield
    finally:
        if not were_there:
            shutil.rmtree(folder, ignore_errors=True)


def _quietly(*command: object) -> None:
    done = subprocess.run([*map(str, command)], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def daemon(folder: Path) -> Iterator[Docker]:
    """The daemon that answers already, or one of our own for the time of the block, with everything it keeps in `folder`.

    One at a time, whichever process of the tests asks: two daemons would give the same addresses to their containers.
    """
    client = _program("docker", "docker.io")
    for host in (os.environ.get("DOCKER_HOST"), "unix:///var/run/docker.sock"):
        if host and Docker(host, client).answers():
            yield Docker(host, client)
            return
    if os.geteuid() != 0:
        _absent("no Docker daemon answers, and only root may start one")
    program, host = _program("dockerd", "docker.io"), f"unix://{folder / 'd.sock'}"
    command = [
        program,
        *WITHOUT_NETWORK_RULES,
        f"--data-root={folder / 'data'}",
        f"--exec-root={folder / 'exec'}",
        f"--pidfile={folder / 'd.pid'}",
        "-H",
        host,
        "--storage-driver=overlay2",
        "--default-ulimit=nofile=20000:20000",
    ]
    with (Path(tempfile.gettempdir()) / "sluicegate-test-docker.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        yield from _own(command, folder, Docker(host, client))


def _own(command: list[str], folder: Path, client: Docker) -> Iterator[Docker]:
    with (folder / "dockerd.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    try:
        until = time.monotonic() + 60
        while not client.answers():
            if process.poll() is not None or time.monotonic() > until:
                _absent(f"dockerd does not start here: {(folder / 'dockerd.log').read_text()[-500:]}")
            time.sleep(0.5)
        yield client
    finally:
        process.terminate()
        process.wait(60)
        shutil.rmtree(folder, ignore_errors=True)
