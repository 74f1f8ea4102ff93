"""Bad tables through the real command: one clear message, a non-zero exit, nothing left behind."""

import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
ROWS = [[str(20 + i % 40), ("red", "green", "blue")[i % 3], ("yes", "no")[i % 2]] for i in range(120)]
HEADER = ["age", "colour", "churn"]


def csv(rows=ROWS, header=HEADER, delimiter=","):
    return "\n".join(delimiter.join(row) for row in [header, *rows]) + "\n"


def changed(row, column, value):
    rows = [list(one) for one in ROWS]
    rows[row][column] = value
    return rows


def nested_parquet(path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"churn": ["yes", "no"] * 60, "tags": [["a"], ["b"]] * 60}), path)


#: name: (file name, content, words that the message must hold)
CASES = {
    "empty_file": ("table.csv", "", ["table.csv", "empty"]),
    "header_only": ("table.csv", "age,colour,churn\n", ["table.csv", "header"]),
    "ragged_row": ("table.csv", csv([*ROWS[:50], ["1", "red"], *ROWS[50:]]), ["table.csv", "52"]),
    "duplicate_column": ("table.csv", csv(header=["age", "age", "churn"]), ["age"]),
    "label_missing": ("table.csv", csv(header=["age", "colour", "churned"]), ["churn", "churned"]),
    "label_with_one_class": ("table.csv", csv([[a, c, "yes"] for a, c, _ in ROWS]), ["churn", "yes"]),
    "label_with_missing_values": ("table.csv", csv(changed(7, 2, "")), ["churn", "9"]),
    "column_all_empty": ("table.csv", csv([["", c, y] for _, c, y in ROWS]), ["age", "leave_out"]),
    "wrong_delimiter": ("table.csv", csv(delimiter=";"), ["delimiter", ";"]),
    "wrong_encoding": ("table.csv", csv(changed(3, 1, "grün")).encode("latin-1"), ["encoding"]),
    "text_in_a_number_column": ("table.csv", csv(changed(60, 0, "forty")), ["age", "62", "forty"]),
    "parquet_that_is_not": ("table.parquet", csv(), ["table.parquet"]),
    "nested_parquet": ("table.parquet", nested_parquet, ["tags"]),
    "broken_gzip": ("table.csv.gz", gzip.compress(csv().encode(), mtime=0)[:-20], ["table.csv.gz"]),
    "too_few_rows": ("table.csv", csv(ROWS[:8]), ["rows"]),
}


def attempt(folder, table, *more):
    (folder / "settings.yaml").write_text(f"name: bad\ndata: {table}\nlabel: churn\n")
    done = subprocess.run(
        [sys.executable, str(PROJECT / "local_runner.py"), "--config", "settings.yaml", *more],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "COLUMNS": "100"},
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize("case", CASES)
def test_a_bad_table_is_one_clear_message(case, tmp_path):
    name, content, words = CASES[case]
    path = tmp_path / name
    if callable(content):
        content(path)
    elif isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content)
    code, said = attempt(tmp_path, name)
    assert code == 1, said
    assert "Traceback" not in said
    assert said.count("  do:") >= 1
    for word in [*words, "where:"]:
        assert word in said, f"{word!r} is not in:\n{said}"
    assert not (tmp_path / "output").exists()


def test_a_missing_file_names_the_nearest(tmp_path):
    (tmp_path / "table.csv").write_text(csv())
    code, said = attempt(tmp_path, "tabel.csv")
    assert code == 1
    assert "tabel.csv" in said
    assert "table.csv" in said


def test_a_good_table_of_this_shape_is_not_refused(tmp_path):
    """Or every case above could be red for a reason of its own."""
    from sluicegate.tables.inspecting import Source, inspect

    path = tmp_path / "table.csv"
    path.write_text(csv())
    assert sum(inspect(Source(str(path), "churn")).rows.values()) == len(ROWS)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ((), ["0 of", "'yes'", "quality_gate.beat_constant", "beats chance"]),
        (
            ("--set", "quality_gate={beat_constant: false, limits: [{metric: accuracy, at_least: 0.99}]}"),
            ["quality_gate.limits.0.at_least", "if every decision were right", "it takes 368"],
        ),
    ],
    ids=["no positives in test", "a limit that the rows cannot show"],
)
def test_what_the_test_rows_can_never_settle_is_said_before_training(tmp_path, more, words):
    rows = [
        [age, colour, "no" if i >= 300 else churn, "test" if i >= 300 else "train" if i % 9 else "eval"]
        for i, (age, colour, churn) in enumerate(ROWS * 3)
    ]
    (tmp_path / "table.csv").write_text(csv(rows, [*HEADER, "split"]))
    code, said = attempt(tmp_path, "table.csv", "--set", "split.column=split", "--set", "label.positive=yes", *more)
    assert code == 1, said
    for word in ("nothing was trained", *words):
        assert word in " ".join(said.split()), said
    assert "Traceback" not in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["settings.yaml", "table.csv"]
