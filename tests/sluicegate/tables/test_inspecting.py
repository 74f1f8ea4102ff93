"""Good tables: what is read, how it is typed, and what was decided about it."""

from __future__ import annotations

import datetime as dt
import decimal
import gzip
import subprocess
import sys
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import csv as arrow_csv
from pyarrow import parquet

from schemas.errors import DataError
from schemas.pbtxt import parse_pbtxt
from sluicegate.tables.inspecting import Source, SplitRule, TableProfile, file_pattern, inspect, load
from tests.sluicegate.tables.tables import HEADER, rows, source, write


def all_rows(wanted: Source, schema: object = None) -> pa.Table:
    return pa.concat_tables(load(wanted, schema).values())  # type: ignore[arg-type]


def of_column(path: Path, texts: list[str], **changes: object) -> tuple[str, str, list[object]]:
    """Type, kind and values (in the table's order) of a column that holds `texts` again and again."""
    lines = [[str(i), texts[i % len(texts)], cells[3]] for i, cells in enumerate(rows())]
    wanted = source(write(path, lines, ["row", "x", "label"]), **changes)
    column = inspect(wanted).column("x")
    table = all_rows(wanted).sort_by("row")
    return column.type, column.kind, table["x"].to_pylist()[: len(texts)]


def test_importing_core_loads_nothing_heavy() -> None:
    code = "import sys, sluicegate.tables.inspecting; print([m for m in ('pyarrow', 'numpy', 'pandas', 'tensorflow', 'tfx') if m in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )


def test_source_and_profile_survive_json(tmp_path: Path) -> None:
    wanted = source(
        write(tmp_path / "t.csv"), split=SplitRule(key="city"), kinds={"age": "category"}, ids=["city"], missing=["-"]
    )
    assert Source.from_json(wanted.to_json()) == wanted
    profile = inspect(source(tmp_path / "t.csv"))
    assert TableProfile.from_json(profile.to_json()) == profile


@pytest.mark.parametrize(
    ("texts", "kind_of", "values"),
    [
        (["1", " -2 ", "+3", "?"], ("int", "number"), [1, -2, 3, None]),
        (["1", "2.5", ".5", "1e3", "-inf"], ("float", "number"), [1.0, 2.5, 0.5, 1000.0, float("-inf")]),
        (["9007199254740992", "1"], ("int", "number"), [2**53, 1]),
        (["1706695200000000000", "1706695201000000000"], ("int", "number"), [1706695200 * 10**9, 1706695201 * 10**9]),
        (["9007199254740993", "1"], ("text", "category"), ["9007199254740993", "1"]),
        (
            ["12345678901234567890", "12345678901234567891"],
            ("text", "category"),
            ["12345678901234567890", "12345678901234567891"],
        ),
        (["007", "12"], ("text", "category"), ["007", "12"]),
        (["1700073686.0", "1700073687.0"], ("int", "number"), [1700073686, 1700073687]),
        (["0x1F", "0x20"], ("text", "category"), ["0x1F", "0x20"]),
        (["True", "FALSE", "", "true"], ("text", "category"), ["true", "false", None, "true"]),
        (["2024-01-31", "2023-12-01"], ("text", "date"), ["2024-01-31", "2023-12-01"]),
        (["2024-01-31T11:00:00+01", "2024-01-31 10:00"], ("text", "date"), ["2024-01-31T10:00:00"] * 2),
        (["2024-02-30", "2024-02-01"], ("text", "category"), ["2024-02-30", "2024-02-01"]),
        (["a", "1", "NULL"], ("text", "category"), ["a", "1", None]),
        (['"a, ""b"""', '"two\nlines"'], ("text", "category"), ['a, "b"', "two\nlines"]),
    ],
)
def test_types_of_a_csv(tmp_path: Path, texts: list[str], kind_of: tuple[str, str], values: list[object]) -> None:
    assert of_column(tmp_path / "t.csv", texts) == (*kind_of, values)


def test_the_users_word_on_a_column(tmp_path: Path) -> None:
    assert of_column(tmp_path / "t.csv", ["007", "8"], kinds={"x": "number"}) == ("int", "number", [7, 8])
    assert of_column(tmp_path / "t.csv", ["007", "8"], kinds={"x": "category"}) == ("text", "category", ["007", "8"])
    assert of_column(tmp_path / "t.csv", ["1700000000", "1"], kinds={"x": "date"}) == ("int", "date", [1700000000, 1])
    assert of_column(tmp_path / "t.csv", ["007", "8"], ids=["x"]) == ("text", "category", ["007", "8"])


def test_floats_are_rounded_once(tmp_path: Path) -> None:
    _, _, values = of_column(tmp_path / "t.csv", ["0.1", "16777217.0"])
    assert values == [pa.scalar(0.1, pa.float32()).as_py(), 16777216.0]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf", b"\n\n"])
