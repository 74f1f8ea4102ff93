"""What every place of files can do, and how it fails.

`replace` is compare-and-swap: it succeeds only where what stands there is what the caller has read (issue 14, section 4).
"""

from __future__ import annotations

import os
import re
import secrets
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from schemas.errors import MachineError, Problem, SluicegateError

#: Bytes; nothing larger is read into memory whole.
LARGEST = 64 * 2**20
#: Environment variables that hold secrets: their values never appear in a message, whatever a cloud answers.
SECRETS = (
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AZURE_STORAGE_ACCOUNT_KEY",
    "AZURE_STORAGE_KEY",
    "AZURE_STORAGE_SAS_TOKEN",
    "AZURE_STORAGE_SAS_KEY",
    "AZURE_STORAGE_CLIENT_SECRET",
    "AZURE_CLIENT_SECRET",
    "AZURE_STORAGE_CONNECTION_STRING",
)
_LONGEST = 200
#: Key of an object's metadata that names the write that it came by. A client that lost the answer writes again and meets its own
#: write; the content could not tell it, since two writers may well have put the same.
WRITE = "sluicegate-write"


class StorageError(MachineError):
    """A place could not do what it was asked to. Nothing has changed, unless `Unreachable` came in answer to a change."""


class NotFound(StorageError):
    """No file of that name, or no such bucket."""


class Exists(StorageError):
    """`create` met a file of that name."""


class Changed(StorageError):
    """`replace` met another content than the one that the caller had read."""


class NotAllowed(StorageError):
    """No credentials, wrong ones, or ones without the right."""


class Unreachable(StorageError):
    """Nobody answers, or with something that is no answer."""


@dataclass(frozen=True)
class Stored:
    """tag : names this very content at this very place, for `replace`."""

    content: bytes
    tag: str


@dataclass(frozen=True)
class Entry:
    """name : below the place, with / between folders.  size : bytes."""

    name: str
    size: int
    tag: str


class StorageFolder(ABC):
    """A folder of files, here or in a cloud. Names are relative, with / between folders.

    uri : as it was given, without a slash at its end.  Any thread and any process may use one at the same time.
    Each method raises StorageError; which of its kinds, in the words of each.
    """

    uri: str

    @abstractmethod
    def read(self, name: str, largest: int = LARGEST) -> Stored:
        """Raises NotFound, and StorageError for more than `largest` bytes."""

    @abstractmethod
    def entries(self, below: str = "") -> list[Entry]:
        """All files below a folder of it, sorted by name; [] where there is none. Files that are being written are not listed."""

    @abstractmethod
    def about(self, name: str) -> Entry | None:
        """What `entries` tells of one file, without its content; None where there is no such file."""

    @abstractmethod
    def create(self, name: str, content: bytes) -> str:
        """Puts it where no file of the name is, and tells its tag. Raises Exists."""

    @abstractmethod
    def replace(self, name: str, content: bytes, tag: str) -> str:
        """Puts it where the content of `tag` still stands, and tells its tag. Raises Changed, also where the file is gone."""

    @abstractmethod
    def delete(self, name: str) -> None:
        """A file that is not there is deleted already."""

    @abstractmethod
    def upload(self, file: Path, name: str) -> None:
        """Puts a file of this disk, of any size, in place of what is there."""

    @abstractmethod
    def download(self, name: str, file: Path) -> None:
        """Writes it to a new file of this disk. Raises NotFound."""

    def find(self, name: str, largest: int = LARGEST) -> Stored | None:
        """As `read`, and None where there is no such file."""
        try:
            return self.read(name, largest)
        except NotFound:
            return None

    def where(self, name: str) -> str:
        """How people are told of a file."""
        return f"{self.uri}/{name}" if name else self.uri

    def __str__(self) -> str:
        return self.uri

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.uri!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StorageFolder) and self.uri == other.uri

    def __hash__(self) -> int:
        return hash(self.uri)


class CloudFolder(StorageFolder):
    """A bucket's folder. A write whose answer was lost is made again, and meets itself: then it has succeeded."""

    @abstractmethod
    def _write(self, name: str, content: bytes, tag: str | None, mark: Mapping[str, str]) -> str:
        """Puts it where the content of `tag` stands, or nothing without one; tells its tag. Raises Exists or Changed.

        mark : the object's metadata.
        """

    @abstractmethod
    def _marked(self, name: str) -> tuple[str, Mapping[str, str]] | None:
        """Tag and metadata of the object that stands there; None where there is none."""

    def create(self, name: str, content: bytes) -> str:
        return self._put(name, content, None)

    def replace(self, name: str, content: bytes, tag: str) -> str:
        return self._put(name, content, tag)

    def _put(self, name: str, content: bytes, tag: str | None) -> str:
        mine = {WRITE: secrets.token_hex(8)}
        try:
            return self._write(name, content, tag, mine)
        except (Exists, Changed):
            stands = self._marked(name)
            if stands is None or stands[1].get(WRITE) != mine[WRITE]:
                raise
            return stands[0]


def too_large(where: str, size: int, largest: int) -> StorageError:
    return StorageError(
        "A file is too large.",
        Problem(where, f"{size} bytes", f"{largest} bytes", "look at what was put there, and take it away"),
    )


def not_found(where: str) -> NotFound:
    return NotFound("There is no such file.", Problem(where, "nothing of that name", "", "correct the name"))


def exists(where: str) -> Exists:
    return Exists(
        "The file exists already.",
        Problem(where, "a file of that name", "a new name", "take another name, or leave it"),
    )


def changed(where: str) -> Changed:
    return Changed(
        "Somebody else changed a file in between.",
        Problem(where, "another content than was read", "", "look at it again, and decide anew"),
    )


def not_allowed(where: str, told: object, remedy: str) -> NotAllowed:
    return NotAllowed(
        "Access was refused.",
        Problem(where, said(told), "credentials from the environment or the cloud's own chain", remedy),
    )


def unreachable(where: str, told: object) -> Unreachable:
    return Unreachable(
        "The storage does not answer as it should.",
        Problem(where, said(told), "", "check the address, the network and the service's own state, then try again"),
    )


def brief(error: SluicegateError) -> str:
    """An error within another sentence."""
    found = [f"{problem.place}: {problem.got}" for problem in error.problems]
    return " ".join([error.headline.rstrip("."), *(f"({one})" for one in found[:1])])


def said(told: object) -> str:
    """One short line of what a library or a cloud said, without the value of any secret."""
    text = re.sub(r"://[^/@\s]+@", "://", str(told))
    for name in SECRETS:
        if secret := os.environ.get(name):
            text = text.replace(secret, f"({name})")
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
