"""CSV files as dictionary-encoded text. Values are typed by columns.py, so that nothing is lost on the way."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from schemas.errors import DataError, Problem
from sluicegate.tables import csv_lines
from sluicegate.tables.files import csv_problems, escapes
from sluicegate.tables.files.files import HEADLINE
from sluicegate.tables.source import Source

_BLOCK_BYTES = 1 << 24
"""One row must fit into a block; 16 MB read as fast as 1 MB."""
_STREAMED_BLOCK_BYTES = 1 << 22
"""pyarrow reads three dozen blocks ahead of whoever takes them, with threads or without."""


@dataclass(frozen=True)
class Header:
    """names : column names, an unnamed one called "unnamed_<position>".  blank_lines : lines before the header."""

    names: list[str]
    blank_lines: int = 0


def read_csv(path: Path, source: Source) -> Any:
    """A pyarrow table whose columns are dictionary<string>.

    Raises
    ------
    DataError : encoding, delimiter, header or row lengths are wrong; every problem of the first kind found is listed.
    """
    header = read_header(path, source)
    escaped = escapes.problem(path, source)
    if escaped:
        raise DataError(HEADLINE, escaped)
    table, is_ragged = _parse(path, source, header)
    if is_ragged:
        raise DataError(HEADLINE, csv_problems.ragged(path, source, len(header.names)))
    if table.num_rows == 0:
        raise DataError(
            HEADLINE,
            Problem(
                str(path), "a header line and no rows", "at least one row", "export the table again, or delete the file"
            ),
        )
    return table


def read_header(path: Path, source: Source) -> Header:
    """The first line that is not blank, white space around names taken off.

    Raises
    ------
    DataError : the file is blank, not in this encoding, not a CSV with this delimiter, or a name stands twice.
    """
    problems = csv_problems.reading_options(path, source)
    if problems:
        raise DataError(HEADLINE, *problems)
    cells, blank_lines = first_record(path, source)
    names = [name.strip() for name in cells]
    problems = csv_problems.header(path, source, names)
    if problems:
        raise DataError(HEADLINE, *problems)
    return Header([name or f"unnamed_{place}" for place, name in enumerate(names, start=1)], blank_lines)


def first_record(path: Path, source: Source) -> tuple[list[str], int]:
    """Cells of the first line that is not blank, and the number of blank lines before it. Raises DataError."""
    try:
        with _decoded(path, source) as text:
            reader = csv.reader(text, delimiter=source.delimiter, escapechar=source.escape or None)
            blank_lines = 0
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    return cells, blank_lines
                blank_lines = reader.line_num
    except UnicodeError:
        raise DataError(HEADLINE, csv_problems.encoding(path, source)) from None
    except (EOFError, OSError) as error:
        raise DataError(HEADLINE, csv_problems.damaged(path, str(error))) from None
    except csv.Error:
        raise DataError(HEADLINE, csv_problems.unparsable(path, source)) from None
    return [], blank_lines


def _decoded(path: Path, source: Source) -> io.TextIOWrapper:
    raw = gzip.GzipFile(path) if path.name.lower().endswith(".gz") else path.open("rb")
    name = codecs.lookup(source.encoding).name
    return io.TextIOWrapper(raw, encoding="utf-8-sig" if name == "utf-8" else name, newline="")


def _parse(path: Path, source: Source, header: Header) -> tuple[Any, bool]:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    ragged: list[int] = []
    options = _options(source, header, ragged)
    # Text, whatever it looks like: pyarrow's own guess would turn "007" into 7 before anybody can object.
    text = dict.fromkeys(header.names, pa.dictionary(pa.int32(), pa.string()))
    with _explained(path, source), escapes.opened(path, source) as stream:
        convert = arrow_csv.ConvertOptions(column_types=text)
        return arrow_csv.read_csv(stream, **options, convert_options=convert), bool(ragged)


def csv_batches(path: Path, source: Source, columns: Sequence[str]) -> Iterator[Any]:
    """Record batches of some of the columns, in order, as texts; memory does not grow with the file.

    Raises
    ------
    DataError : as `read_csv`, but a header without rows is no batch; of ragged rows, once they come up.
    """
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    header = read_header(path, source)
    escaped = escapes.problem(path, source)
    if escaped:
        raise DataError(HEADLINE, escaped)
    ragged: list[int] = []
    convert = arrow_csv.ConvertOptions(
        column_types=dict.fromkeys(columns, pa.string()), include_columns=list(columns) or header.names[:1]
    )
    with _explained(path, source), escapes.opened(path, source) as stream:
        if not _has_rows(path, source):
            return
        options = _options(source, header, ragged)
        options["read_options"].block_size = _STREAMED_BLOCK_BYTES
        for batch in arrow_csv.open_csv(stream, **options, convert_options=convert):
            if ragged:
                break
            yield batch
    if ragged:
        raise DataError(HEADLINE, csv_problems.ragged(path, source, len(header.names)))


def _has_rows(path: Path, source: Source) -> bool:
    """Whether a record stands below the header: pyarrow's streaming reader calls a file without one broken."""
    return next(islice(csv_lines.records(path, source), 1, None), None) is not None


def _options(source: Source, header: Header, ragged: list[int]) -> dict[str, Any]:
    """How pyarrow is to read.  ragged : takes up how many cells the rows have that it skips."""
    from pyarrow import csv as arrow_csv

    def skip(row: Any) -> str:
        ragged.append(row.actual_columns)
        return "skip"

    read = arrow_csv.ReadOptions(
        block_size=_BLOCK_BYTES,
        encoding=codecs.lookup(source.encoding).name.replace("utf-8", "utf8"),
        column_names=header.names,
        skip_rows=header.blank_lines,
        skip_rows_after_names=1,
    )
    parse = arrow_csv.ParseOptions(
        delimiter=source.delimiter,
        escape_char=source.escape or False,
        newlines_in_values=True,
        invalid_row_handler=skip,
    )
    return {"read_options": read, "parse_options": parse}


@contextmanager
def _explained(path: Path, source: Source) -> Iterator[None]:
    """Pyarrow's refusal as a DataError that says the cause."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowInvalid, UnicodeError, OSError, EOFError) as error:
        raise DataError(HEADLINE, csv_problems.why_unreadable(path, source, str(error))) from None
