"""What `init` is told about a table seen for the first time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from schemas.pbtxt import parse_pbtxt
from schemas.table import Column
from sluicegate.tables.inspecting import advise, inspect, propose, with_delimiter
from sluicegate.tables.proposal.proposal import is_code, suggestion
from sluicegate.tables.source import Source
from tests.sluicegate.tables.tables import rows, source, write


def test_the_proposal_of_a_table_with_an_empty_column(tmp_path: Path) -> None:
    lines = [[str(i), f"0{i % 40:02}", str(i // 3 % 9), "", "same", *cells] for i, cells in enumerate(rows())]
    header = ["row", "zip", "type", "void", "country", "age", "city", "income", "label"]
    found = propose(source(write(tmp_path / "t.csv", lines, header)))
    assert any("'zip' is kept as text" in note for note in found.profile.notes)
    assert [str(one).split(", because")[0] for one in found.advice] == [
        "columns.leave_out: void",
        "columns.ids: row",
        "columns.kinds.type: category",
        "columns.leave_out: country",
    ]
    assert [one.active for one in found.advice] == [True, True, True, False]
    assert found.schema.startswith("# Proposed by sluicegate init from 200 rows (train ")
    schema = parse_pbtxt(found.schema, "proposal")
    assert [feature.name for feature in schema.feature] == [name for name in header if name != "void"]
    assert {feature.name: feature.int_domain.is_categorical for feature in schema.feature}["type"]
    again = inspect(found.source, schema)
    assert again.rows == found.profile.rows
    assert (again.column("type").type, again.column("type").kind) == ("int", "category")
    assert (again.column("zip").type, again.column("zip").values[0]) == ("text", "000")


@pytest.mark.parametrize(
    ("column", "start"),
    [
        (Column("x", "text", "category", distinct=1), "columns.leave_out: x"),
        (Column("x", "text", "category", distinct=2, missing=951), "columns.leave_out: x"),
        (Column("x", "text", "category", distinct=2, missing=950), None),
        (Column("area_code", "int", "number", distinct=100), "columns.kinds.area_code"),
        (Column("area_code", "int", "number", distinct=101), None),
        (Column("age", "int", "number", distinct=70), None),
    ],
)
def test_suggestions_on_both_sides_of_their_limits(column: Column, start: str | None) -> None:
    assert [str(one)[: len(start or "")] for one in suggestion(column, 1000)] == ([start] if start else [])


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("a,b,c", ","), ("a;b;c", ";"), ("a\tb\tc", "\t"), ("a|b|c", "|"), ("label", ","), ("a,b;c", ","),
        ('"income; gross","a, b",c', ","), ("\n\nname;größe, cm;label", ";"), ("a;b", ";"),
    ],
)  # fmt: skip
def test_the_delimiter_is_the_one_that_makes_most_columns(tmp_path: Path, header: str, expected: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"{header}\n1\n", encoding="utf-8")
    assert with_delimiter(Source(str(path), "label")).delimiter == expected


def test_what_is_no_csv_in_this_encoding_keeps_its_comma(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a;b\n1;2\n", encoding="utf-16")
    assert with_delimiter(Source(str(path), "a")).delimiter == ","
    assert with_delimiter(Source(str(path), "a", encoding="utf-16")).delimiter == ";"
    assert with_delimiter(Source(str(path), "a", encoding="klingon")).delimiter == ","


def with_an_outcome(path: Path, count: int = 1200) -> Path:
    """refund : recorded after the customer had left.  score : known before, and good."""
    rng = np.random.default_rng(8)
    left = rng.random(count) < 0.3
    refund, score = left * 4.2 + rng.normal(size=count), left * 2.4 + rng.normal(size=count)
    lines = [
        [f"{a:.3f}", f"{b:.3f}", f"{i % 7}", "yes" if y else "no"]
        for i, (a, b, y) in enumerate(zip(refund, score, left, strict=True))
    ]
    return write(path, lines, ["refund", "score", "day", "label"])


def test_a_column_that_gives_the_label_away_is_left_out_with_its_reason(tmp_path: Path) -> None:
    found = propose(source(with_an_outcome(tmp_path / "t.csv")))
    assert found.source.leave_out == ("refund",)
    assert "refund" not in [column.name for column in found.profile.columns]
    assert 'name: "refund"' not in found.schema
    told = {one.column: one for one in found.advice if one.key == "columns.leave_out"}
    assert told["refund"].active
    assert "it alone predicts the label (AUC 0.99" in told["refund"].why
    assert "score" not in told
    assert found.split.rule.columns == found.source.split.columns == ("score", "day")


def test_a_column_without_which_nothing_is_left_stays_and_is_told(tmp_path: Path) -> None:
    rows = [[f"{i * 0.37:.2f}", "no" if i < 250 else "yes"] for i in range(500)]
    found = propose(source(write(tmp_path / "t.csv", rows, ["x", "label"])))
    assert [column.name for column in found.profile.features] == ["x"]
    [told] = [one for one in found.advice if one.key == "columns.leave_out"]
    assert (told.column, told.active) == ("x", False)


def test_settings_that_leave_it_in_are_told(tmp_path: Path) -> None:
    wanted = source(with_an_outcome(tmp_path / "t.csv"))
    assert "refund" in [one.column for one in advise(wanted, inspect(wanted))]
    left_out = source(tmp_path / "t.csv", leave_out=("refund",))
    assert "refund" not in [one.column for one in advise(left_out, inspect(left_out))]


@pytest.mark.parametrize(
    ("name", "low", "high", "distinct", "expected"),
    [
        ("community_area", 1, 77, 60, True),
        ("Pool_Area", 0, 800, 14, False),  # most houses have none, the others 144 to 800 square feet
        ("zip", 10001, 99950, 90, True),
        ("rooms", 1, 9, 9, False),
    ],
)
def test_numbers_that_stand_for_names(name: str, low: float, high: float, distinct: int, expected: bool) -> None:
    column = Column(name, "int", "number", distinct=distinct, low=low, high=high)
    assert is_code(column, 2930) is expected
