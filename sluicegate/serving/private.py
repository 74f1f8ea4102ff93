"""Files and folders that hold what clients sent: for the user that runs the server, and nobody else."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

FILE_MODE, FOLDER_MODE = 0o600, 0o700


def opener(path: str, flags: int) -> int:
    """For `open(..., opener=opener)`: a file that is made has FILE_MODE; one that is there keeps its own."""
    return os.open(path, flags, FILE_MODE)


def make_folders(root: Path, below: Path) -> None:
    """Makes `root` and the server's own folder `below` in it.

    A root that is there may be anybody's, such as /tmp, and keeps its mode. `below` is closed also where an older server made
    it open, because the files in it are. Raises OSError.
    """
    if not root.is_dir():
        root.parent.mkdir(parents=True, exist_ok=True)
        root.mkdir(mode=FOLDER_MODE, exist_ok=True)
    below.mkdir(mode=FOLDER_MODE, exist_ok=True)
    if below.stat().st_mode & 0o077:
        with suppress(PermissionError):  # another user's, who lets us write there
            below.chmod(FOLDER_MODE)
