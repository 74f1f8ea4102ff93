"""Rows fall into the same split on every machine, in any order, whatever their types are taken for."""

from __future__ import annotations

import hashlib
import json
import random
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from sluicegate.tables.columns.inspection import examine
from sluicegate.tables.encoded import EncodedColumn
from sluicegate.tables.hashes import fnv1a
from sluicegate.tables.inspecting import SplitRule, inspect, load
from sluicegate.tables.source import Source
from sluicegate.tables.splits.hashing import row_hashes, shares
from tests.sluicegate.tables.tables import HEADER, rows, source, write


def fnv1a_by_the_book(text: str) -> int:
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = ((value ^ byte) * 0x100000001B3) % 2**64
    return value


@settings(deadline=None)
@given(st.lists(st.text(max_size=30), max_size=20))
def test_fnv1a_agrees_with_its_definition(texts: list[str]) -> None:
    assert fnv1a(pa.array(texts, pa.string())).tolist() == [fnv1a_by_the_book(text) for text in texts]


def test_fnv1a_of_the_published_vectors_and_of_a_slice() -> None:
    texts = pa.array(["x", "", "a", "foobar", "y"]).slice(1, 3)
    assert [hex(value) for value in fnv1a(texts)] == ["0xcbf29ce484222325", "0xaf63dc4c8601ec8c", "0x85944171f73967e8"]


def column(name: str, texts: list[str]) -> EncodedColumn:
    encoded = pa.array(texts).dictionary_encode()
    return EncodedColumn(name, encoded.indices.to_numpy().astype(np.int32), encoded.dictionary)


#: Made by the code before there were split.columns: which rows of these tables were train, eval and test.
FROZEN = {
    "census": "5d5a5ada81db173f",
    "penguins": "9324f34dbb24b62b",
    "taxi": "24e1252bd361d252",
    "keys": "ecaf3b195f573ec8",
}


def frozen_sources(folder: Path) -> dict[str, Source]:
    lines = [[f"c{i % 60}" if i % 2 else "", *cells] for i, cells in enumerate(rows(600))]
    keyed = write(folder / "t.csv", lines, ["customer", *HEADER])
    areas = ("pickup_community_area", "dropoff_community_area", "dropoff_census_tract")
    return {
        "census": Source("data/census/adult.csv", "income", split=SplitRule(column="split")),
        "penguins": Source(
            "data/penguins/penguins.csv", "species", split=SplitRule(None, (), {}, 0.6, 0.2, 0.2), leave_out=("year",)
        ),
        "taxi": Source(
            "data/chicago_taxi/chicago_taxi.csv",
            "big_tip",
            leave_out=("tips", "pickup_census_tract"),
            kinds=dict.fromkeys(areas, "category"),
        ),
        "keys": source(keyed, split=SplitRule(key=("customer",))),
    }


@pytest.mark.parametrize("name", FROZEN)
def test_settings_without_the_new_keys_split_as_they_always_did(tmp_path: Path, name: str) -> None:
    wanted = frozen_sources(tmp_path)[name]
    # Through JSON without the new keys, as ExampleGen's executor read it before.
    content = json.loads(wanted.to_json())
    for key in ("columns", "repeats", "by_time"):
        del content["split"][key]
    examined = examine(Source.from_json(json.dumps(content)))
    assert hashlib.sha256(examined.splits.of_row.astype(np.int8).tobytes()).hexdigest()[:16] == FROZEN[name]
    assert any(note.startswith("WARNING") and "Add below split: `columns: [" in note for note in examined.notes)


PINNED = (11970875620893417046, 17832966199756137423)
"""Computed with Python's own integers. They decide which rows are test rows in everybody's data: they may never change."""


def test_row_hashes_are_pinned() -> None:
    hashes = row_hashes([column("a", ["1", "2", "1"]), column("b", ["x", "y", "x"])], 3)
    assert hashes.tolist() == [PINNED[0], PINNED[1], PINNED[0]]


def test_swapped_values_are_another_row_and_swapped_columns_are_not() -> None:
    one = row_hashes([column("a", ["1"]), column("b", ["2"])], 1)
    assert one == row_hashes([column("b", ["2"]), column("a", ["1"])], 1)
    assert one != row_hashes([column("a", ["2"]), column("b", ["1"])], 1)


def test_shares_are_uniform() -> None:
    found = shares(row_hashes([column("row", [str(i) for i in range(50_000)])], 50_000))
    counts = np.histogram(found, bins=20, range=(0, 1))[0]
    # 19 degrees of freedom: 43.8 is the 0.1 % quantile of chi-squared.
    assert ((counts - 2500) ** 2 / 2500).sum() < 43.8


