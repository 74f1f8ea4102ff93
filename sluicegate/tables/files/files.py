"""Which files make up the table, what format they have, and their digest."""

from __future__ import annotations

import glob
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from schemas.errors import DataError, Problem
from schemas.names import listed, nearest
from sluicegate.storage.opening import absolute
from sluicegate.tables.files.fetched import on_this_machine
from sluicegate.tables.source import Source
from sluicegate.tables.split_words import SPLIT_WORDS

HEADLINE = "The table cannot be read."
_CSV = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".txt", ".txt.gz")
_PARQUET = (".parquet", ".pq")


@dataclass(frozen=True)
class TableFile:
    """One file of the table.  split : the split its folder stands for, or None."""

    path: Path
    format: str
    split: str | None = None


def find_files(source: Source) -> list[TableFile]:
    """The table's files, sorted by split folder and name.

    Raises
    ------
    DataError : the path does not exist, cannot be read, holds no table, or mixes formats.
    """
    root = on_this_machine(source.path, "data.path")
    if not root.exists():
        raise DataError(HEADLINE, _missing(root, "data.path"))
    if root.is_file():
        if source.split.folders:
            raise DataError(
                HEADLINE,
                Problem(
                    str(root),
                    "a file, and split.folders names folders",
                    "a folder",
                    "point data.path at the folder that holds them, or drop split.folders",
                ),
            )
        found: list[tuple[Path, str | None]] = [(root, None)]
    else:
        found = _in_folders(root, split_folders(source))
    return _checked(root, found, source.format)


def files_at(path: str | Path, said_by: str) -> list[TableFile]:
    """The files of a table that is not split: one file, or all of a folder, sorted by name.

    said_by : the option or setting that named the path, for messages.

    Raises
    ------
    DataError : as `find_files`.
    """
    root = on_this_machine(path, said_by)
    if not root.exists():
        raise DataError(HEADLINE, _missing(root, said_by))
    return _checked(root, [(root, None)] if root.is_file() else _in_folders(root, {}), "auto")


def _checked(root: Path, found: list[tuple[Path, str | None]], wanted: str) -> list[TableFile]:
    unreadable = [path for path, _ in found if not os.access(path, os.R_OK)]
    if unreadable:
        raise DataError(
            HEADLINE,
            *(Problem(str(path), "no permission to read it", "", f"run: chmod u+r {path}") for path in unreadable),
        )
    empty = [path for path, _ in found if path.stat().st_size == 0]
    if empty:
        raise DataError(
            HEADLINE,
            *(
                Problem(
                    str(path),
                    "an empty file (0 bytes)",
                    "a header line and rows",
                    "export the table again, or delete the file",
                )
                for path in empty
            ),
        )
    files = [TableFile(path, _format_of(path, wanted), split) for path, split in found]
    if len({file.format for file in files}) > 1:
        raise DataError(HEADLINE, _mixed(root, files))
    return files


def split_folders(source: Source) -> dict[str, str]:
    """Folder per split: as the settings say, or sub-folders called train, validation, holdout and the like.

    Sub-folders are taken for splits only when the source's folder holds no table itself.
    """
    if source.split.folders:
        return dict(source.split.folders)
    root = on_this_machine(source.path, "data.path")
    if not root.is_dir() or source.split.column or _tables(root):
        return {}
    named = {
        SPLIT_WORDS[path.name.lower()]: path.name
        for path in sorted(root.iterdir())
        if path.is_dir() and path.name.lower() in SPLIT_WORDS
    }
    return named if "train" in named else {}


def digest_of(files: list[TableFile]) -> str:
    """Hex sha256 of one file's bytes; of many, of the lines "<sha256>  <relative name>", sorted by name."""
    hashes = []
    for file in files:
        with file.path.open("rb") as stream:
            hashes.append(hashlib.file_digest(stream, "sha256").hexdigest())
    if len(files) == 1:
        return hashes[0]
    lines = sorted(zip(relative_names(files), hashes, strict=True))
    return hashlib.sha256("".join(f"{digest}  {name}\n" for name, digest in lines).encode()).hexdigest()


def relative_names(files: list[TableFile]) -> list[str]:
    """The files' names below the folder they share."""
    shared = Path(os.path.commonpath([file.path.parent for file in files]))
    return [file.path.relative_to(shared).as_posix() for file in files]


def file_pattern(source: Source) -> tuple[str, dict[str, str]]:
    """The folder and the pattern per input split that TFX's file-based driver wants; whether the table is there or not.

    Returns
    -------
    input_base : absolute folder.
    patterns : {"single_split": pattern}, or one pattern per split folder. The executor reads `Source`, not these.
    """
    path = absolute(source.path)
    if source.split.folders:
        return path, {split: f"{folder}/*" for split, folder in source.split.folders.items()}
    folder, _, name = path.rstrip("/").rpartition("/")
    if name.lower().endswith(_CSV + _PARQUET):
        return folder or "/", {"single_split": glob.escape(name)}
    return path, {"single_split": "*"}


def _in_folders(root: Path, folders: dict[str, str]) -> list[tuple[Path, str | None]]:
    wrong = [
        (split, root / folder)
        for split, folder in folders.items()
        if split not in ("train", "eval", "test") or not _tables(root / folder)
    ]
    if wrong:
        raise DataError(
            HEADLINE,
            *(
                Problem(
                    f"split.folders.{split}",
                    f"{folder} holds no CSV or Parquet file",
                    "train, eval or test: a folder below data.path",
                    "correct the folder's name",
                )
                for split, folder in wrong
            ),
        )
    if folders:
        return [(path, split) for split in folders for path in _tables(root / folders[split])]
    tables = _tables(root)
    if not tables:
        inside = sorted(path.name for path in root.iterdir())
        raise DataError(
            HEADLINE,
            Problem(
                str(root),
                f"a folder with {listed(inside) if inside else 'nothing in it'}",
                f"files ending in {', '.join(_CSV + _PARQUET)}",
                "point data.path at the table, or at the folder that holds it",
            ),
        )
    return [(path, None) for path in tables]


def _tables(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(
        path
        for path in folder.iterdir()
        if path.is_file() and path.name[0] not in "._" and path.name.lower().endswith(_CSV + _PARQUET)
    )


def _format_of(path: Path, wanted: str) -> str:
    if wanted != "auto":
        return wanted
    if path.name.lower().endswith(_PARQUET):
        return "parquet"
    if path.name.lower().endswith(_CSV):
        return "csv"
    with path.open("rb") as stream:
        return "parquet" if stream.read(4) == b"PAR1" else "csv"


def _missing(path: Path, said_by: str) -> Problem:
    folder = path.parent
    while not folder.exists():
        folder, path = folder.parent, folder
    close = nearest(path.name, [entry.name for entry in folder.iterdir()] if os.access(folder, os.R_OK) else [])
    remedy = f"did you mean {folder / close}?" if close else f"correct {said_by} (it is relative to where you run from)"
    return Problem(f"{said_by}: {path}", "no such file or folder", "", remedy)


def _mixed(root: Path, files: list[TableFile]) -> Problem:
    by_format = [next(file.path.name for file in files if file.format == wanted) for wanted in ("csv", "parquet")]
    return Problem(
        str(root),
        f"CSV and Parquet in one table: {listed(by_format)}",
        "files of one format",
        "move the files of one format elsewhere, or point data.path at a single file",
    )
