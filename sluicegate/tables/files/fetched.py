"""A table in a bucket as files of this machine: fetched whole into the cache, once per content.

Not read from afar through pyarrow's file systems: a run reads the table several times (the look before it starts, ExampleGen, predict),
byte by byte for line numbers and digests, and each library would bring a chain of credentials of its own (adr/0028).
"""

from __future__ import annotations

import hashlib
from pathlib import Path, PurePosixPath

from schemas.errors import DataError, Problem
from sluicegate.storage import cache
from sluicegate.storage.opening import at, is_remote, local_path, split_name
from sluicegate.storage.place import Entry, StorageFolder

_TABLES = "tables"
_TRIES = 3


def on_this_machine(path: str | Path, said_by: str) -> Path:
    """The file or folder of a table, fetched if it is a URI and this content of it was not fetched before.

    said_by : the option or setting that named it.

    Raises DataError where there is nothing, or where it changes all the time; StorageError and MachineError where it cannot be fetched.
    """
    if not is_remote(path):
        return local_path(path)
    for _ in range(_TRIES):
        folder, entries, is_file = _listed(str(path))
        if not entries:
            raise DataError(
                "The table cannot be read.",
                Problem(
                    f"{said_by}: {path}", "no such file or folder", "", f"correct {said_by}, or put the table there"
                ),
            )
        kept = _kept(str(path), folder, entries)
        if _listed(str(path))[1] == entries:
            return kept / entries[0].name if is_file else kept
    raise DataError(
        "The table changes while it is read.",
        Problem(
            f"{said_by}: {path}", f"other files each of {_TRIES} times", "files that stay", "wait until it is written"
        ),
    )


def _listed(uri: str) -> tuple[StorageFolder, list[Entry], bool]:
    """Where it lies, its files by name below that, and whether it is a file itself."""
    above, name = split_name(uri)
    if name and (entry := at(above).about(name)):
        return at(above), [entry], True
    return at(uri), at(uri).entries(), False


def _kept(uri: str, folder: StorageFolder, entries: list[Entry]) -> Path:
    what = "\n".join([uri, *(f"{entry.name} {entry.size} {entry.tag}" for entry in entries)])
    target = cache.folder() / _TABLES / hashlib.sha256(what.encode()).hexdigest()[:32]

    def fill(aside: Path) -> None:
        for entry in entries:
            file = aside / PurePosixPath(entry.name)
            file.parent.mkdir(parents=True, exist_ok=True)
            folder.download(entry.name, file)

    def is_whole(found: Path) -> bool:
        files = (found / entry.name for entry in entries)
        return [file.stat().st_size if file.is_file() else -1 for file in files] == [entry.size for entry in entries]

    return cache.kept(target, fill, is_whole)
