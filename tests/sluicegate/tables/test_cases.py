"""Small tables that show one fault each, made after public reports; what a user would want of them (issue 12)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from schemas.errors import DataError
from schemas.pbtxt import parse_pbtxt
from schemas.reading import NumberFormat
from sluicegate.tables.inspecting import inspect, load, propose, with_delimiter
from sluicegate.tables.source import Source, SplitRule
from tests.sluicegate.tables.tables import rows, source, write


def table(path: Path, cells: list[str], name: str = "x", label: list[str] | None = None) -> Path:
    """A CSV of 200 rows with the cells again and again, in quotes, a float and a label."""
    labels = label or [one[3] for one in rows()]
    lines = [[f'"{cells[i % len(cells)]}"', f"{i * 0.37:.2f}", labels[i]] for i in range(200)]
    return write(path, lines, [name, "f", "label"])


def values(wanted: Source, name: str = "x") -> list[object]:
    return sorted({one for part in load(wanted).values() for one in part[name].to_pylist()}, key=str)


def notes(wanted: Source) -> str:
    return "\n".join(inspect(wanted).notes)


# Digits that numbers lose (02, 35)


def test_codes_beyond_53_bits_are_as_many_categories_as_there_are(tmp_path: Path) -> None:
    codes = [str(7205759403792793600 + i) for i in range(12)]
    wanted = source(table(tmp_path / "t.csv", codes))
    assert values(wanted) == codes
    assert "Column 'x' is kept as text" in notes(wanted)
    assert inspect(source(tmp_path / "t.csv", kinds={"x": "number"})).column("x").type == "int"


def test_the_settings_word_beats_the_schemas(tmp_path: Path) -> None:
    codes = [str(7205759403792793600 + i) for i in range(12)]
    schema = parse_pbtxt('feature { name: "x" type: INT }', "here")
    path = table(tmp_path / "t.csv", codes)
    assert inspect(source(path), schema).column("x").type == "int"
    assert "are rounded" in "\n".join(inspect(source(path), schema).notes)
    column = inspect(source(path, kinds={"x": "category"}), schema).column("x")
    assert (column.type, column.kind, column.distinct) == ("text", "category", 12)
    lossy = parse_pbtxt('feature { name: "x" type: INT int_domain { is_categorical: true } }', "here")
    assert inspect(source(path), lossy).column("x").distinct == 12


@pytest.mark.parametrize("kind", [pa.int64(), pa.uint64(), pa.decimal128(20, 0), pa.string()])
def test_big_codes_of_a_parquet_file(tmp_path: Path, kind: pa.DataType) -> None:
    start = 2**63 if kind in (pa.uint64(), pa.decimal128(20, 0)) else 7205759403792793600
    codes = [start + i for i in range(12)]
    cells = pa.array([str(codes[i % 12]) for i in range(200)])
    made = pa.table({"x": cells if pa.types.is_string(kind) else cells.cast(kind), "label": [one[3] for one in rows()]})
    parquet.write_table(made.append_column("f", pa.array(np.arange(200.0))), tmp_path / "t.parquet")
    assert values(source(tmp_path / "t.parquet")) == [str(code) for code in codes]


@pytest.mark.parametrize("cells", [["0.3", "0.30000000000000004"], ["1e308", "-1e308"], ["5e-324", "0.0"]])
def test_any_floats_can_be_inspected(tmp_path: Path, cells: list[str]) -> None:
    assert inspect(source(table(tmp_path / "t.csv", cells))).column("x").type == "float"
    assert "32-bit floats" in notes(source(tmp_path / "t.csv"))


def test_a_long_text_is_not_copied_for_each_row(tmp_path: Path) -> None:
    codes = pa.array(np.tile(np.arange(2, dtype=np.int32), 20_000))
    long = pa.DictionaryArray.from_arrays(codes, pa.array(["short", "x" * 65_536]))
    label = pa.array(np.arange(40_000) // 2 % 2)
    parquet.write_table(pa.table({"note": long, "f": np.arange(40_000.0), "label": label}), tmp_path / "t.parquet")
    with pytest.raises(DataError, match=r"column 'note'[\s\S]*1\.3 GB of text[\s\S]*leave_out"):
        inspect(source(tmp_path / "t.parquet"))
    assert inspect(source(tmp_path / "t.parquet", leave_out=["note"])).rows["train"] > 30_000


# Numbers as people write them (04, 05, 06)


@pytest.mark.parametrize(
    ("cells", "form", "expected"),
    [
        (["1.471,46", "555,33"], NumberFormat(",", "."), [1471.46, 555.33]),
        (["1,471.46", "555.33"], NumberFormat(".", ","), [1471.46, 555.33]),
        (["$1,471.46", "$555.33"], NumberFormat(".", ","), [1471.46, 555.33]),
        (["14.2%", "28.1%"], NumberFormat(), [14.2, 28.1]),
        (["1 471,5 €", "3,25 €"], NumberFormat(",", " "), [1471.5, 3.25]),
    ],
)
def test_written_numbers_are_said_and_read(
    tmp_path: Path, cells: list[str], form: NumberFormat, expected: list[float]
) -> None:
    path = table(tmp_path / "t.csv", cells)
    assert "Column 'x' is a category, though its texts" in notes(source(path))
    assert f'numbers: {{x: {{decimal: "{form.decimal}"' in notes(source(path))
    wanted = source(path, numbers={"x": form})
    assert inspect(wanted).column("x").kind == "number"
    assert sorted(values(wanted)) == pytest.approx(sorted(expected), rel=1e-6)  # type: ignore[type-var]
    schema = parse_pbtxt('feature { name: "x" type: BYTES }', "here")
    assert inspect(wanted, schema).column("x").type == "float"


def test_what_is_not_written_so_is_refused_with_its_place(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", ["1.471,46", "1471.46"])
    with pytest.raises(DataError, match=r"line 3, column 'x'[\s\S]*'1471\.46'; 100 of 200"):
        inspect(source(path, numbers={"x": NumberFormat(",", ".")}))


def test_two_readings_that_fit_are_yours_to_choose(tmp_path: Path) -> None:
    said = notes(source(table(tmp_path / "t.csv", ["14,700", "5,600"])))
    assert 'decimal: ".", thousands: ","' in said
    assert 'decimal: ","}' in said
    assert "yours to say" in said


def test_a_label_with_thousands_is_no_class(tmp_path: Path) -> None:
    labels = [f'"{(i * 137 % 27 + 1) * 900:,}"' for i in range(200)]
    path = table(tmp_path / "t.csv", ["a", "b"], label=labels)
    with pytest.raises(DataError, match=r'numbers written with signs[\s\S]*thousands: ","'):
        inspect(source(path))
    profile = inspect(source(path, numbers={"label": NumberFormat(".", ",")}))
    assert profile.roles.task == "regression"
    assert profile.column("label").high == 24300


# Words for no value (14, 32)


@pytest.mark.parametrize("word", ["\\N", "None", "n/a", "<NA>", "#N/A", "-", ".", "withheld"])
def test_a_word_among_numbers_is_said_with_the_line(tmp_path: Path, word: str) -> None:
    path = table(tmp_path / "t.csv", ["1", "2", "3", "4.5", word])
    said = notes(source(path))
    assert f"80% of its values are numbers: 40 rows hold '{word}'" in said
    assert f"'NULL', '{word}']` under `data:`" in said
    assert inspect(source(path, missing=["", word])).column("x").type == "float"


def test_texts_among_numbers_that_are_no_words_are_left_alone(tmp_path: Path) -> None:
    assert "under `data:`" not in notes(source(table(tmp_path / "t.csv", ["1", "a", "b", "c", "d"])))


def test_namibia(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", ["NA", "ZA", "BW", "?"])
    assert inspect(source(path)).column("x").missing == 100
    assert "Cells that read 'NA' count as missing: 50 of column 'x'" in notes(source(path))
    cells = pa.array(["NA", "ZA", None, "BW"] * 50)
    made = pa.table({"x": cells, "f": np.arange(200.0), "label": [one[3] for one in rows()]})
    parquet.write_table(made, tmp_path / "t.parquet")
    column = inspect(source(tmp_path / "t.parquet")).column("x")
    assert (column.missing, column.values) == (50, ("BW", "NA", "ZA"))
    assert inspect(source(tmp_path / "t.parquet", missing=["NA"])).column("x").missing == 100


# Escaped quotation marks (26)


def test_quotes_escaped_by_a_backslash_are_named_and_read(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    lines = [rf'{i},"he said \"hi {i % 3}\", twice",{"yes" if i % 3 else "no"}' for i in range(200)]
    path.write_text("f,x,label\n" + "\n".join(lines) + "\n")
    with pytest.raises(DataError, match=r'line 2[\s\S]*backslash[\s\S]*escape: "\\\\"'):
        inspect(source(path))
    assert values(source(path, escape="\\")) == [f'he said "hi {i}", twice' for i in range(3)]
    assert with_delimiter(source(path)).escape == "\\"


def test_escaped_quotes_without_a_comma_are_never_altered(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("f,x,label\n" + "".join(rf'{i},"a \"b\" c",{i % 2}' + "\n" for i in range(200)))
    with pytest.raises(DataError, match="backslash"):
        inspect(source(path))
    assert values(source(path, escape="\\")) == ['a "b" c']


def test_a_backslash_that_ends_a_cell_escapes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("f,x,label\n" + "".join(rf'{i},"C:\dir\",{i % 2}' + "\n" for i in range(200)))
    assert values(source(path)) == ["C:\\dir\\"]
    assert with_delimiter(source(path)).escape == ""


def test_mysqls_null_stays_itself_beside_an_escape(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    cells = [r"\N,\N", r'"say \"a\"",1', r"b\,c,2"]
    path.write_text("f,x,n,label\n" + "".join(f"{i},{cells[i % 3]},{i % 2}\n" for i in range(200)))
    assert values(source(path, escape="\\")) == ["\\N", "b,c", 'say "a"']
    wanted = source(path, escape="\\", missing=["\\N"])
    assert inspect(wanted).column("n").missing == 67
    path.write_text("n,x,label,f\n" + "".join(f"{cells[i % 3]},{i % 2},{i}\n" for i in range(200)))
    assert inspect(source(path, escape="\\", missing=["\\N"])).column("n").missing == 67


# Rows without a label


def test_rows_without_a_label_are_dropped_when_asked_and_counted(tmp_path: Path) -> None:
    labels = ["" if i % 10 == 0 else "yes" if i % 3 else "no" for i in range(200)]
    path = table(tmp_path / "t.csv", ["a", "b"], label=labels)
    with pytest.raises(DataError, match="missing: drop"):
        inspect(source(path))
    profile = inspect(source(path, label_missing="drop"))
    assert sum(profile.rows.values()) == 180
    assert any(note.startswith("20 of 200 rows were dropped") for note in profile.notes)
    # Line numbers are those of the file, not of the rows that are left.
    broken = table(tmp_path / "u.csv", ["1"] * 99 + ["x"], label=labels)
    with pytest.raises(DataError, match="line 101,"):
        inspect(source(broken, label_missing="drop", kinds={"x": "number"}))


# Whole floats (15)


def test_whole_floats_of_a_later_file_are_integers(tmp_path: Path) -> None:
    schema = parse_pbtxt('feature { name: "x" type: INT }', "here")
    path = table(tmp_path / "t.csv", ["1.0", "2", "3.", ""])
    assert sorted({one for part in load(source(path), schema).values() for one in part["x"].to_pylist() if one}) == [
        1,
        2,
        3,
    ]
    broken = table(tmp_path / "u.csv", ["1.0", "2.5"])
    with pytest.raises(DataError, match=r"line 3, column 'x'[\s\S]*'2\.5'; 100 of 200"):
        inspect(source(broken), schema)


# Columns that number the rows (12)


def advice_of(path: Path, **changes: object) -> dict[str, bool]:
    return {str(one).split(", because")[0]: one.active for one in propose(source(path, **changes)).advice}


def test_counters_are_ids_and_said_to_be(tmp_path: Path) -> None:
    order = np.random.default_rng(0).permutation(200)
    lines = [
        [str(i), str(i + 1), str(order[i]), str(1000 + 7 * i), str(i * i + 3), f"{i * 0.5}", one[3]]
        for i, one in enumerate(rows())
    ]
    header = ["", "lfd", "shuffled", "customerId", "population", "f", "label"]
    found = propose(source(write(tmp_path / "t.csv", lines, header)))
    assert {one.column: one.active for one in found.advice if one.key == "columns.ids"} == {
        "unnamed_1": True,
        "lfd": True,
        "shuffled": True,
        "customerId": True,
        "population": False,  # its size may mean something
    }
    assert found.source.ids == ("unnamed_1", "lfd", "shuffled", "customerId")
    assert {column.name for column in found.profile.features} == {"population", "f"}


def test_a_counter_of_each_file_is_an_id(tmp_path: Path) -> None:
    for part in range(3):
        lines = [[str(i), f"{part * 80 + i * 0.3:.1f}", "yes" if i % 2 else "no"] for i in range(80)]
        write(tmp_path / "t" / f"{part}.csv", lines, ["n", "f", "label"])
    assert advice_of(tmp_path / "t")["columns.ids: n"]


def test_what_is_left_to_learn_from_stays(tmp_path: Path) -> None:
    lines = [[str(i), one[3]] for i, one in enumerate(rows())]
    found = propose(source(write(tmp_path / "t.csv", lines, ["x", "label"])))
    assert found.source.ids == ()
    assert not any(one.active for one in found.advice)


def test_written_numbers_are_never_ids(tmp_path: Path) -> None:
    cells = [f"{1000 + i * 3},{i % 90 + 10}" for i in range(200)]
    assert not [key for key in advice_of(table(tmp_path / "t.csv", cells)) if key.startswith("columns.ids: x")]


# What init writes


def test_init_reads_what_it_says(tmp_path: Path) -> None:
    lines = [
        [f'"{1000 + i}.{100 + i},5"'.replace(f"{1000 + i}.", f"{1 + i % 9}."), "\\N" if i % 4 else str(i % 13), one[3]]
        for i, one in enumerate(rows())
    ]
    found = propose(source(write(tmp_path / "t.csv", lines, ["amount", "visits", "label"])))
    assert found.source.numbers == {"amount": NumberFormat(",", ".")}
    assert found.source.missing[-1] == "\\N"
    assert {column.kind for column in found.profile.features} == {"number"}


def test_a_word_that_is_a_class_of_the_label_stays_one(tmp_path: Path) -> None:
    labels = ["None" if i % 3 else "some" for i in range(200)]
    path = table(tmp_path / "t.csv", ["1", "2", "None"], label=labels)
    found = propose(source(path))
    assert "None" not in found.source.missing
    assert found.profile.roles.classes == ("None", "some")


def test_namibia_is_worth_a_question(tmp_path: Path) -> None:
    [one] = [
        one for one in propose(source(table(tmp_path / "t.csv", ["NA", "ZA", "BW"]))).advice if "Namibia" in one.why
    ]
    assert not one.active
    assert "NA" not in one.value


# Weights (19)


@pytest.mark.parametrize(
    ("weight", "said"),
    [
        (lambda split, i: "0" if split == "test" else "1", "split test"),
        (lambda split, i: "0" if split != "train" else "1.5", "split eval"),
        (lambda split, i: "-1" if i == 7 else "1", "weight -1; 1 rows are such"),
    ],
)
def test_weights_that_measure_nothing_are_said_before_training(tmp_path: Path, weight: object, said: str) -> None:
    words = ["train"] * 7 + ["eval", "test", "test"]
    lines = [[*one[:3], weight(words[i % 10], i), words[i % 10], one[3]] for i, one in enumerate(rows())]  # type: ignore[operator]
    path = write(tmp_path / "t.csv", lines, ["age", "city", "income", "w", "part", "label"])
    with pytest.raises(DataError, match=said):
        inspect(source(path, weight="w", split=SplitRule(column="part")))


def test_zero_weights_within_a_split_are_fine(tmp_path: Path) -> None:
    lines = [[*one[:3], str(i % 2), one[3]] for i, one in enumerate(rows())]
    assert inspect(source(write(tmp_path / "t.csv", lines, ["age", "city", "income", "w", "label"]), weight="w"))


def test_a_label_with_gaps_keeps_its_classes(tmp_path: Path) -> None:
    schema = parse_pbtxt('feature { name: "label" type: BYTES string_domain { value: "0" value: "1" } }', "here")
    path = table(tmp_path / "t.csv", ["a", "b"], label=[f"{i % 2}.0" if i % 9 else "" for i in range(200)])
    profile = inspect(source(path, label_missing="drop"), schema)
    assert profile.roles.classes == ("0", "1")
    assert set(load(source(path, label_missing="drop"), schema)["train"]["label"].to_pylist()) == {"0", "1"}
    assert inspect(source(table(tmp_path / "u.csv", ["a"], label=["0.000", "1.000"] * 100))).roles.positive == "1.000"


def test_a_first_look_does_not_end_at_a_few_texts_among_numbers(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", [str(100 + i) for i in range(99)] + ["c168"])
    with pytest.raises(DataError, match="'c168'; 2 of 200"):
        inspect(source(path))
    found = propose(source(path))
    assert found.source.kinds == {"x": "category"}
    assert any(one.active and "'c168' and the like" in one.why for one in found.advice)


@pytest.mark.parametrize(("rare", "task"), [(9, "regression"), (10, "multiclass")])
def test_a_count_with_rare_values_is_a_quantity(tmp_path: Path, rare: int, task: str) -> None:
    labels = ["7" if i < rare else str(i % 4) for i in range(200)]
    path = table(tmp_path / "t.csv", ["a", "b", "c"], label=labels)
    found = propose(source(path))
    assert found.profile.roles.task == task
    assert any(one.key == "task" for one in found.advice) == (task == "regression")
