"""What `doctor` looks at, one small check each. A check never raises: what it meets is what it reports.

One of them mends: what killed runs left open is closed.
"""

from __future__ import annotations

import platform
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from schemas.address import with_port
from schemas.errors import SluicegateError
from schemas.output_folder import OutputFolder
from schemas.run_lock import LOCK_NAME, holder

if TYPE_CHECKING:
    from pipeline.settings.types import Settings

WANTED_PYTHON = (3, 11)
WANTED_GLIBC = (2, 39)
MACHINES = (("Linux", "x86_64"), ("Darwin", "arm64"))
#: A run of the shipped tables leaves some 50 MB; TensorFlow's own temporary files need room too.
MIN_DISK_GB = 1.0
#: Peak of a run of 500,000 rows, measured: 2.1 GB.
MIN_MEMORY_GB = 1.5
#: In this order, because the first two bring the C++ runtime that the third must not replace.
IMPORTS = ("ml_metadata", "pyarrow", "tensorflow", "tensorflow_data_validation", "tensorflow_transform",
           "tensorflow_model_analysis", "apache_beam", "keras", "tfx.components")  # fmt: skip
IMPORT_SECONDS = 300
PROGRAMS = {
    "chromium": "tests of the report in a browser",
    "psql": "ML Metadata on PostgreSQL",
    "docker": "serving checks in containers",
}
SETUP = "run ./setup.sh in the project's folder"


@dataclass(frozen=True)
class CheckFinding:
    """state : "ok", "FAIL" or "info" (worth knowing, and no reason not to run).  remedy : of what failed."""

    name: str
    state: str
    found: str
    remedy: str = ""


Check = Callable[[], CheckFinding]


def all_checks(
    config: str, *, quick: bool, output_folder: str | None = None, environment: str = "local"
) -> Iterator[Check]:
    """The checks in the order in which their lines are read; the slow one last."""
    yield from (check_platform, check_python, check_glibc, check_memory)
    settings = _settings(config, environment)
    if isinstance(settings, CheckFinding):
        yield lambda: settings
    else:
        yield lambda: CheckFinding("settings", "ok", config)
        output = Path(output_folder or settings.output_folder)
        yield partial(check_disk, output)
        yield partial(check_lock, output)
        yield partial(check_metadata, settings, output)
        yield partial(check_killed, settings, output)
    yield from (partial(check_program, name, use) for name, use in PROGRAMS.items())
    if not quick:
        yield check_imports


def check_platform() -> CheckFinding:
    here = (platform.system(), platform.machine())
    if here in MACHINES:
        return CheckFinding("platform", "ok", " ".join(here))
    remedy = "use Linux on x86-64, macOS on Apple silicon, WSL2, or docker run --platform linux/amd64"
    return CheckFinding("platform", "FAIL", f"{' '.join(here)}: TFX has no packages for it", remedy)


def check_python() -> CheckFinding:
    version = platform.python_version()
    if sys.version_info[:2] == WANTED_PYTHON:
        return CheckFinding("python", "ok", f"{version} in {sys.prefix}")
    return CheckFinding(
        "python", "FAIL", f"{version}; TFX 1.21 with its kfp extra wants 3.11", f"{SETUP}, then use .venv/bin/python"
    )


def check_glibc() -> CheckFinding:
    name, version = platform.libc_ver()
    if name != "glibc":
        return CheckFinding("glibc", "info", "not a glibc system")
    if tuple(int(part) for part in version.split(".")[:2]) >= WANTED_GLIBC:
        return CheckFinding("glibc", "ok", version)
    return CheckFinding(
        "glibc",
        "FAIL",
        f"{version}; ml-metadata and TFDV want 2.39 or newer",
        f"{SETUP}: it brings one for .venv alone",
    )


def check_memory() -> CheckFinding:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return CheckFinding("memory", "info", "unknown on this system")
    free = {line.split(":")[0]: int(line.split()[1]) / 2**20 for line in lines}.get("MemAvailable", 0.0)
    if free >= MIN_MEMORY_GB:
        return CheckFinding("memory", "ok", f"{free:.1f} GB available")
    return CheckFinding(
        "memory",
        "FAIL",
        f"{free:.1f} GB available, {MIN_MEMORY_GB} GB wanted",
        "end other programs, or use a larger machine",
    )


def check_disk(output: Path) -> CheckFinding:
    there = next(folder for folder in (output.absolute(), *output.absolute().parents) if folder.exists())
    free = shutil.disk_usage(there).free / 2**30
    if free < MIN_DISK_GB:
        return CheckFinding(
            "disk",
            "FAIL",
            f"{free:.1f} GB free for {output}, {MIN_DISK_GB:g} GB wanted",
            "free some space (make clean)",
        )
    try:
        probe = there / ".sluicegate-doctor"
        probe.touch()
        probe.unlink()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        return CheckFinding(
            "disk", "FAIL", f"{there} cannot be written: {reason}", "give yourself the right, or set `output:`"
        )
    return CheckFinding("disk", "ok", f"{free:.0f} GB free for {output}")


