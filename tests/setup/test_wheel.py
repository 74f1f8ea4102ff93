"""The wheel is what the tree is: a Beam worker or an image gets only that."""

import json
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
#: Folders of Python at the root that are for those who work on the project; nothing that is installed needs them.
NOT_INSTALLED = {"benchmarks", "data", "locks", "tests"}
#: What a package folder holds for its reader only.
FOR_READERS = {".md"}
#: Begins every program of the clean environment: after Python's own folders come the wheel's and those of what it depends on.
CLEAN = "import sys; sys.path += sys.argv[1:3]; "
IMPORTS = """
import importlib, json
failed, elsewhere = {}, {}
for name in sys.argv[3:]:
    try:
        file = importlib.import_module(name).__file__
    except BaseException as error:
        failed[name] = f"{type(error).__name__}: {error}"
    else:
        if not file.startswith(sys.argv[1]):
            elsewhere[name] = file
print(json.dumps([failed, elsewhere]))
"""
HELP = "from sluicegate_cli.__main__ import main; sys.exit(main(['--help']))"


def tracked():
    """Files under version control, also those not committed yet, relative to the project."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    return [Path(name) for name in listed.splitlines() if (PROJECT / name).is_file()]


def modules(files):
    named = [path.with_suffix("") for path in files if path.suffix == ".py"]
    return sorted(".".join(one.parent.parts if one.name == "__init__" else one.parts) for one in named)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built of a copy, so that nothing an earlier build left behind is in it."""
    copy, built = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("wheel")
    for path in tracked():
        if path.parts[0] not in {"data", "docs", "tests"}:
            (copy / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PROJECT / path, copy / path)
    build = f"from setuptools.build_meta import build_wheel; build_wheel({str(built)!r})"
    subprocess.run([sys.executable, "-c", build], cwd=copy, capture_output=True, check=True)
    [file] = built.glob("*.whl")
    return file


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """installed(program, *words): runs it where the wheel is unpacked; what the wheel depends on is lent by this environment.

    The same interpreter without site: a venv's own would lack what setup.sh does for old systems, and site would bring the tree.
    """
    site = tmp_path_factory.mktemp("clean")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)

    def run(program, *words):
        command = [sys.executable, "-I", "-S", "-c", CLEAN + program, str(site), sysconfig.get_path("purelib"), *words]
        return subprocess.run(command, cwd=site.parent, capture_output=True, text=True, check=False, timeout=300)

    return run


def test_the_wheel_holds_every_file_of_the_packages_and_no_other(wheel):
    """A new folder at the root must be named in setup.py or above."""
    files = tracked()
    packages = {path.parts[0] for path in files if path.suffix == ".py" and len(path.parts) > 1} - NOT_INSTALLED
    wanted = {str(path) for path in files if path.parts[0] in packages and path.suffix not in FOR_READERS}
    with zipfile.ZipFile(wheel) as archive:
        found = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert found == wanted


def test_every_module_imports_from_the_wheel(wheel, installed):
    with zipfile.ZipFile(wheel) as archive:
        names = modules(Path(name) for name in archive.namelist())
    assert len(names) > 300
    done = installed(IMPORTS, *names)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == [{}, {}]


def test_the_command_starts_from_the_wheel(installed):
    done = installed(HELP)
    assert done.returncode == 0, done.stderr
    assert "sluicegate init" in done.stdout
