import gzip

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schemas.errors import DataError
from sluicegate.tables.files import csv_reading, streaming
from sluicegate.tables.files.files import files_at
from sluicegate.tables.source import Source

ROWS = [("1", "a"), ("", " b "), ("?", 'say "x"'), ("4.5", "two\nlines"), ("007", "ä, ö")]


def source(path, **more):
    return Source(str(path), label="", **more)


def read(path, columns=("n", "t"), **more):
    """All rows, as (first row's number in its file, rows of texts)."""
    origin = source(path, **more)
    found = []
    for batch in streaming.batches(files_at(path, "--input"), origin, list(columns)):
        assert batch.rows.schema.names == list(columns)
        found.append((batch.first, list(zip(*(column.to_pylist() for column in batch.rows.columns), strict=True))))
    return found


def written(rows, delimiter=","):
    cells = [[f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row] for row in rows]
    return "\n".join([delimiter.join(["n", "more", "t"]), *(delimiter.join([n, '"-"', t]) for n, t in cells)]) + "\n"


@pytest.mark.parametrize(
    ("content", "name", "options"),
    [
        (written(ROWS).encode(), "a.csv", {}),
        (gzip.compress(written(ROWS).encode(), mtime=0), "a.csv.gz", {}),
        (b"\xef\xbb\xbf" + written(ROWS).encode(), "a.csv", {}),
        (b"\n\n" + written(ROWS).encode(), "a.csv", {}),
        (written(ROWS, ";").encode("latin-1"), "a.csv", {"delimiter": ";", "encoding": "latin-1"}),
        (written(ROWS).encode("utf-16"), "a.csv", {"encoding": "utf-16"}),
        (written(ROWS).replace("\n", "\r\n").replace("two\r\n", "two\n").encode(), "table.txt", {}),
    ],
)
def test_cells_are_what_is_written(tmp_path, content, name, options):
    path = tmp_path / name
    path.write_bytes(content)
    assert read(path, **options) == [(0, ROWS)]


def test_blocks_follow_each_other_and_rows_keep_their_numbers(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_reading, "_STREAMED_BLOCK_BYTES", 64)
    rows = [(str(number), f"text {number}") for number in range(100)]
    path = tmp_path / "a.csv"
    path.write_text(written(rows))
    found = read(path)
    assert len(found) > 10
    assert [row for _, part in found for row in part] == rows
    assert [first for first, _ in found] == [int(part[0][0]) for _, part in found]


def test_a_folder_is_read_in_the_order_of_names_and_each_file_counts_anew(tmp_path):
    for name, rows in [("b.csv", ROWS[2:]), ("a.csv", ROWS[:2])]:
        (tmp_path / name).write_text(written(rows))
    assert read(tmp_path) == [(0, ROWS[:2]), (0, ROWS[2:])]


def test_parquet_keeps_its_types(tmp_path, monkeypatch):
    monkeypatch.setattr(streaming, "BATCH_ROWS", 2)
    table = pa.table({"n": [1, None, 3], "more": [[1], [2], []], "t": pa.array(["a", "b", None]).dictionary_encode()})
    pq.write_table(table, tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet") == [(0, [(1, "a"), (None, "b")]), (2, [(3, None)])]


def test_a_header_without_rows_is_no_batch(tmp_path):
    for text in ("n,t", "n,t\n", "n,t\n\n\n"):
        (tmp_path / "a.csv").write_text(text)
        assert read(tmp_path / "a.csv") == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"n,t\n1,a\n2\n3,c\n", r"a\.csv, line 3.*1 columns.*2 columns, as in the header"),
        (b"n,t\n1,\xff\n", r"line 2.*0xff"),
        (b"n;t\n1;a\n", "one column only"),
        (b"PK\x03\x04", "a zip archive"),
        (b"\n\n", "blank lines"),
        (b"n,n\n1,2\n", "the name stands 2 times"),
    ],
)
def test_a_csv_that_cannot_be_read(tmp_path, content, said):
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=f"(?s){said}"):
        read(path)


def test_ragged_rows_far_from_the_beginning(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_reading, "_STREAMED_BLOCK_BYTES", 256)
    path = tmp_path / "a.csv"
    path.write_text(written([("1", "a")] * 500) + "1,-,b,more\n")
    with pytest.raises(DataError, match=r"(?s)line 502.*4 columns"):
        read(path)


def test_a_damaged_archive_and_a_damaged_parquet(tmp_path):
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(written(ROWS * 1000).encode())[:-20])
    with pytest.raises(DataError, match="damaged file"):
        read(tmp_path / "a.csv.gz")
    pq.write_table(pa.table({"n": [1], "t": ["a"]}), tmp_path / "a.parquet")
    whole = (tmp_path / "a.parquet").read_bytes()
    (tmp_path / "a.parquet").write_bytes(whole[:50])
    with pytest.raises(DataError, match="damaged file"):
        read(tmp_path / "a.parquet")


def test_every_files_columns_are_looked_at_first(tmp_path):
    (tmp_path / "a.csv").write_text("n,t\n1,a\n")
    (tmp_path / "b.csv").write_text("N,t\n1,a\n")
    (tmp_path / "c.csv").write_text("")
    (tmp_path / "c.csv").write_text("\n")
    files = files_at(tmp_path, "--input")
    with pytest.raises(DataError) as caught:
        streaming.check_columns(files, source(tmp_path), {"n": "do this", "t": "do that"})
    first, second = caught.value.problems
    assert (first.place, first.remedy) == (f"{tmp_path / 'b.csv'}: 'n'", "do this")
    assert "did you mean 'N'?" in first.allowed
    assert "blank lines" in second.got


def test_where_a_row_stands(tmp_path):
    (tmp_path / "a.csv").write_text(written(ROWS))
    origin = source(tmp_path)
    [batch] = streaming.batches(files_at(tmp_path, "--input"), origin, ["n"])
    assert streaming.place(batch, origin, 4, "n") == f"{tmp_path / 'a.csv'}, line 7, column 'n'"


def test_a_path_that_is_not_there(tmp_path):
    (tmp_path / "march.csv").write_text("n\n1\n")
    with pytest.raises(DataError, match=r"(?s)--input: .*did you mean .*march\.csv"):
        files_at(tmp_path / "marsh.csv", "--input")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="files ending in"):
        files_at(tmp_path / "empty", "--input")
