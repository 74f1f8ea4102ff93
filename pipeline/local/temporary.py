"""One folder for everything that a run's libraries put into /tmp (Beam, TensorFlow's autograph, the serving check), so that it can go as a whole."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: In the run's folder: a link to it, for as long as it is there.
LINK = "tmp"
PREFIX = "sluicegate-"


@contextmanager
def of_run(home: Path) -> Iterator[Path]:
    """Where the machine keeps temporary files (TMPDIR), for the time of the block; children of this process use it, too."""
    before, variable = tempfile.tempdir, os.environ.get("TMPDIR")
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{home.name}-"))
    (home / LINK).symlink_to(folder)
    tempfile.tempdir = os.environ["TMPDIR"] = str(folder)
    try:
        yield folder
    finally:
        tempfile.tempdir = before
        if variable is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = variable
        remove_left(home)


def remove_left(home: Path) -> None:
    """Removes the run's folder, and nothing that a link was bent to."""
    link = home / LINK
    if not link.is_symlink():
        return
    folder = Path(os.readlink(link))
    if folder.name.startswith(f"{PREFIX}{home.name}-") and folder.is_dir() and not folder.is_symlink():
        shutil.rmtree(folder, ignore_errors=True)
    link.unlink(missing_ok=True)