def test_marks_line_ends_and_archives_change_nothing(tmp_path: Path, end: str, start: bytes) -> None:
    plain = load(source(write(tmp_path / "t.csv")))
    content = start + (tmp_path / "t.csv").read_bytes().replace(b"\n", end.encode())
    (tmp_path / "u.csv.gz").write_bytes(gzip.compress(content))
    assert load(source(tmp_path / "u.csv.gz")) == plain


def test_unnamed_columns_get_a_name(tmp_path: Path) -> None:
    lines = [[str(i), *cells] for i, cells in enumerate(rows())]
    profile = inspect(source(write(tmp_path / "t.csv", lines, ["", *HEADER])))
    assert profile.columns[0].name == "unnamed_1"
    assert any("unnamed_1" in note for note in profile.notes)


def test_a_folder_of_files_is_one_table(tmp_path: Path) -> None:
    write(tmp_path / "t" / "a.csv", rows()[:120])
    turned = [list(reversed(cells)) for cells in rows()[120:]]
    write(tmp_path / "t" / "b.csv", turned, list(reversed(HEADER)))
    (tmp_path / "t" / "_SUCCESS").touch()
    whole = source(write(tmp_path / "whole.csv"))
    assert load(source(tmp_path / "t")) == load(whole)
    assert inspect(source(tmp_path / "t")).files == ("a.csv", "b.csv")


def test_parquet_types(tmp_path: Path) -> None:
    count = 40
    columns = {
        "small": pa.array([1, None] * 20, pa.int8()),
        "gaps": pa.array([1.5, float("nan")] * 20),
        "flag": pa.array([True, False] * 20),
        "day": pa.array([dt.date(2024, 1, 31)] * count),
        "time": pa.array([dt.datetime(2024, 1, 31, 10, tzinfo=dt.UTC)] * count, pa.timestamp("s", "UTC")),
        "price": pa.array([decimal.Decimal("1.25")] * count),
        "city": pa.array([" Bonn", "?"] * 20).dictionary_encode(),
        "digits": pa.array(["01", "02"] * 20),
        "label": pa.array([0, 1] * 20),
    }
    path = tmp_path / "t.parquet"
    parquet.write_table(pa.table({**columns, "row": range(count)}), path)
    table = all_rows(source(path)).sort_by("row")
    assert {name: table[name][:2].to_pylist() for name in columns} == {
        "small": [1, None],
        "gaps": [1.5, None],
        "flag": ["true", "false"],
        "day": ["2024-01-31"] * 2,
        "time": ["2024-01-31T10:00:00"] * 2,
        "price": [1.25, 1.25],
        "city": ["Bonn", "?"],
        "digits": ["01", "02"],
        "label": ["0", "1"],
    }
    profile = inspect(source(path))
    assert (profile.column("day").kind, profile.column("time").kind, profile.column("gaps").missing) == (
        "date",
        "date",
        20,
    )
    assert profile.roles.classes == ("0", "1")


