"""Schemas as text: they come back as they were, and a broken one names its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.errors import SettingsError
from schemas.pbtxt import parse_pbtxt, read_pbtxt, to_pbtxt

CENSUS = Path(__file__).parents[2] / "schemas" / "census" / "schema.pbtxt"
TEXT = 'feature { name: "Zürich" type: INT }\n'


def test_a_schema_comes_back_with_its_comment(tmp_path: Path) -> None:
    schema = parse_pbtxt(TEXT, "here")
    text = to_pbtxt(schema, "two\n\nlines")
    assert text.startswith("# two\n#\n# lines\nfeature {")
    assert "Zürich" in text
    (tmp_path / "schema.pbtxt").write_text(text, encoding="utf-8")
    assert read_pbtxt(tmp_path / "schema.pbtxt") == schema


@pytest.mark.parametrize(
    ("text", "line", "got"),
    [
        (TEXT + 'feature { nam: "b" }\n', 2, "no field named"),
        (TEXT + 'feature {\n  name: "b"\n  type: NUMBER\n}\n', 4, "NUMBER"),
        (TEXT + "feature {\n", 2, "feature {"),
    ],
)
def test_a_broken_schema_names_its_line(text: str, line: int, got: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_pbtxt(text, "s.pbtxt")
    (problem,) = caught.value.problems
    assert problem.place == f"s.pbtxt, line {line}"
    assert got in problem.got


@pytest.mark.parametrize(("text", "got"), [("", "no features"), (TEXT * 2, "'Zürich' twice")])
def test_a_schema_that_cannot_be_meant(text: str, got: str) -> None:
    with pytest.raises(SettingsError, match=got):
        parse_pbtxt(text, "s.pbtxt")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no such file"):
        read_pbtxt(tmp_path / "none.pbtxt")
    (tmp_path / "s.pbtxt").write_bytes(b"\xff")
    with pytest.raises(SettingsError, match="byte 1"):
        read_pbtxt(tmp_path / "s.pbtxt")


def test_the_census_schema_is_about_the_census() -> None:
    schema = read_pbtxt(CENSUS)
    header = (CENSUS.parents[2] / "data" / "census" / "adult.csv").open().readline().strip().split(",")
    assert [feature.name for feature in schema.feature] == header[:-1]
    assert [feature.name for feature in schema.feature if "SERVING" in feature.not_in_environment] == ["income"]
