"""A file that readers see whole: the old content or the new one, never half of either, also after a power cut."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def write_whole(path: Path, content: bytes) -> Path:
    """Writes aside, then renames. Raises OSError; then nothing has changed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as aside:
        aside.write_bytes(content)
    return path


@contextmanager
def replacing(path: Path, aside: Path | None = None) -> Iterator[Path]:
    """A path to write to; at the end of the block that file takes the place of `path`.

    aside : that path, in the folder of `path`; by default a new hidden name.

    On an error nothing has changed and nothing is left behind; nor has it where the block wrote no file. Raises OSError.
    """
    aside = aside or path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}")
    try:
        yield aside
        if aside.exists():
            _keep(aside)
            os.replace(aside, path)
            _keep_name(path.parent)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def _keep(file: Path) -> None:
    """The content must survive a power cut before the name does."""
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _keep_name(folder: Path) -> None:
    """The rename, too, must survive a power cut."""
    try:
        _keep(folder)
    except OSError:
        return  # some file systems take no fsync of a folder, and lose no name for it