def check_lock(output: Path) -> CheckFinding:
    lock = output / LOCK_NAME
    try:
        if not lock.exists():
            return CheckFinding("lock", "ok", f"no run has been in {output} yet")
        process = holder(output)
        if process:
            return CheckFinding("lock", "info", f"a run is at work in {output} (process {process})")
    except OSError as error:
        return CheckFinding("lock", "FAIL", f"{lock}: {error.strerror}", "give yourself the right to read it")
    return CheckFinding("lock", "ok", f"no run is at work in {output}")


def check_killed(settings: Settings, output: Path) -> CheckFinding:
    """Closes what killed runs left open, unless a run is at work: the one check that mends what it finds."""
    from pipeline.local.lock import only_run_in

    if not (output / LOCK_NAME).exists():
        return CheckFinding("killed runs", "ok", "none")
    if holder(output):
        return CheckFinding("killed runs", "info", "not looked for while a run is at work; the next run does it")
    try:
        from pipeline.local import killed

        with only_run_in(output):
            found = killed.close(OutputFolder(output.resolve(), settings.name), settings.metadata, thorough=True)
    except (ImportError, OSError) as error:
        return CheckFinding("killed runs", "FAIL", f"cannot be put in order: {error}", SETUP)
    except SluicegateError as error:
        problem = error.problems[0]
        return CheckFinding("killed runs", "FAIL", f"{error.headline} {problem.place}: {problem.got}", problem.remedy)
    return CheckFinding("killed runs", "info" if found else "ok", "; ".join(map(str, found)) or "none")


def check_metadata(settings: Settings, output: Path | None = None) -> CheckFinding:
    """Reachable and of a version that this ML Metadata reads; a database that is not there yet is left so."""
    file = OutputFolder(output or Path(settings.output_folder)).metadata_db
    if settings.metadata.kind == "sqlite" and not file.exists():
        return CheckFinding("metadata", "ok", f"{file} is not there yet: the first run makes it")
    try:
        from pipeline.run import metadata
        from sluicegate.lineage.connection import connection

        metadata.check(connection(settings.metadata, file))
    except ImportError as error:
        return CheckFinding("metadata", "FAIL", f"ml_metadata cannot be imported: {error}", SETUP)
    except SluicegateError as error:
        problem = error.problems[0]
        return CheckFinding("metadata", "FAIL", f"{error.headline} {problem.place}: {problem.got}", problem.remedy)
    if settings.metadata.kind == "postgresql":
        return CheckFinding(
            "metadata",
            "ok",
            f"PostgreSQL {with_port(settings.metadata.host, settings.metadata.port)}/{settings.metadata.database}",
        )
    return CheckFinding("metadata", "ok", f"{file}, schema version {_schema_version(file)}")


def check_program(name: str, use: str) -> CheckFinding:
    path = shutil.which(name)
    return CheckFinding(name, "info", path or f"not here; only needed for {use}")


def check_imports() -> CheckFinding:
    """In a process of its own: a library that crashes must not take the doctor with it."""
    program = (
        "import sys, importlib\n"
        "for name in sys.argv[1:]:\n"
        "    print(name, flush=True)\n"
        "    importlib.import_module(name)"
    )
    try:
        done = subprocess.run(
            [sys.executable, "-c", program, *IMPORTS],
            capture_output=True,
            text=True,
            timeout=IMPORT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return CheckFinding(
            "packages", "FAIL", f"importing TFX took longer than {IMPORT_SECONDS} s", "look for a slow or full disk"
        )
    if done.returncode == 0:
        return CheckFinding("packages", "ok", f"{', '.join(IMPORTS)} can be imported")
    culprit = (done.stdout.split() or ["?"])[-1]
    said = ([line for line in done.stderr.splitlines() if line.strip()] or [f"ended with code {done.returncode}"])[-1]
    return CheckFinding("packages", "FAIL", f"{culprit} cannot be imported: {said.strip()}", SETUP)


def _settings(config: str, environment: str) -> Settings | CheckFinding:
    from pipeline.settings.file import load

    try:
        return load(config, (), environment).settings
    except SluicegateError as error:
        problem = error.problems[0]
        return CheckFinding("settings", "FAIL", f"{error.headline} {problem.place}: {problem.got}", problem.remedy)


def _schema_version(file: Path) -> str:
    try:
        with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as database:
            return str(database.execute("SELECT schema_version FROM MLMDEnv").fetchone()[0])
    except (sqlite3.Error, TypeError):
        return "unknown"
