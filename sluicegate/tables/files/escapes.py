"""Quotation marks that a backslash escapes, where the file's reader expects them doubled."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from schemas.errors import Problem
from sluicegate.tables.csv_lines import content_of, open_text
from sluicegate.tables.source import Source

BACKSLASH = "\\"
_BLOCK_BYTES = 1 << 22


def suspicious(path: Path, source: Source) -> bool:
    r"""Whether `\"` stands before something that no closing quotation mark stands before. A look at the bytes, and quick.

    "C:\data\" closes its cell properly; "he said \"hi\"" does not.
    """
    if source.escape:
        return False
    try:
        if codecs.lookup(source.encoding).name.startswith(("utf-16", "utf-32")):
            return _found(iter([content_of(path).decode(source.encoding, errors="replace").encode()]), source)
        with gzip.GzipFile(path) if path.name.lower().endswith(".gz") else path.open("rb") as stream:
            return _found(iter(lambda: stream.read(_BLOCK_BYTES), b""), source)
    except (OSError, EOFError, zlib.error):
        return False  # whoever reads the file says so better


def _found(blocks: Iterator[bytes], source: Source) -> bool:
    """The bytes are looked at in pieces, because `predict` reads tables that are larger than the memory."""
    delimiter = source.delimiter.encode()
    pattern = re.compile(rb'\\"(?!' + re.escape(delimiter) + rb'|"|\r|\n|\Z)')
    seen = b""
    for block in blocks:
        seen += block
        # What stands after the last marks may only come with the next piece.
        if any(match.end() + len(delimiter) <= len(seen) for match in pattern.finditer(seen)):
            return True
        seen = seen[-(len(delimiter) + 2) :]
    return pattern.search(seen) is not None


def opened(path: Path, source: Source) -> Any:
    r"""A pyarrow stream of the file, in which MySQL's \N stays \N: read by the escape it would be the letter N."""
    import pyarrow as pa

    if source.escape == BACKSLASH:
        content = content_of(path)
        delimiter = re.escape(source.delimiter.encode())
        kept = re.sub(rb"(^|" + delimiter + rb"|[\r\n])\\N(?=" + delimiter + rb"|\r|\n|\Z)", rb"\1\\\\N", content)
        # Neighbours share a delimiter, and one pass takes every second of them.
        kept = re.sub(rb"(" + delimiter + rb")\\N(?=" + delimiter + rb"|\r|\n|\Z)", rb"\1\\\\N", kept)
        return pa.BufferReader(kept)
    return pa.input_stream(str(path))


def problem(path: Path, source: Source) -> Problem | None:
    """The first row whose quotation marks a backslash escapes; None where the file keeps the rule of doubled ones.

    Read without the escape, such a cell loses letters or its row has too many columns: neither may pass in silence.
    """
    if not suspicious(path, source):
        return None
    with open_text(path, source) as text:
        lines = list(text)
    reader = csv.reader(iter(lines), delimiter=source.delimiter, strict=True)
    try:
        for _ in reader:
            pass
    except csv.Error:
        line = reader.line_num
        if f'{BACKSLASH}"' not in lines[line - 1]:
            return None
        return Problem(
            f"{path}, line {line}",
            f"a quotation mark inside a cell with a backslash before it: {lines[line - 1].strip()[:60]!r}",
            'quotation marks inside a cell doubled, as in "he said ""hi"""',
            'write `escape: "\\\\"` under `data:`, if that is how this file was written',
        )
    return None


def guessed(path: Path, source: Source) -> str:
    """The backslash, where reading by it works and reading without it does not; else ""."""
    if problem(path, source) is None:
        return ""
    with open_text(path, source) as text:
        content = text.read()
    reader = csv.reader(io.StringIO(content), delimiter=source.delimiter, escapechar=BACKSLASH, strict=True)
    try:
        widths = {len(cells) for cells in reader if cells}
    except csv.Error:
        return ""
    return BACKSLASH if len(widths) == 1 else ""
