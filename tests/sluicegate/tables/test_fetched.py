"""A table in a bucket reads as the same table on a disk."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schemas.errors import DataError
from sluicegate.storage.opening import at
from sluicegate.tables.files.fetched import on_this_machine
from sluicegate.tables.files.files import digest_of, files_at, find_files
from sluicegate.tables.inspecting import inspect
from sluicegate.tables.source import Source

ROWS = "age,color,y\n" + "".join(
    f"{20 + n % 50},{('red', 'blue')[n % 2]},{('no', 'yes')[n % 3 == 0]}\n" for n in range(300)
)


def test_a_csv_is_the_same_table_there_as_here(bucket: str, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(ROWS)
    at(bucket).upload(tmp_path / "t.csv", "tables/t.csv")
    here = inspect(Source(str(tmp_path / "t.csv"), label="y"))
    there = inspect(Source(f"{bucket}/tables/t.csv", label="y"))
    assert (there.digest, there.rows, there.columns) == (here.digest, here.rows, here.columns)


def test_a_folder_of_parquet_and_its_split_folders_are_found(bucket: str, tmp_path: Path) -> None:
    for split in ("train", "test"):
        pq.write_table(pa.table({"a": [1, 2], "y": ["no", "yes"]}), tmp_path / f"{split}.parquet")
        at(bucket).upload(tmp_path / f"{split}.parquet", f"t/{split}/part-0.parquet")
    found = find_files(Source(f"{bucket}/t", label="y"))
    assert [(file.format, file.split) for file in found] == [("parquet", "test"), ("parquet", "train")] or [
        (file.format, file.split) for file in found
    ] == [("parquet", "train"), ("parquet", "test")]


def test_it_is_fetched_once_and_anew_when_it_has_changed(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    at(bucket).create("t.csv", b"a,y\n1,2\n")
    first = on_this_machine(f"{bucket}/t.csv", "data.path")
    with monkeypatch.context() as patched:
        patched.setattr(type(at(bucket)), "download", None)
        assert on_this_machine(f"{bucket}/t.csv", "data.path") == first
    at(bucket).replace("t.csv", b"a,y\n1,3\n", at(bucket).read("t.csv").tag)
    second = on_this_machine(f"{bucket}/t.csv", "data.path")
    assert (first.read_bytes(), second.read_bytes()) == (b"a,y\n1,2\n", b"a,y\n1,3\n")
    assert digest_of(files_at(f"{bucket}/t.csv", "--input")) == digest_of(files_at(second, "--input"))


def test_a_copy_that_was_cut_off_is_fetched_again(bucket: str) -> None:
    at(bucket).create("t.csv", b"a,y\n1,2\n")
    kept = on_this_machine(f"{bucket}/t.csv", "data.path")
    kept.write_bytes(b"a,y\n")
    assert on_this_machine(f"{bucket}/t.csv", "data.path").read_bytes() == b"a,y\n1,2\n"


def test_where_nothing_is_the_setting_is_named(bucket: str) -> None:
    with pytest.raises(DataError, match=rf"data\.path: {bucket}/nothing\.csv"):
        find_files(Source(f"{bucket}/nothing.csv", label="y"))
