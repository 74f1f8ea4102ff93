"""What can be wrong with a CSV file, said so that the reader finds the place in an editor."""

from __future__ import annotations

import codecs
import zlib
from collections import Counter
from pathlib import Path

from schemas.errors import Problem
from schemas.names import listed
from sluicegate.tables.csv_lines import content_of, records
from sluicegate.tables.source import Source

DELIMITERS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}
_MAX_CELL_LINES = 1000
"""A cell that runs over more lines is taken for a quotation mark that was never closed."""


def reading_options(path: Path, source: Source) -> list[Problem]:
    """A delimiter of more than one byte, an encoding nobody knows, or one that the first bytes contradict."""
    problems = []
    if len(source.delimiter.encode()) != 1 or source.delimiter in '\r\n"':
        problems.append(
            Problem(
                "data.delimiter", repr(source.delimiter), "one character: , ; | or \\t", "name the one the file uses"
            )
        )
    try:
        codec = codecs.lookup(source.encoding).name
    except LookupError:
        return [
            *problems,
            Problem(
                "data.encoding",
                repr(source.encoding),
                "a name Python knows: utf-8, latin-1, utf-16",
                "correct the name",
            ),
        ]
    with path.open("rb") as stream:
        start = stream.read(4)
    if start[:2] == b"PK" or start == b"PAR1":
        found = "a Parquet file" if start == b"PAR1" else "a zip archive or a spreadsheet"
        problems.append(
            Problem(
                str(path),
                f"{found}, although it was to be read as CSV",
                "CSV, CSV.gz or Parquet",
                "set data.format: parquet" if start == b"PAR1" else "unpack it, or export the sheet as CSV",
            )
        )
    if start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) and not codec.startswith("utf-16"):
        problems.append(
            Problem(f"{path}, byte 1", "a mark that says UTF-16", source.encoding, "set data.encoding: utf-16")
        )
    return problems


def header(path: Path, source: Source, names: list[str]) -> list[Problem]:
    """Blank file, wrong delimiter, no header line, a name that stands twice."""
    if not any(names):
        return [
            Problem(
                str(path),
                "nothing but blank lines",
                "a header line and rows",
                "export the table again, or delete the file",
            )
        ]
    others = [sign for sign in DELIMITERS if sign != source.delimiter and sign in names[0]]
    if len(names) == 1 and others:
        sign = max(others, key=names[0].count)
        shown = "\\t" if sign == "\t" else sign
        return [
            Problem(
                f"{path}, line 1",
                f"one column only, and its name holds {DELIMITERS[sign]}: {names[0][:60]!r}",
                f"columns separated by {source.delimiter!r}",
                f'set data.delimiter: "{shown}"',
            )
        ]
    if source.label not in names and sum(map(_is_number, names)) * 2 > len(names):
        return [
            Problem(
                f"{path}, line 1",
                f"numbers where names should stand: {listed(names, 4)}",
                "a header line",
                "write the column names above the first row",
            )
        ]
    twice = [name for name, count in Counter(filter(None, names)).items() if count > 1]
    return [
        Problem(
            f"{path}, line 1, column {name!r}",
            f"the name stands {names.count(name)} times, columns "
            f"{', '.join(str(place) for place, other in enumerate(names, 1) if other == name)}",
            "each name once",
            "rename all but one of them",
        )
        for name in twice
    ]


def ragged(path: Path, source: Source, expected: int) -> Problem:
    """The rows with more or fewer cells than the header has names."""
    wrong = [record for record in records(path, source) if len(record.cells) != expected]
    if not wrong or any(record.end - record.line >= _MAX_CELL_LINES for record in wrong):
        return unparsable(path, source)
    shown = "; ".join(f"line {record.line}: {len(record.cells)} columns" for record in wrong[:3])
    more = f"; {len(wrong) - 3} more lines" if len(wrong) > 3 else ""
    return Problem(
        f"{path}, line {wrong[0].line}",
        shown + more,
        f"{expected} columns, as in the header",
        _remedy_of_ragged(path, source, expected),
    )


def _remedy_of_ragged(path: Path, source: Source, expected: int) -> str:
    if all(len(record.cells) == expected for record in records(path, source, quote="'")):
        name, sep = repr(path.name), f"sep={source.delimiter!r}"
        again = f'pandas.read_csv({name}, {sep}, quotechar="\'", dtype=str, keep_default_na=False)'
        return (
            "this file has ' around its cells, where a CSV has quotation marks. Write it anew with those, as pandas does: "
            f"import pandas; {again}.to_csv({name}, {sep}, index=False)"
        )
    return f'put quotation marks around cells that hold "{source.delimiter}", or correct the line'


def why_unreadable(path: Path, source: Source, said: str) -> Problem:
    """The cause of pyarrow's refusal, found by looking at the bytes; `said` is pyarrow's own word."""
    try:
        content = content_of(path)
    except (OSError, EOFError, zlib.error) as error:
        return damaged(path, str(error))
    try:
        content.decode(source.encoding)
    except UnicodeError:
        return encoding(path, source)
    if "straddling" in said or "block" in said:
        return unparsable(path, source)
    return Problem(
        str(path), said.splitlines()[0], "a CSV file", "open the file in an editor at that place and correct it"
    )


def encoding(path: Path, source: Source) -> Problem:
    """The first byte that is no text in this encoding."""
    content = content_of(path)
    offset = 0
    try:
        content.decode(source.encoding)
    except UnicodeDecodeError as error:
        offset = error.start
    line = content[:offset].count(b"\n") + 1
    other = "utf-16" if content[:200].count(0) > 20 else "latin-1"
    return Problem(
        f"{path}, line {line}, byte {offset + 1} of the file",
        f"byte 0x{content[offset]:02x}, which is no text in {source.encoding}",
        f"text in {source.encoding}",
        f"set data.encoding: {other} if the file was written so, or save it as UTF-8",
    )


def unparsable(path: Path, source: Source) -> Problem:
    """A quotation mark that opens a cell and is never closed swallows the rest of the file."""
    longest = max(records(path, source), key=lambda record: record.end - record.line, default=None)
    line, lines = (longest.line, longest.end - longest.line + 1) if longest else (1, 1)
    return Problem(
        f"{path}, line {line}",
        f"a row that runs over {lines} lines",
        f"rows of at most {_MAX_CELL_LINES} lines and a few megabytes",
        "close the quotation mark that this row opens, or double it if it belongs to the text",
    )


def damaged(path: Path, said: str) -> Problem:
    """A .gz that cannot be unpacked, or a file that the system does not hand out."""
    is_gzip = path.name.lower().endswith(".gz")
    return Problem(
        str(path),
        f"a damaged file: {said}",
        "a complete gzip archive" if is_gzip else "a readable file",
        "copy or export it again" + (f"; `gzip -t {path}` must be silent" if is_gzip else ""),
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
