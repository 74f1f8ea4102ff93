"""Every way in which a table can be refused: place, what was found, what to do."""

from __future__ import annotations

import datetime as dt
import gzip
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import csv, parquet

from schemas.errors import DataError, Problem
from schemas.pbtxt import parse_pbtxt
from sluicegate.tables.columns.labels import MAX_CLASSES
from sluicegate.tables.inspecting import Source, SplitRule, inspect
from sluicegate.tables.proposal.inference import infer
from tests.sluicegate.tables.tables import HEADER, rows, source, write


def problems_of(wanted: Source) -> tuple[Problem, ...]:
    with pytest.raises(DataError) as caught:
        inspect(wanted)
    assert caught.value.problems
    for problem in caught.value.problems:
        assert problem.place, problem
        assert problem.remedy, problem
    return caught.value.problems


def only(wanted: Source) -> Problem:
    problems = problems_of(wanted)
    assert len(problems) == 1, "\n\n".join(map(str, problems))
    return problems[0]


def replaced(row: int, column: str, value: str) -> list[list[str]]:
    lines = rows()
    lines[row][HEADER.index(column)] = value
    return lines


# Files


def test_missing_file_suggests_the_nearest_name(tmp_path: Path) -> None:
    write(tmp_path / "customers.csv")
    problem = only(source(tmp_path / "custmers.csv"))
    assert problem.got == "no such file or folder"
    assert str(tmp_path / "customers.csv") in problem.remedy


def test_missing_folder_suggests_the_nearest_folder(tmp_path: Path) -> None:
    write(tmp_path / "exports" / "a.csv")
    assert str(tmp_path / "exports") in only(source(tmp_path / "export" / "a.csv")).remedy


@pytest.mark.parametrize(
    ("content", "got"),
    [
        (b"", "an empty file"),
        (b"\n \n\n", "blank lines"),
        (b"age,city,income,label\n", "no rows"),
        (b"\xef\xbb\xbf", "blank lines"),
    ],
)
def test_files_without_rows(tmp_path: Path, content: bytes, got: str) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    problem = only(source(path))
    assert got in problem.got
    assert problem.place == str(path)


def test_ragged_rows_name_line_and_columns(tmp_path: Path) -> None:
    lines = rows()
    lines[4] = lines[4][:3]
    lines[9] = [*lines[9], "more"]
    problem = only(source(write(tmp_path / "t.csv", lines)))
    assert problem.place.endswith("t.csv, line 6")
    assert "line 6: 3 columns; line 11: 5 columns" in problem.got
    assert problem.allowed.startswith("4 columns")