def split_of(wanted: Source, key: str) -> dict[str, str]:
    return {str(value): split for split, table in load(wanted).items() for value in table[key].to_pylist()}


@settings(max_examples=15, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(chance: random.Random) -> None:
    shuffled = rows()
    chance.shuffle(shuffled)
    with tempfile.TemporaryDirectory() as folder:
        first = split_of(source(write(Path(folder) / "a.csv")), "income")
        assert split_of(source(write(Path(folder) / "b.csv", shuffled)), "income") == first
    assert len(set(first.values())) == 3


def test_new_rows_leave_the_others_where_they_were(tmp_path: Path) -> None:
    before = split_of(source(write(tmp_path / "a.csv", rows(150))), "income")
    after = split_of(source(write(tmp_path / "b.csv", rows(400))), "income")
    assert {key: after[key] for key in before} == before


def test_types_do_not_matter(tmp_path: Path) -> None:
    """One letter further down turns a column of numbers into texts; the rows above stay where they were."""
    before = split_of(source(write(tmp_path / "a.csv")), "income")
    after = split_of(source(write(tmp_path / "b.csv"), kinds={"age": "category"}), "income")
    assert after == before


def test_parquet_and_csv_agree_on_texts_and_whole_numbers(tmp_path: Path) -> None:
    lines = rows()
    path = write(tmp_path / "a.csv", [[*cells[:2], cells[3]] for cells in lines], ["age", "city", "label"])
    parquet.write_table(
        pa.table(
            {
                "age": [int(cells[0]) for cells in lines],
                "city": [cells[1] for cells in lines],
                "label": [cells[3] for cells in lines],
            }
        ),
        tmp_path / "a.parquet",
    )
    assert load(source(tmp_path / "a.parquet")) == load(source(path))


def test_equal_rows_stay_together_whatever_their_number(tmp_path: Path) -> None:
    lines = [[str(number), *cells] for number, cells in enumerate(rows() + rows())]
    path = write(tmp_path / "t.csv", lines, ["row", *HEADER])
    tables = load(source(path, ids=["row"]))
    incomes = [set(table["income"].to_pylist()) for table in tables.values()]
    assert not incomes[0] & incomes[1]
    assert not incomes[0] & incomes[2]
    assert sum(table.num_rows for table in tables.values()) == 400


def test_rows_of_one_key_stay_together_and_rows_without_key_spread(tmp_path: Path) -> None:
    lines = [[f"c{i % 60}" if i % 2 else "", *cells] for i, cells in enumerate(rows(600))]
    path = write(tmp_path / "t.csv", lines, ["customer", *HEADER])
    tables = load(source(path, split=SplitRule(key=("customer",))))
    keys = [set(table["customer"].drop_null().to_pylist()) for table in tables.values()]
    assert not keys[0] & keys[1] | keys[0] & keys[2] | keys[1] & keys[2]
    assert all(table["customer"].null_count > 10 for table in tables.values())


@pytest.mark.parametrize(
    ("word", "split"), [("Training", "train"), ("VAL", "eval"), ("dev", "eval"), ("Holdout", "test")]
)
def test_words_for_splits(tmp_path: Path, word: str, split: str) -> None:
    lines = [[*cells, word if i % 4 == 0 else "train"] for i, cells in enumerate(rows(400))]
    path = write(tmp_path / "t.csv", lines, [*HEADER, "part"])
    found = inspect(source(path, split=SplitRule(column="part"))).rows
    assert sum(found.values()) == 400
    assert found[split] >= 100


def test_what_the_column_lacks_is_carved_out_of_train(tmp_path: Path) -> None:
    lines = [[*cells, "test" if i % 4 == 0 else "train"] for i, cells in enumerate(rows(800))]
    path = write(tmp_path / "t.csv", lines, [*HEADER, "part"])
    profile = inspect(source(path, split=SplitRule(column="part")))
    assert profile.rows["test"] == 200
    assert 40 <= profile.rows["eval"] <= 80
    assert any("gave no eval split" in note for note in profile.notes)


@pytest.mark.parametrize("folders", [{}, {"train": "training", "test": "holdout"}])
def test_folders_stand_for_splits(tmp_path: Path, folders: dict[str, str]) -> None:
    write(tmp_path / "training" / "a.csv", rows(300))
    write(tmp_path / "holdout" / "a.csv", rows(50))
    profile = inspect(source(tmp_path, split=SplitRule(folders=folders)))
    assert profile.rows["test"] == 50
    assert profile.rows["train"] + profile.rows["eval"] == 300
    assert sorted(profile.files) == ["holdout/a.csv", "training/a.csv"]
