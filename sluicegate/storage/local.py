"""A folder of this machine, or one that is mounted into it.

A change is made under an advisory lock, which the kernel drops when its holder dies: write aside, fsync, rename.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from schemas.errors import Problem
from schemas.plain_file import open_plain_to_write, read_plain
from schemas.whole_file import replacing, write_whole
from sluicegate.storage.place import (
    LARGEST,
    Entry,
    StorageError,
    StorageFolder,
    Stored,
    Unreachable,
    changed,
    exists,
    not_allowed,
    not_found,
    said,
)

#: One per folder; of this name because the writers of earlier releases take it, too.
LOCK_NAME = ".release.lock"
#: Seconds for the lock: its holder compares and writes one small file.
PATIENCE = 30.0
_PAUSE = 0.002


class LocalFolder(StorageFolder):
    """Tags are the SHA-256 of the content."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.uri = folder, str(folder)

    def read(self, name: str, largest: int = LARGEST) -> Stored:
        content = self._content(name, largest)
        if content is None:
            raise not_found(self.where(name))
        return Stored(content, tag_of(content))

    def entries(self, below: str = "") -> list[Entry]:
        root = self.folder / below
        with _told(str(root)):
            found = [path for path in root.rglob("*") if path.is_file() and not path.name.startswith(".")]
            return sorted((self._entry(path) for path in found), key=lambda entry: entry.name)

    def about(self, name: str) -> Entry | None:
        path = self.folder / name
        with _told(self.where(name)):
            return self._entry(path) if path.is_file() else None

    def create(self, name: str, content: bytes) -> str:
        with _told(self.where(name)), self._locked():
            if os.path.lexists(self.folder / name):
                raise exists(self.where(name))
            write_whole(self.folder / name, content)
        return tag_of(content)

    def replace(self, name: str, content: bytes, tag: str) -> str:
        with self._locked():
            stands = self._content(name, LARGEST)
            if stands is None or tag_of(stands) != tag:
                raise changed(self.where(name))
            with _told(self.where(name)):
                write_whole(self.folder / name, content)
        return tag_of(content)

    def delete(self, name: str) -> None:
        with _told(self.where(name)):
            (self.folder / name).unlink(missing_ok=True)

    def upload(self, file: Path, name: str) -> None:
        with _told(self.where(name)):
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            with replacing(self.folder / name) as aside:
                shutil.copyfile(file, aside)

    def download(self, name: str, file: Path) -> None:
        if not (self.folder / name).is_file():
            raise not_found(self.where(name))
        with _told(self.where(name)):
            shutil.copyfile(self.folder / name, file)

    def _content(self, name: str, largest: int) -> bytes | None:
        with _told(self.where(name)):
            # A link that leads nowhere is no missing file: somebody meant something to stand there.
            return read_plain(self.folder / name, largest) if os.path.lexists(self.folder / name) else None

    def _entry(self, path: Path) -> Entry:
        about = path.stat()
        return Entry(path.relative_to(self.folder).as_posix(), about.st_size, f"{about.st_mtime_ns}-{about.st_size}")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        lock = self.folder / LOCK_NAME
        with _told(str(lock)):
            self.folder.mkdir(parents=True, exist_ok=True)
            descriptor = open_plain_to_write(lock)
        try:
            _take(descriptor, lock)
            yield
        finally:
            os.close(descriptor)


def _take(descriptor: int, lock: Path) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > until:
                raise Unreachable(
                    "A lock is not to be had.",
                    Problem(
                        str(lock), f"held by somebody else for {PATIENCE:.0f} s", "", "look who holds it: fuser FILE"
                    ),
                ) from None
            time.sleep(_PAUSE)


def tag_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@contextmanager
def _told(where: str) -> Iterator[None]:
    """What the disk says, in our four parts."""
    try:
        yield
    except PermissionError as error:
        raise not_allowed(where, error.strerror, "give yourself the right to read and write there") from None
    except (OSError, ValueError) as error:
        text = (error.strerror if isinstance(error, OSError) else None) or str(error)
        full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
        remedy = "free some space" if full else "look at what stands there"
        raise StorageError("The disk does not let us.", Problem(where, said(text), "", remedy)) from None
