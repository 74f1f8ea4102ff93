"""Where a row of a CSV stands in its file. Slow and exact; used only once something is wrong."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sluicegate.tables.source import Source


@dataclass(frozen=True)
class Record:
    """line, end : 1-based lines as an editor shows them, the record's first and last.  cells : its texts."""

    line: int
    cells: list[str]
    end: int


def content_of(path: Path) -> bytes:
    """The file's bytes, unpacked if its name ends in .gz."""
    return gzip.decompress(path.read_bytes()) if path.name.lower().endswith(".gz") else path.read_bytes()


def open_text(path: Path, source: Source) -> io.TextIOWrapper:
    """The file's text, line ends as they are; bytes that are none in its encoding become U+FFFD."""
    encoding = "utf-8-sig" if source.encoding.lower().replace("_", "-") in ("utf-8", "utf8") else source.encoding
    raw = gzip.GzipFile(path) if path.name.lower().endswith(".gz") else path.open("rb")
    return io.TextIOWrapper(raw, encoding=encoding, errors="replace", newline="")


def records(path: Path, source: Source, quote: str = '"') -> Iterator[Record]:
    """The header and the rows; blank lines are skipped, as pyarrow does. Stops where the csv module gives up.

    quote : what stands around cells.
    """
    with open_text(path, source) as text:
        reader = csv.reader(text, delimiter=source.delimiter, quotechar=quote, escapechar=source.escape or None)
        before = 0
        try:
            for cells in reader:
                if cells:
                    yield Record(before + 1, cells, reader.line_num)
                before = reader.line_num
        except csv.Error:
            return


def line_of(path: Path, source: Source, row: int) -> int | None:
    """The line where data row `row` (from 0, the header not counted) begins."""
    for number, record in enumerate(records(path, source), start=-1):
        if number == row:
            return record.line
    return None
