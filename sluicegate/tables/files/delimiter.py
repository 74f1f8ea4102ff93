"""Which character parts the cells of a CSV file and which escapes a quotation mark, where nobody has said so."""

from __future__ import annotations

from dataclasses import replace

from sluicegate.tables.files import escapes
from sluicegate.tables.files.csv_problems import DELIMITERS, reading_options
from sluicegate.tables.files.csv_reading import first_record
from sluicegate.tables.files.files import find_files
from sluicegate.tables.source import Source


def guessed(source: Source) -> Source:
    """`source` with the delimiter that cuts the first header into most columns; a comma where none does;
    and with a backslash as escape, where only so all rows have one length.

    What else is wrong with the file is left to its reader. Raises DataError where there is no table, or its first line
    cannot be read.
    """
    [first, *_] = find_files(source)
    if first.format != "csv" or reading_options(first.path, source):
        return source
    columns = {sign: len(first_record(first.path, replace(source, delimiter=sign))[0]) for sign in DELIMITERS}
    source = replace(source, delimiter=max(DELIMITERS, key=lambda sign: columns[sign]))
    return replace(source, escape=escapes.guessed(first.path, source))