def test_parquet_files_that_disagree_on_a_type(tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    for name, values in (("a", pa.array([1] * 40)), ("b", pa.array([1.5] * 40))):
        table = pa.table({"x": values, "row": [f"{name}{i}" for i in range(40)], "label": ["u", "v"] * 20})
        parquet.write_table(table, tmp_path / "t" / f"{name}.parquet")
    assert inspect(source(tmp_path / "t")).column("x").type == "float"


# The schema's word

SCHEMA = """
feature {{ name: "age" type: {age} }}
feature {{ name: "city" type: BYTES }}
feature {{ name: "gone" type: BYTES }}
feature {{ name: "label" type: BYTES string_domain {{ value: "no" value: "yes" value: "maybe" }} }}
"""


@pytest.mark.parametrize(("age", "wanted"), [("BYTES", pa.string()), ("FLOAT", pa.float32()), ("INT", pa.int64())])
def test_types_follow_the_schema(tmp_path: Path, age: str, wanted: pa.DataType) -> None:
    schema = parse_pbtxt(SCHEMA.format(age=age), "here")
    path = write(tmp_path / "t.csv")
    assert all_rows(source(path), schema).schema.field("age").type == wanted
    profile = inspect(source(path), schema)
    assert profile.roles.classes == ("maybe", "no", "yes")
    assert any("'gone' of the schema is not in the table" in note for note in profile.notes)
    assert any("'income' is not in the schema" in note for note in profile.notes)


def test_text_where_the_schema_wants_whole_numbers(tmp_path: Path) -> None:
    lines = rows()
    lines[5][0] = "2.5"
    with pytest.raises(DataError, match=r"line 7, column 'age'[\s\S]*'2.5'[\s\S]*INT in the schema"):
        inspect(source(write(tmp_path / "t.csv", lines)), parse_pbtxt(SCHEMA.format(age="INT"), "here"))


def test_labels_that_the_schema_does_not_list(tmp_path: Path) -> None:
    lines = rows()
    lines[5][3] = "yes."
    with pytest.raises(DataError, match=r"line 7[\s\S]*'yes.'[\s\S]*the schema's"):
        inspect(source(write(tmp_path / "t.csv", lines)), parse_pbtxt(SCHEMA.format(age="INT"), "here"))


def test_a_label_type_that_contradicts_the_task(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="type: BYTES in the schema"):
        inspect(source(write(tmp_path / "t.csv")), parse_pbtxt('feature { name: "label" type: INT }', "here"))


def test_with_a_schema_an_empty_column_is_left_to_the_gate(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", [[cells[0], "", *cells[2:]] for cells in rows()])
    schema = parse_pbtxt(SCHEMA.format(age="INT"), "here")
    assert inspect(source(path), schema).column("city").missing == len(rows())


# Labels


@pytest.mark.parametrize(
    ("values", "task", "classes"),
    [
        (["no", "yes"], "binary", ("no", "yes")),
        (["TRUE", "false"], "binary", ("false", "true")),
        (["1", "0", "1"], "binary", ("0", "1")),
        (["N", "Y", "Y"], "binary", ("N", "Y")),
        (["<=50K", "<=50K", ">50K"], "binary", ("<=50K", ">50K")),
        (["<=50K", ">50K", ">50K"], "binary", (">50K", "<=50K")),
        (["10", "9", "1"], "multiclass", ("1", "9", "10")),
        (["b", "a", "10"], "multiclass", ("10", "a", "b")),
        ([str(i) for i in range(20)], "multiclass", tuple(str(i) for i in range(20))),
        ([str(i) for i in range(21)], "regression", ()),
        (["1", "2", "2.5"], "regression", ()),
    ],
)
def test_the_task_is_read_off_the_label(tmp_path: Path, values: list[str], task: str, classes: tuple[str, ...]) -> None:
    lines = [[*cells[:3], values[i % len(values)]] for i, cells in enumerate(rows(400))]
    wanted = source(write(tmp_path / "t.csv", lines))
    roles = inspect(wanted).roles
    assert (roles.task, roles.classes) == (task, classes)
    expected = pa.float32() if task == "regression" else pa.string()
    assert all_rows(wanted).schema.field("label").type == expected


def test_the_settings_name_the_positive_class(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv")
    assert inspect(source(path, positive="No")).roles.positive == "no"
    assert not any("Positive" in note for note in inspect(source(path, positive="no")).notes)


def test_roles_drop_and_keep_columns(tmp_path: Path) -> None:
    lines = [[*cells, "train" if i % 2 else "holdout", "1.0"] for i, cells in enumerate(rows())]
    path = write(tmp_path / "t.csv", lines, [*HEADER, "part", "w"])
    wanted = source(path, ids=["city"], weight="w", leave_out=["age"], split=SplitRule(column="part"))
    assert {column.name: column.role for column in inspect(wanted).columns} == {
        "city": "id",
        "income": "feature",
        "label": "label",
        "w": "weight",
    }
    assert load(wanted)["train"].column_names == ["city", "income", "label", "w"]


# What goes in comes out

CELL = st.text(st.characters(codec="utf-8", exclude_characters="\x00", exclude_categories=("Cs", "Cc")), max_size=12)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(CELL, min_size=120, max_size=120),
    st.lists(st.floats(width=32, allow_nan=False), min_size=120, max_size=120),
)
def test_values_survive_a_csv(texts: list[str], numbers: list[float]) -> None:
    marked = [f"x{text}x" for text in texts]
    table = pa.table({"t": marked, "f": [float(n) for n in numbers], "row": range(120), "label": ["a", "b", "b"] * 40})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        arrow_csv.write_csv(table, path)
        read = all_rows(source(path, kinds={"f": "number"})).sort_by("row")
    assert read["t"].to_pylist() == marked
    assert pc.cast(read["f"], pa.float32()).to_pylist() == numbers


def test_file_pattern_finds_the_files_and_nothing_else(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv")
    write(tmp_path / "b.csv")
    assert file_pattern(source(path)) == (str(tmp_path), {"single_split": "a.csv"})
    for folder in ("train", "holdout"):
        write(tmp_path / "parts" / folder / "x.csv", rows())
    # What nobody said is no part of a graph: the executor finds such folders itself.
    assert file_pattern(source(tmp_path / "parts"))[1] == {"single_split": "*"}
    said = SplitRule(folders={"train": "train", "test": "holdout"})
    assert file_pattern(source(tmp_path / "parts", split=said))[1] == {"test": "holdout/*", "train": "train/*"}
    assert file_pattern(source(tmp_path / "not there.csv"))[1] == {"single_split": "not there.csv"}


def test_digests_follow_the_content(tmp_path: Path) -> None:
    import hashlib

    path = write(tmp_path / "t" / "a.csv")
    assert inspect(source(path)).digest == hashlib.sha256(path.read_bytes()).hexdigest()
    write(tmp_path / "t" / "b.csv")
    both = inspect(source(tmp_path / "t")).digest
    lines = "".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {name}\n" for name in ("a.csv", "b.csv"))
    assert both == hashlib.sha256(lines.encode()).hexdigest()
