"""Reads what others may put in a file's place: a pipe or a device holds no reader, and nothing endless fills the memory."""

from __future__ import annotations

import os
import stat
from pathlib import Path

#: Bytes of a file that people write or that describes something.
LARGEST_TEXT = 16 * 2**20


def read_plain(path: Path, largest: int = LARGEST_TEXT) -> bytes:
    """Its content.

    largest : bytes that it may have.

    Raises ValueError for what is no file or too large, OSError where it is not there or cannot be read.
    """
    descriptor = _opened(path, os.O_RDONLY)
    with open(descriptor, "rb") as file:
        size = os.fstat(descriptor).st_size
        if size > largest:
            raise ValueError(f"{path} has {size} bytes; it may have {largest}")
        return file.read(largest)


def open_plain_to_write(path: Path) -> int:
    """A descriptor of it, made anew where it is missing. Raises ValueError for what is no file, and OSError."""
    return _opened(path, os.O_WRONLY | os.O_CREAT)


def _opened(path: Path, flags: int) -> int:
    # Without O_NONBLOCK, opening a pipe waits for its other end.
    descriptor = os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC, 0o666)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ValueError(f"{path} is no file")
    return descriptor