def test_lines_stay_exact_behind_blank_lines_and_quoted_line_breaks(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    body = "\n".join(",".join(cells) for cells in rows())
    path.write_text(f'age,city,income,label\n1,"two\nlines",1.5,yes\n\n2,x,1.5\n{body}\n', encoding="utf-8")
    assert only(source(path)).place.endswith("line 5")


def test_a_name_that_stands_twice(tmp_path: Path) -> None:
    problem = only(source(write(tmp_path / "t.csv", header=["age", "age", "income", "label"])))
    assert "'age'" in problem.place
    assert "columns 1, 2" in problem.got


@pytest.mark.parametrize(("sign", "shown"), [(";", ";"), ("\t", "\\t"), ("|", "|")])
def test_wrong_delimiter_is_named(tmp_path: Path, sign: str, shown: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text("\n".join(sign.join(cells) for cells in [HEADER, *rows()]), encoding="utf-8")
    assert f'data.delimiter: "{shown}"' in only(source(path)).remedy
    assert inspect(source(path, delimiter=sign)).rows["train"] > 100


def test_a_file_without_header(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", [["1", "2", "3", "yes"]] * 30, header=["39", "7", "2174", "no"])
    assert "numbers where names should stand" in only(source(path)).got


def test_wrong_encoding_names_line_and_byte(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv")
    good = path.read_bytes()
    path.write_bytes(good.replace(b"city3", "Zürich".encode("latin-1"), 1))
    problem = only(source(path))
    offset = path.read_bytes().index(0xFC)
    assert f"line 5, byte {offset + 1} of the file" in problem.place
    assert "latin-1" in problem.remedy
    assert "Zürich" in inspect(source(path, encoding="latin-1")).column("city").values


def test_utf_16_is_recognised_by_its_mark(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("\n".join(",".join(cells) for cells in [HEADER, *rows()]), encoding="utf-16")
    assert "utf-16" in only(source(path)).remedy
    assert inspect(source(path, encoding="utf-16")).column("age").type == "int"


def test_reading_options_that_do_not_exist(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv")
    assert only(source(path, encoding="utf-9")).place == "data.encoding"
    assert only(source(path, delimiter="||")).place == "data.delimiter"


def test_a_quotation_mark_that_never_closes(tmp_path: Path) -> None:
    lines = [[*cells] for cells in rows(3000)]
    lines[10][1] = '"open'
    problem = only(source(write(tmp_path / "t.csv", lines)))
    assert problem.place.endswith("line 12")
    assert problem.got == "a row that runs over 2990 lines"
    assert "close the quotation mark" in problem.remedy


def test_damage_behind_the_first_block_is_found_all_the_same(tmp_path: Path) -> None:
    good = write(tmp_path / "t.csv", rows(5000)).read_bytes()
    (tmp_path / "late.csv").write_bytes(good[:90_000] + good[90_000:].replace(b"city3", b"Z\xfcrich", 1))
    line = (tmp_path / "late.csv").read_bytes().split(b"\xfc")[0].count(b"\n") + 1
    assert f"late.csv, line {line}, byte " in only(source(tmp_path / "late.csv")).place
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(good)[:-100])
    assert "gzip -t" in only(source(tmp_path / "t.csv.gz")).remedy


def test_a_whole_number_that_does_not_fit(tmp_path: Path) -> None:
    schema = parse_pbtxt('feature { name: "age" type: INT }', "here")
    path = write(tmp_path / "t.csv", replaced(3, "age", "9223372036854775808"))
    with pytest.raises(DataError, match=r"line 5, column 'age'[\s\S]*'9223372036854775808'; 1 of 200"):
        inspect(source(path), schema)


def test_a_number_by_the_users_word_and_a_text_by_the_schemas(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv")
    assert "'city0'; 200 of 200" in only(source(path, kinds={"city": "number"})).got
    schema = parse_pbtxt('feature { name: "age" type: BYTES }', "here")
    assert inspect(source(path), schema).column("age").type == "text"
    assert inspect(source(path, kinds={"age": "number"}), schema).column("age").type == "int"


def test_a_file_without_known_ending_is_recognised_by_its_bytes(tmp_path: Path) -> None:
    parquet.write_table(pa.table({"x": range(40), "label": ["a", "b"] * 20}), tmp_path / "plain")
    assert inspect(source(tmp_path / "plain")).column("x").type == "int"
    assert "a Parquet file, although" in problems_of(source(tmp_path / "plain", format="csv"))[0].got
    assert inspect(source(write(tmp_path / "table"))).column("age").type == "int"


def test_folders_of_splits_that_are_not_there(tmp_path: Path) -> None:
    write(tmp_path / "a" / "t.csv")
    found = problems_of(source(tmp_path, split=SplitRule(folders={"train": "a", "test": "b", "extra": "a"})))
    assert [problem.place for problem in found] == ["split.folders.test", "split.folders.extra"]
    assert "a file" in only(source(tmp_path / "a" / "t.csv", split=SplitRule(folders={"train": "a"}))).got


def test_a_damaged_archive(tmp_path: Path) -> None:
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(write(tmp_path / "t.csv").read_bytes())[:-200])
    assert "damaged" in only(source(path)).got
    path.write_bytes(b"age,label\n1,2\n")
    assert "gzip" in only(source(path)).remedy


def test_a_spreadsheet_is_no_csv(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"PK\x03\x04" + b"\x00" * 50)
    assert "spreadsheet" in problems_of(source(path))[0].got


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "t.csv")
    # The tests may run as root, who may read everything.
    monkeypatch.setattr("os.access", lambda *_: False)
    assert "chmod" in only(source(path)).remedy


def test_mixed_formats_in_a_folder(tmp_path: Path) -> None:
    write(tmp_path / "t" / "a.csv")
    parquet.write_table(pa.table({"age": [1]}), tmp_path / "t" / "b.parquet")
    assert "CSV and Parquet" in only(source(tmp_path / "t")).got


def test_a_folder_without_tables(tmp_path: Path) -> None:
    (tmp_path / "notes.docx").write_text("x")
    assert "notes.docx" in only(source(tmp_path)).got


def test_files_of_a_folder_need_the_same_columns(tmp_path: Path) -> None:
    write(tmp_path / "t" / "a.csv")
    write(tmp_path / "t" / "b.csv", header=["age", "town", "income", "label"])
    problem = only(source(tmp_path / "t"))
    assert problem.place.endswith("b.csv")
    assert problem.got == "lacks 'city' and has 'town' besides"


def test_all_files_report_their_problems_at_once(tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    for name in "ab":
        (tmp_path / "t" / f"{name}.csv").write_text("age,age,label\n1,2,3\n")
    assert [Path(problem.place.split(",")[0]).name for problem in problems_of(source(tmp_path / "t"))] == [
        "a.csv",
        "b.csv",
    ]


# Parquet


def test_a_parquet_file_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    path.write_text("age,label\n")
    assert "starts with b'age,label" in only(source(path)).got
    path.write_bytes(b"PAR1" + b"\x00" * 40)
    assert "damaged" in only(source(path)).got


@pytest.mark.parametrize(
    ("values", "got"),
    [
        (pa.array([[1], [2]] * 20), "nested values: list<"),
        (pa.array([{"a": 1}] * 40), "nested values: struct<"),
        (pa.array([b"\xff\xfe"] * 40), "binary"),
        (pa.array([dt.timedelta(1)] * 40), "duration"),
    ],
)
def test_parquet_columns_without_a_place(tmp_path: Path, values: pa.Array, got: str) -> None:
    path = tmp_path / "t.parquet"
    parquet.write_table(pa.table({"odd": values, "label": ["a", "b"] * 20}), path)
    problem = only(source(path))
    assert "'odd'" in problem.place
    assert problem.got.startswith(got)


# Columns


def test_text_in_a_column_of_numbers(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", replaced(17, "income", "12,5".replace(",", ";")))
    problem = only(source(path))
    assert problem.place.endswith("t.csv, line 19, column 'income'")
    assert problem.got.startswith("'12;5'; 1 of 200")
    assert "columns.kinds.income: category" in problem.remedy
    assert inspect(source(path, missing=["12;5"])).column("income").missing == 1
    assert inspect(source(path, kinds={"income": "category"})).column("income").type == "text"


def test_the_limit_of_what_was_meant_to_be_a_number(tmp_path: Path) -> None:
    lines = rows()
    for number in range(10):
        lines[number][2] = "x"
    assert "10 of 200" in only(source(write(tmp_path / "t.csv", lines))).got
    lines[10][2] = "x"
    assert inspect(source(write(tmp_path / "t.csv", lines))).column("income").kind == "category"


def test_a_column_without_values(tmp_path: Path) -> None:
    lines = [[cells[0], "?", *cells[2:]] for cells in rows()]
    path = write(tmp_path / "t.csv", lines)
    assert only(source(path)).remedy == "add city to columns.leave_out"
    assert "city" not in [column.name for column in inspect(source(path, leave_out=["city"])).columns]


def test_a_date_that_is_none(tmp_path: Path) -> None:
    lines = [[cells[0], f"2024-01-{1 + i % 28:02}", *cells[2:]] for i, cells in enumerate(rows())]
    lines[3][1] = "2024-02-30"
    problem = only(source(write(tmp_path / "t.csv", lines), kinds={"city": "date"}))
    assert "line 5" in problem.place
    assert "'2024-02-30'" in problem.got


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"label": "lable"}, "label"),
        ({"weight": "incone"}, "columns.weight"),
        ({"ids": ["agee"]}, "columns.ids"),
        ({"leave_out": ["citi"]}, "columns.leave_out"),
        ({"kinds": {"AGE ": "number"}}, "data.columns.kinds"),
        ({"split": SplitRule(column="Label")}, "split.column"),
        ({"split": SplitRule(key=("ctiy",))}, "split.key"),
    ],
)
def test_columns_that_are_not_there(tmp_path: Path, changes: dict[str, object], place: str) -> None:
    problem = only(source(write(tmp_path / "t.csv"), **changes))
    assert problem.place.startswith(place)
    assert problem.allowed.startswith("did you mean '")


@pytest.mark.parametrize(
    ("changes", "got"),
    [
        ({"leave_out": ["label"]}, "column 'label' in both"),
        ({"weight": "label"}, "column 'label' in both"),
        ({"ids": ["age"], "leave_out": ["age"]}, "column 'age' in both"),
        ({"leave_out": ["age", "city", "income"]}, "none left to learn from"),
        ({"kinds": {"age": "numeric"}}, "'numeric'"),
        ({"task": "ranking"}, "'ranking'"),
        ({"format": "xlsx"}, "'xlsx'"),
        ({"split": SplitRule(train=0.9)}, "train 0.9, eval 0.1, test 0.1"),
        ({"split": SplitRule(train=1.0, eval=0.0, test=0.0)}, "train 1, eval 0, test 0"),
        ({"split": SplitRule(column="city", folders={"train": "a"})}, "both a column and folders"),
    ],
)
def test_settings_that_contradict(tmp_path: Path, changes: dict[str, object], got: str) -> None:
    assert any(got in problem.got for problem in problems_of(source(write(tmp_path / "t.csv"), **changes)))


def test_problems_of_different_kinds_are_told_together(tmp_path: Path) -> None:
    lines = replaced(5, "income", "abc")
    lines[6][3] = ""
    found = problems_of(source(write(tmp_path / "t.csv", lines), ids=["nobody"], weight="wait"))
    assert len(found) == 4
    assert {"columns.weight: 'wait'", "columns.ids: 'nobody'"} <= {problem.place for problem in found}


# Label


def test_a_label_with_gaps(tmp_path: Path) -> None:
    lines = replaced(7, "label", "NA")
    problem = only(source(write(tmp_path / "t.csv", lines)))
    assert problem.place.endswith("line 9, column 'label'")
    assert "missing in 1 of 200 rows" in problem.got


@pytest.mark.parametrize(
    ("label", "changes", "got"),
    [
        (lambda i: "yes", {}, "one class only: 'yes'"),
        (lambda i: f"c{i % 3}", {"task": "binary"}, "3 classes"),
        (lambda i: f"c{i % 3}", {"task": "regression"}, "texts such as"),
        (lambda i: f"c{i % 2}", {"positive": "c3"}, "'c3'"),
        (lambda i: f"c{i % 3}", {"positive": "c1"}, "'c1'"),
        (lambda i: f"{i}.5", {"positive": "c1"}, "'c1'"),
        (lambda i: "4.5", {"task": "regression"}, "one value only"),
        (lambda i: "inf" if i == 3 else f"{i}.5", {}, "values 'inf'"),
        (lambda i: "abc" if i == 3 else f"{i}.5", {}, "texts such as 'abc'"),
    ],
)
def test_labels_that_contradict_the_task(
    tmp_path: Path, label: Callable[[int], str], changes: dict[str, object], got: str
) -> None:
    lines = [[*cells[:3], label(i)] for i, cells in enumerate(rows())]
    assert got in only(source(write(tmp_path / "t.csv", lines), **changes)).got


def test_more_classes_than_a_model_takes(tmp_path: Path) -> None:
    count = MAX_CLASSES + 1
    lines = [["1", "x", str(i), f"c{i % count}"] for i in range(3 * count)]
    assert "set task" in only(source(write(tmp_path / "t.csv", lines))).remedy


def test_a_rare_class_that_train_lacks_is_said_and_refuses_nothing(tmp_path: Path) -> None:
    lines = [[*cells, ["test", "eval", "train", "train"][i % 4]] for i, cells in enumerate(rows())]
    lines[40][3], lines[44][3], lines[41][3] = "maybe", "maybe", "never"
    wanted = source(write(tmp_path / "t.csv", lines, [*HEADER, "part"]), split=SplitRule(column="part"))
    found = inspect(wanted)
    assert found.roles.classes == ("maybe", "never", "no", "yes")
    [said] = [note for note in found.notes if note.startswith("Train lacks classes")]
    assert "'label' that other splits hold (rows): eval 'never' (1); test 'maybe' (2)." in said
    assert 'or leave its rows out: `leave_out: ["maybe", "never"]` under `label:`.' in said
    # What the note says helps: the class is gone, and the others stay where they were.
    helped = inspect(replace(wanted, label_leave_out=("maybe", "never")))
    assert helped.roles.classes == ("no", "yes")
    assert sum(helped.rows.values()) == sum(found.rows.values()) - 3
    assert not any("Train lacks" in note for note in helped.notes)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_class_that_is_left_out_leaves_the_features_alone(tmp_path: Path, kind: str) -> None:
    """The label 3 is rare, the age 3 is not; the schema that was written before knows the class still."""
    ages, labels = [i % 5 for i in range(200)], [float(i % 2) for i in range(200)]
    labels[17] = 3.0
    table = pa.table({"age": ages, "city": [f"c{i % 7}" for i in range(200)], "label": labels})
    path = tmp_path / f"t.{kind}"
    csv.write_csv(table, path) if kind == "csv" else parquet.write_table(table, path)
    wanted = source(path, task="multiclass")
    before = inspect(wanted)
    helped = inspect(replace(wanted, label_leave_out=("3", "lynx")), infer(before))
    assert len(helped.roles.classes) == 2
    assert sum(helped.rows.values()) == 199
    assert next(one for one in helped.columns if one.name == "age").distinct == 5
    assert next(one for one in helped.columns if one.name == "age").missing == 0
    assert "1 of 200 rows were left out, because label.leave_out names their classes." in helped.notes
    assert "label.leave_out names classes that no row has: 'lynx'." in helped.notes


def test_all_classes_left_out_are_refused(tmp_path: Path) -> None:
    assert "which all 200 rows have" in only(source(write(tmp_path / "t.csv"), label_leave_out=("yes", "no"))).got


def test_apostrophes_around_cells_are_named(tmp_path: Path) -> None:
    lines = ["a,name,label", *(f"{i},'Smith, John',{'yes' if i % 3 else 'no'}" for i in range(60))]
    (tmp_path / "t.csv").write_text("\n".join(lines))
    problem = only(source(tmp_path / "t.csv"))
    assert problem.allowed == "3 columns, as in the header"
    assert "this file has ' around its cells" in problem.remedy
    # What the remedy says, done.
    code = problem.remedy.partition("import pandas; ")[2].replace("'t.csv'", repr(str(tmp_path / "t.csv")))
    eval(code, {"pandas": pd})
    assert inspect(source(tmp_path / "t.csv")).column("name").values == ("Smith, John",)
    lines[7] = "x,Smith, John,no"
    (tmp_path / "t.csv").write_text("\n".join(lines))
    assert "put quotation marks" in only(source(tmp_path / "t.csv")).remedy


def test_train_with_one_class(tmp_path: Path) -> None:
    lines = [
        [*cells[:3], "yes" if i % 4 == 0 else "no", "train" if i % 4 == 0 else "test"] for i, cells in enumerate(rows())
    ]
    problem = only(source(write(tmp_path / "t.csv", lines, [*HEADER, "part"]), split=SplitRule(column="part")))
    assert "split train" in problem.place
    assert "one class only: 'yes'; all rows: 'yes' (50), 'no' (150)" in problem.got


def test_a_split_that_holds_mostly_other_classes(tmp_path: Path) -> None:
    parts = {"a": "train", "b": "train", "c": "test"}
    lines = [[*cells[:3], "abc"[i % 3], parts["abc"[i % 3]]] for i, cells in enumerate(rows())]
    problem = only(source(write(tmp_path / "t.csv", lines, [*HEADER, "part"]), split=SplitRule(column="part")))
    assert "split test" in problem.place
    assert "rows have labels that train lacks: 'c' (" in problem.got
    assert problem.allowed == "the classes of train: 'a', 'b'"


# Weights and splits


@pytest.mark.parametrize(
    ("value", "got"),
    [("-1", "weight -1; 1 rows"), ("?", "missing in 1 rows"), ("heavy", "'heavy'"), ("inf", "weight inf")],
)
def test_weights_that_weigh_nothing(tmp_path: Path, value: str, got: str) -> None:
    problem = only(source(write(tmp_path / "t.csv", replaced(3, "income", value)), weight="income"))
    assert got in problem.got
    assert "line 5" in problem.place


def test_weights_that_are_all_zero(tmp_path: Path) -> None:
    lines = [[*cells[:2], "0", cells[3]] for cells in rows()]
    assert "0 in every row" in only(source(write(tmp_path / "t.csv", lines), weight="income")).got


def test_split_values_nobody_knows(tmp_path: Path) -> None:
    lines = [[*cells, "train" if i % 2 else "test"] for i, cells in enumerate(rows())]
    lines[8][4] = "oob"
    wanted = source(write(tmp_path / "t.csv", lines, [*HEADER, "part"]), split=SplitRule(column="part"))
    assert re.search(r"line 10, column 'part'", only(wanted).place)
    lines[8][4] = ""
    write(tmp_path / "t.csv", lines, [*HEADER, "part"])
    assert "1 rows without a split" in only(wanted).got


def test_no_train_rows(tmp_path: Path) -> None:
    lines = [[*cells, "test"] for cells in rows()]
    wanted = source(write(tmp_path / "t.csv", lines, [*HEADER, "part"]), split=SplitRule(column="part"))
    assert "no train rows" in only(wanted).got


def test_too_few_rows(tmp_path: Path) -> None:
    lines = [[*cells, ("train", "eval", "test")[i % 3]] for i, cells in enumerate(rows(57))]
    wanted = source(write(tmp_path / "t.csv", lines, [*HEADER, "part"]), split=SplitRule(column="part"))
    assert "rows: train 19" in only(wanted).got
    lines += [["1", "x", "9", "no", "train"]]
    write(tmp_path / "t.csv", lines, [*HEADER, "part"])
    assert inspect(wanted).rows["train"] == 20


def test_a_key_with_too_few_values_leaves_a_split_empty(tmp_path: Path) -> None:
    lines = [[cells[0], "one", *cells[2:]] for cells in rows()]
    found = problems_of(source(write(tmp_path / "t.csv", lines), split=SplitRule(key=("city",))))
    assert any("no rows in" in problem.got and "key" in problem.remedy for problem in found)
