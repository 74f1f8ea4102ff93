"""A bare Debian in a folder, made from the distribution's packages, in which the set-up runs as on a fresh machine.

It gets no more of this machine than what reaching a package index needs: names, certificates, proxies, indexes.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.debian import apt_options, mirror_for, output_of

PROJECT = Path(__file__).resolve().parents[2]
WAYS_OUT = (
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/pip.conf",
    "/etc/uv/uv.toml",
    "/etc/ssl/certs",
    "/usr/local/share/ca-certificates",
)
VARIABLES_OUT = ("PIP_", "UV_INDEX", "UV_DEFAULT_INDEX", "UV_EXTRA_INDEX", "UV_SYSTEM_CERTS", "SSL_CERT_")
#: Its mounts and processes end with it, however it ends.
ENTER = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c")
ENTERED = 'mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" && exec chroot "$0" "$@"'


@dataclass(frozen=True)
class Root:
    folder: Path

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Runs `command` as root, in the copy of the project."""
        environment = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": "/root",
            "LANG": "C.UTF-8",
            **variables_out(),
        }
        words = [*ENTER, ENTERED, str(self.folder), "env", "-C", "/sluicegate", *command]
        return subprocess.run(words, env=environment, capture_output=True, text=True, check=False, timeout=1800)

    def has(self, path: str) -> bool:
        return (self.folder / "sluicegate" / path).exists()


@contextmanager
def debian(suite: str, *packages: str) -> Iterator[Root]:
    """A minimal Debian `suite` with `packages` and a copy of the project; it is removed at the end.

    Skips the test where none can be made, or fails it when SLUICEGATE_REQUIRE_REAL is 1.
    """
    reason = why_not()
    if reason:
        (pytest.fail if os.environ.get("SLUICEGATE_REQUIRE_REAL") == "1" else pytest.skip)(reason)
    folder = Path(tempfile.mkdtemp(prefix=f"{suite}-"))
    folder.chmod(0o755)
    command = ["mmdebstrap", "--quiet", "--mode=root", "--variant=minbase", *(f"--include={p}" for p in packages)]
    try:
        subprocess.run([*command, *apt_options(), suite, folder, *mirror_for(suite)], check=True, timeout=900)
        for way in [*WAYS_OUT, *filter(os.path.isfile, variables_out().values())]:
            bring(Path(way), folder / way.lstrip("/"))
        for file in tracked_files():
            bring(PROJECT / file, folder / "sluicegate" / file)
        yield Root(folder)
    finally:
        subprocess.run(["rm", "-rf", "--one-file-system", folder], check=True)


def why_not() -> str:
    if os.geteuid() != 0:
        return "a bare Debian is made by root only"
    if not shutil.which("mmdebstrap"):
        return "no mmdebstrap here: apt-get install mmdebstrap"
    return ""


def variables_out() -> dict[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if name.startswith(VARIABLES_OUT) or name.lower().endswith("_proxy")
    }


def tracked_files() -> list[str]:
    files = output_of("git", "-C", str(PROJECT), "ls-files", "-z").rstrip("\0").split("\0")
    return [file for file in files if (PROJECT / file).exists()]


def bring(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True, ignore_dangling_symlinks=True)
    elif source.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
