"""The proposed schema changes what it must and nothing else; accepting it is safe."""

from pathlib import Path
from typing import Any

import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from schemas.errors import DataError
from sluicegate.tables.schema_change import apply_proposal, propose, schema_diff

CURRENT = """
feature { name: "age" type: INT int_domain { max: 90 } }
feature { name: "sex" type: BYTES domain: "sex" }
feature { name: "größe in cm" type: FLOAT }
string_domain { name: "sex" value: "F" value: "M" }
"""
UPDATED = """
feature { name: "age" type: INT int_domain { max: 99 } }
feature { name: "sex" type: BYTES domain: "sex" }
feature { name: "größe in cm" type: FLOAT presence { min_count: 1 } }
feature { name: "color" type: BYTES domain: "color" }
string_domain { name: "sex" value: "F" value: "M" value: "X" }
string_domain { name: "color" value: "red" }
"""


def schema(text: str) -> Any:
    return text_format.Parse(text, schema_pb2.Schema())


def test_only_the_named_columns_change() -> None:
    proposal = propose(schema(CURRENT), schema(UPDATED), {"age"})
    assert proposal.feature[0].int_domain.max == 99
    assert [f.name for f in proposal.feature] == ["age", "sex", "größe in cm"]
    assert not proposal.feature[2].HasField("presence")
    assert list(proposal.string_domain[0].value) == ["F", "M"]


def test_domains_follow_their_columns_and_new_columns_come_last() -> None:
    proposal = propose(schema(CURRENT), schema(UPDATED), {"sex", "color"})
    assert [f.name for f in proposal.feature] == ["age", "sex", "größe in cm", "color"]
    assert {d.name: list(d.value) for d in proposal.string_domain} == {"sex": ["F", "M", "X"], "color": ["red"]}


def test_nothing_to_accept_is_the_current_schema() -> None:
    assert propose(schema(CURRENT), schema(UPDATED), set()) == schema(CURRENT)


def test_the_diff_has_a_heading_per_column_and_shows_domains() -> None:
    text = schema_diff(schema(CURRENT), propose(schema(CURRENT), schema(UPDATED), {"sex", "color", "größe in cm"}))
    headings = [line for line in text.splitlines() if line.startswith("===")]
    assert headings == ["=== column 'sex': changed", "=== column 'größe in cm': changed", "=== column 'color': new"]
    assert '+value: "X"' in text
    assert "age" not in text


def test_equal_schemas_have_an_empty_diff() -> None:
    assert schema_diff(schema(CURRENT), schema(CURRENT)) == ""


def test_a_column_that_goes_is_said_to_be_gone() -> None:
    assert "=== column 'color': gone" in schema_diff(schema(UPDATED), schema(CURRENT))


def test_accepting_writes_the_proposal_and_keeps_the_old_text_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "schema.pbtxt"
    file.write_text(f"# curated by hand{CURRENT}", encoding="utf-8")
    backup = apply_proposal(CURRENT, UPDATED, file)
    assert schema(file.read_text(encoding="utf-8")) == schema(UPDATED)
    assert "größe" in file.read_text(encoding="utf-8")
    assert backup.read_text(encoding="utf-8") == f"# curated by hand{CURRENT}"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["schema.pbtxt", "schema.pbtxt.bak"]


def test_a_schema_that_was_edited_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "schema.pbtxt"
    file.write_text(UPDATED, encoding="utf-8")
    with pytest.raises(DataError, match="has changed since"):
        apply_proposal(CURRENT, UPDATED, file)
    assert [path.name for path in tmp_path.iterdir()] == ["schema.pbtxt"]


def test_a_proposal_that_is_no_schema_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "schema.pbtxt"
    file.write_text(CURRENT, encoding="utf-8")
    with pytest.raises(DataError, match="not a schema"):
        apply_proposal(CURRENT, "feature {", file)
    assert file.read_text(encoding="utf-8") == CURRENT
