"""Quotation marks that a backslash escapes, where the file's reader expects them doubled."""

from __future__ import annotations

import codecs
import csv
import io
import mmap
import re
import zlib
from pathlib import Path
from typing import Any

from components.example_gen.csv_lines import content_of, open_text
from components.example_gen.source import Source
from schemas.errors import Problem

BACKSLASH = "\\"


def suspicious(path: Path, source: Source) -> bool:
    r"""Whether `\"` stands before something that no closing quotation mark stands before. A look at the bytes, and quick.

    "C:\data\" closes its cell properly; "he said \"hi\"" does not.
    """
    if source.escape:
        return False
    try:
        content: Any = content_of(path) if path.name.lower().endswith(".gz") else _mapped(path)
    except (OSError, EOFError, zlib.error):
        return False  # whoever reads the file says so better
    if codecs.lookup(source.encoding).name.startswith(("utf-16", "utf-32")):
        content = bytes(content).decode(source.encoding, errors="replace").encode()
    delimiter = re.escape(source.delimiter.encode())
    return re.search(rb'\\"(?!' + delimiter + rb'|"|\r|\n|\Z)', content) is not None


def _mapped(path: Path) -> Any:
    """The file's bytes without a copy of them."""
    with path.open("rb") as stream:
        return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) if path.stat().st_size else b""


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
