"""What is written is read back, whatever is in it; and what another version wrote is refused."""

import enum
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.document import Document, RecordError, build


class Colour(enum.StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Leaf:
    name: str
    size: float | None = None
    colour: Colour = Colour.RED


@dataclass(frozen=True)
class Tree:
    leaves: tuple[Leaf, ...] = ()
    ends: tuple[tuple[float, float, int], ...] = ()
    by_name: Mapping[str, Leaf] = field(default_factory=dict)
    best: Leaf | None = None
    anything: Mapping[str, Any] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return len(self.leaves)


TREES = Document(Tree, "tree.json", 3, derived=("count",))
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
floats = st.floats(allow_nan=False, allow_infinity=False)
leaves = st.builds(Leaf, texts, st.none() | floats, st.sampled_from(Colour))
trees = st.builds(
    Tree,
    st.lists(leaves, max_size=3).map(tuple),
    st.lists(st.tuples(floats, floats, st.integers()), max_size=3).map(tuple),
    st.dictionaries(texts, leaves, max_size=2),
    st.none() | leaves,
    st.dictionaries(texts, st.none() | st.integers() | texts | st.lists(st.integers(), max_size=2), max_size=2),
)


@given(trees)
def test_it_comes_back_equal(tree: Tree) -> None:
    assert TREES.from_json(TREES.to_json(tree)) == tree


def test_the_file_is_plain_json_that_says_its_version(tmp_path: Path) -> None:
    path = TREES.write(Tree((Leaf("a", float("nan")), Leaf("\ud83d", float("inf"), Colour.BLUE))), tmp_path / "new")
    content = json.loads(path.read_text(encoding="utf-8"))
    assert (content["format_version"], content["count"]) == (3, 2)
    assert content["leaves"] == [
        {"name": "a", "size": None, "colour": "red"},
        {"name": "?", "size": None, "colour": "blue"},
    ]
    assert TREES.read(path.parent) == Tree((Leaf("a"), Leaf("?", None, Colour.BLUE)))


def test_another_version_is_refused_and_an_absent_file_is_none(tmp_path: Path) -> None:
    older = Document(Tree, "tree.json", 2, "card_version")
    with pytest.raises(ValueError, match=r"tree\.json is not of card version 2"):
        older.from_json(TREES.to_json(Tree()))
    assert TREES.read_if_there(tmp_path) is None
    with pytest.raises(FileNotFoundError):
        TREES.read(tmp_path)


def test_what_is_not_in_the_file_keeps_its_default() -> None:
    assert build(Tree, {"best": {"name": "a"}}) == Tree(best=Leaf("a"))
    with pytest.raises(RecordError, match="name"):
        build(Leaf, {"colour": "red"})
    with pytest.raises(RecordError, match="no key 'color'"):
        build(Leaf, {"name": "a", "color": "red"})
    with pytest.raises(RecordError, match="green"):
        build(Leaf, {"name": "a", "colour": "green"})


def test_a_number_that_was_none_is_nan_where_the_type_allows_no_none() -> None:
    told = TREES.to_json(Tree((Leaf("a", float("nan")),), ((1.0, float("inf"), 2),)))
    read = TREES.from_json(told)
    assert read.leaves == (Leaf("a"),)
    assert math.isnan(read.ends[0][1])


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "null", "[" * 100_000, '{"format_version": 3, "leaves": [3]}'])
def test_whatever_is_no_record_is_one_kind_of_error(text: str, tmp_path: Path) -> None:
    (tmp_path / "tree.json").write_text(text, encoding="utf-8")
    with pytest.raises(RecordError):
        TREES.read(tmp_path)


def test_a_file_that_cannot_be_read_is_that_error_too(tmp_path: Path) -> None:
    (tmp_path / "tree.json").write_bytes(b"\xff")
    with pytest.raises(RecordError):
        TREES.read(tmp_path)
    (tmp_path / "tree.json").unlink()
    (tmp_path / "tree.json").mkdir()
    with pytest.raises(RecordError):
        TREES.read(tmp_path)
