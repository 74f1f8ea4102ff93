"""All files of the table as one RawTable."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from schemas.errors import DataError, Problem
from schemas.names import listed
from sluicegate.tables import cells
from sluicegate.tables.encoded import EncodedColumn, FileRows, RawTable
from sluicegate.tables.files.csv_reading import read_csv
from sluicegate.tables.files.files import HEADLINE, TableFile
from sluicegate.tables.files.parquet_reading import read_parquet
from sluicegate.tables.recognising.missing_words import already
from sluicegate.tables.source import Source

MAX_COLUMN_BYTES = 1 << 30


def read_table(files: list[TableFile], source: Source) -> RawTable:
    """Columns as codes into distinct values; white space taken off texts, missing tokens gone.

    Raises
    ------
    DataError : problems of all files together.
    """
    tables: list[Any] = []
    declared: list[dict[str, str | None]] = []
    problems: list[Problem] = []
    for file in files:
        try:
            table, types = read_parquet(file.path) if file.format == "parquet" else (read_csv(file.path, source), {})
        except DataError as error:
            problems += error.problems
            continue
        tables.append(table)
        declared.append(types)
    if not problems:
        problems = [
            problem
            for file, table in zip(files, tables, strict=True)
            if (problem := _other_columns(files[0], tables[0], file, table))
        ]
    if problems:
        raise DataError(HEADLINE, *problems)
    rows = tuple(FileRows(file.path, table.num_rows, file.split) for file, table in zip(files, tables, strict=True))
    columns = {
        name: _column(name, [table[name] for table in tables], [types.get(name) for types in declared], source)
        for name in tables[0].column_names
    }
    problems = [
        problem
        for name, column in columns.items()
        if name not in source.leave_out and (problem := too_large(column, source.path))
    ]
    if problems:
        raise DataError(HEADLINE, *problems)
    unnamed = [name for name in columns if name.startswith("unnamed_")]
    notes = (f"Columns without a name were called {listed(unnamed)}.",) if unnamed else ()
    return RawTable(columns, rows, notes)


def _column(name: str, parts: list[Any], declared: list[str | None], source: Source) -> EncodedColumn:
    import numpy as np
    import pyarrow as pa

    types = set(declared)
    if len(types) > 1:
        # Files may disagree (int here, float there, because one had gaps): numbers meet as floats, all else as text.
        common = pa.float64() if types <= {"int", "float"} else pa.string()
        parts = [part.cast(part.type.value_type).cast(common).dictionary_encode() for part in parts]
        declared = ["float" if types <= {"int", "float"} else None if types <= {"int", None} else "text"]
    chunks = [chunk for part in parts for chunk in part.chunks]
    joined = pa.chunked_array(chunks, type=parts[0].type).unify_dictionaries().combine_chunks()
    joined = joined.chunk(0) if isinstance(joined, pa.ChunkedArray) else joined
    codes = joined.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
    column = EncodedColumn(name, codes, joined.dictionary, declared[0])
    if not pa.types.is_string(joined.dictionary.type):
        return column
    texts = cells.cleaned(joined.dictionary, already(source, declared[0]))
    return (
        column if texts.equals(joined.dictionary) else replace(column.with_values(texts), taken=_taken(column, texts))
    )


def _taken(column: EncodedColumn, texts: Any) -> dict[str, int]:
    """Rows by the word that was taken for missing; blank cells are no word."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    words: dict[str, int] = {}
    counts = column.counts()
    for code in np.flatnonzero(pc.is_null(texts).to_numpy(zero_copy_only=False)):
        word = pc.utf8_trim(pa.scalar(column.values[int(code)].as_py()), characters=cells.BLANKS).as_py()
        if word:
            words[word] = words.get(word, 0) + int(counts[code])
    return words


def too_large(column: EncodedColumn, path: str) -> Problem | None:
    """A text column whose cells, written out row by row as every later step needs them, would fill the memory."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_string(column.values.type) or not len(column.values):
        return None
    lengths = pc.binary_length(column.values).to_numpy(zero_copy_only=False)
    if int(lengths.max()) * len(column.codes) <= MAX_COLUMN_BYTES:
        return None
    size = int((lengths * column.counts()).sum())
    if size <= MAX_COLUMN_BYTES:
        return None
    return Problem(
        f"{path}, column {column.name!r}",
        f"{size / 1e9:.1f} GB of text in {len(column.codes):,} rows; the longest cell has {int(lengths.max()):,} bytes",
        f"{MAX_COLUMN_BYTES / 1e9:.1f} GB per column once every row holds its own text",
        f"add {column.name} to columns.leave_out, or write a short code in place of the text",
    )


def _other_columns(first: TableFile, table: Any, file: TableFile, other: Any) -> Problem | None:
    lacking = [name for name in table.column_names if name not in other.column_names]
    added = [name for name in other.column_names if name not in table.column_names]
    if not lacking and not added:
        return None
    said = [f"lacks {listed(lacking)}"] * bool(lacking) + [f"has {listed(added)} besides"] * bool(added)
    return Problem(
        str(file.path),
        " and ".join(said),
        f"the columns of {first.path}",
        "give all files the same header, or move this one elsewhere",
    )
