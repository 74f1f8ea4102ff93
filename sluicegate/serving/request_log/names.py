"""Names of folders and files of the request log. Pure."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

IN_PROGRESS = ".inprogress"
BROKEN = ".broken"
#: A name of a file may have 255 bytes, and ours carries a time, numbers and endings.
_MOST = 120
_FILE = re.compile(r"(?P<model>.+)-(?P<began>\d{8}T\d{6}Z)-(?P<sequence>\d{6,})-(?P<pid>\d+)\.(?P<format>[a-z]+)")


def folder_of(model: str) -> str:
    """The one folder name of a model: it cannot leave its parent, hide itself or meet another model's.

    >>> folder_of("census"), folder_of("../etc/passwd"), folder_of(".."), folder_of("")
    ('census', '%2E.%2Fetc%2Fpasswd', '%2E.', '%')
    """
    name = quote(model.encode("utf-8", "surrogatepass"), safe="") or "%"
    if name.startswith("."):
        name = "%2E" + name[1:]
    if len(name) > _MOST:
        # "%" before two digits of a hash that are not an escape cannot come from quote.
        name = name[: _MOST - 40] + "%~" + hashlib.blake2b(name.encode(), digest_size=16).hexdigest()
    return name


@dataclass(frozen=True)
class FileName:
    """began : when the file was opened, seconds since 1970.  sequence : number within the process.  format : ending."""

    model: str
    began: float
    sequence: int
    pid: int
    format: str

    def __str__(self) -> str:
        began = datetime.fromtimestamp(self.began, UTC).strftime("%Y%m%dT%H%M%SZ")
        return f"{folder_of(self.model)}-{began}-{self.sequence:06d}-{self.pid}.{self.format}"


def hidden(name: str) -> str:
    """Of a complete file's name that of the file while it is written."""
    return f".{name}{IN_PROGRESS}"


def shown(name: str) -> str:
    """The opposite of `hidden`."""
    return name.removeprefix(".").removesuffix(IN_PROGRESS)


def age_of(name: str, format_name: str) -> tuple[str, int] | None:
    """Sorts complete files from oldest to newest; None for anything that is not one of this format.

    >>> age_of("census-20261121T070000Z-000003-77.parquet", "parquet")
    ('20261121T070000Z', 3)
    >>> age_of(".census-20261121T070000Z-000003-77.parquet.inprogress", "parquet")
    """
    found = _FILE.fullmatch(name)
    if found is None or name.startswith(".") or found["format"] != format_name:
        return None
    return found["began"], int(found["sequence"])
