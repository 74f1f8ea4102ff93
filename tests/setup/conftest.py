"""A machine of stand-in commands on which the real setup.sh runs: what it says and calls, without a network or root."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.ended import Ended

PROJECT = Path(__file__).resolve().parents[2]
#: What setup.sh reads of the project, and so what its scratch copy needs.
FILES = ("setup.sh", "setup.py", "pyproject.toml", "requirements.lock")
#: Commands that say nothing about a machine; everything else is a stand-in or absent.
TOOLS = (
    "awk", "bash", "cat", "chmod", "cksum", "cp", "dirname", "env", "find", "grep", "head", "ln", "mkdir", "mv", "paste", "readlink",
    "rm", "sort", "tail", "tr",
)  # fmt: skip

PYTHON = """
case "$*" in
  *libc_ver*) echo {glibc} ;;
  *LIBDIR*) echo /usr/lib ;;
  *version_info*) [ {version} = 3.11 ] ;;
esac
"""
UV = """
case "$*" in
  venv*)
    mkdir -p .venv/bin
    echo "VIRTUAL_ENV=$(pwd -P)/.venv" >.venv/bin/activate
    ln -sf "$(command -v python3.11)" .venv/bin/python ;;
esac
"""
APT_GET = """
case "$*" in
  indextargets*) printf '%s https://mirror.example/debian\n' bookworm trixie ;;
  *download*) for last; do :; done; echo >"$last.deb" ;;
esac
"""
DPKG = """
mkdir -p "$3/usr/lib/x86_64-linux-gnu" "$3/usr/bin"
echo >"$3/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"
cp "$(command -v python3.11 || command -v python3)" "$3/usr/bin/python3.11"
"""


class Machine:
    """A fit Debian 13 with Python 3.11, until a test takes something away."""

    def __init__(self, folder: Path) -> None:
        self.project, self.folder = folder / "project", folder
        self.commands = folder / "commands"
        self.project.mkdir()
        self.commands.mkdir()
        for name in FILES:
            shutil.copy(PROJECT / name, self.project)
        for name in TOOLS:
            tool = shutil.which(name)
            assert tool, name
            (self.commands / name).symlink_to(tool)
        self.is_system("debian", "trixie")
        self.be_fit()

    def be_fit(self) -> None:
        self.is_hardware("Linux", "x86_64")
        self.has("getconf", "echo glibc 2.41")
        self.has("id", "echo 0")
        self.has("g++")
        self.has("python3.11", PYTHON.format(glibc="2.41", version="3.11"))
        self.has("python3", PYTHON.format(glibc="2.41", version="3.11"))
        self.has("uv", UV)
        self.has("apt-get", APT_GET)
        self.has("dpkg", DPKG)

    def is_hardware(self, kernel: str, processor: str) -> None:
        answers = f"-s) echo {kernel} ;; -sm) echo {kernel} {processor} ;; -m) echo {processor} ;;"
        self.has("uname", f'case "$1" in {answers} esac')

    def is_system(self, name: str, codename: str) -> None:
        (self.folder / "os-release").write_text(f"ID={name}\nVERSION_CODENAME={codename}\n")

    def has_glibc(self, version: str) -> None:
        self.has("getconf", f"echo glibc {version}")
        self.has("python3.11", PYTHON.format(glibc=version, version="3.11"))

    def is_debian_12(self) -> None:
        """A release with a glibc that is too old."""
        self.has_glibc("2.36")
        self.is_system("debian", "bookworm")

    def has_python(self, version: str) -> None:
        """Python of `version` and no other."""
        self.lacks("python3.11")
        self.has("python3", PYTHON.format(glibc="2.41", version=version))

    def has(self, name: str, script: str = "") -> None:
        """A command that notes how it was called and then runs the lines of `script`."""
        file = self.commands / name
        file.write_text(f'#!/bin/sh\necho "{name} $*" >>"{self.folder}/calls"\n{script}\n')
        file.chmod(0o755)

    def fails(self, name: str, words: str, when: str = "*") -> None:
        """`name` ends with 1 and says `words` when called with arguments like `when`; else it does what it did."""
        file = self.commands / name
        lines = file.read_text().splitlines()
        file.write_text("\n".join([*lines[:2], f'case "$*" in {when}) echo "{words}" >&2; exit 1 ;; esac', *lines[2:]]))

    def lacks(self, name: str) -> None:
        (self.commands / name).unlink()

    def set_up(self, *words: str) -> Ended:
        (self.folder / "calls").write_text("")
        environment = {"PATH": str(self.commands), "SLUICEGATE_OS_RELEASE": str(self.folder / "os-release")}
        script = [str(self.commands / "bash"), str(self.project / "setup.sh"), *words]
        done = subprocess.run(script, env=environment, capture_output=True, text=True, check=False, timeout=60, cwd="/")
        return Ended(done.returncode, done.stdout, done.stderr)

    def calls(self, name: str) -> list[str]:
        """The arguments of each call of `name` in the last run."""
        lines = (self.folder / "calls").read_text().splitlines()
        return [line.removeprefix(f"{name} ") for line in lines if line.startswith(f"{name} ")]

    def is_set_up(self) -> bool:
        return (self.project / ".venv" / ".set-up-for").exists()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    if os.name == "nt":
        pytest.skip("the set-up is a bash script")
    return Machine(tmp_path)
