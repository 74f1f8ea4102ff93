"""Commands that begin where TFX is already imported: each is a process of its own, forked from one that imported it once.

What a command does, prints and ends with is what it would be in a process started anew; only the 5 s of imports are shared. Tests
that are about the start itself (noise, speed, signals, an installed command) start a new process instead.
"""

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
#: What a run imports before its first step, and imports nothing else afterwards that takes long.
HEAVY = ("tfx.dsl.compiler.compiler", "pipeline.lint", "pipeline.graph", "pipeline.local.launch")
#: The doors: `main(words)` of the module returns the exit code.
RUNNER, VERBS = "local_runner", "sluicegate_cli.__main__"

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload([*HEAVY, RUNNER, VERBS])


def call(
    door: str, words: Sequence[object], cwd: Path = PROJECT, env: Mapping[str, str] | None = None, seconds: float = 600
) -> subprocess.CompletedProcess[str]:
    """`python -m door words` in `cwd`, with `env` beside this process's environment. Raises TimeoutExpired."""
    command = [door, *map(str, words)]
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        process = _processes.Process(target=_begin, args=(command, str(cwd), {**os.environ, **(env or {})}, out, err))
        process.start()
        process.join(seconds)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(command, seconds)
        said = [file.read_text(encoding="utf-8") if file.exists() else "" for file in (out, err)]
        return subprocess.CompletedProcess(command, process.exitcode, *said)


def _begin(command: Sequence[str], cwd: str, env: Mapping[str, str], out: Path, err: Path) -> None:
    """In the forked process: becomes the command."""
    import importlib

    absent = [name for name in HEAVY if name not in sys.modules]
    assert not absent, f"the process that is forked did not import {absent}"
    for file, descriptor in ((out, 1), (err, 2)):
        opened = os.open(file, os.O_WRONLY | os.O_CREAT)
        os.dup2(opened, descriptor)
        os.close(opened)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    tempfile.tempdir = None
    sys.argv = list(command)
    sys.exit(importlib.import_module(command[0]).main(command[1:]))
