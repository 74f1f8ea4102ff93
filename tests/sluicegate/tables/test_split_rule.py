"""The rule of settings files that name their columns: what moves a row to another split, and what does not."""

from __future__ import annotations

import struct
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from schemas.errors import DataError
from schemas.roles import SPLITS
from sluicegate.tables.columns.inspection import examine
from sluicegate.tables.encoded import EncodedColumn
from sluicegate.tables.hashes import value_hashes
from sluicegate.tables.inspecting import SplitRule
from sluicegate.tables.source import Source
from sluicegate.tables.splits.hashing import hashes_as_read, numbered
from tests.sluicegate.tables.tables import write
from tests.sluicegate.tables.test_splits import fnv1a_by_the_book

FEATURES = ("sex", "age", "class")
APART = SplitRule(columns=FEATURES)
HEADER = [*FEATURES, "y"]


def coarse(count: int, seed: int = 1) -> list[list[str]]:
    """Rows of few different features with either label: most occur several times."""
    rng = np.random.default_rng(seed)
    cells = rng.integers(0, [2, 12, 3, 2], (count, 4))
    return [["fm"[a], str(20 + b), f"c{c}", "ny"[d]] for a, b, c, d in cells.tolist()]


def splits_of(
    folder: Path, lines: list[list[str]], rule: SplitRule = APART, header: list[str] = HEADER, **more: object
) -> list[str]:
    path = write(folder / "t.csv", lines, header)
    of_row = examine(Source(str(path), "y", split=rule, **more)).splits.of_row  # type: ignore[arg-type]
    return [SPLITS[code] for code in of_row.tolist()]


def notes_of(folder: Path, lines: list[list[str]], rule: SplitRule, header: list[str] = HEADER, **more: object) -> str:
    path = write(folder / "t.csv", lines, header)
    return "\n".join(examine(Source(str(path), "y", split=rule, **more)).notes)  # type: ignore[arg-type]


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6))
def test_the_order_of_rows_does_not_matter(seed: int) -> None:
    """As many of each kind of row fall into each split, in whatever order they come."""
    lines = coarse(300)
    order = np.random.default_rng(seed).permutation(300)
    with tempfile.TemporaryDirectory() as folder:
        before = splits_of(Path(folder), lines)
        after = splits_of(Path(folder), [lines[i] for i in order])
    kinds = sorted(zip(map(tuple, lines), before, strict=True))
    assert kinds == sorted(zip((tuple(lines[i]) for i in order), after, strict=True))
    assert set(before) == set(SPLITS)


def test_appended_rows_leave_the_others_where_they_were(tmp_path: Path) -> None:
    lines = coarse(600)
    assert splits_of(tmp_path, lines)[:300] == splits_of(tmp_path, lines[:300])


def test_columns_that_are_added_renamed_or_become_ids_leave_every_row_where_it_was(tmp_path: Path) -> None:
    lines = coarse(300)
    before = splits_of(tmp_path, lines)
    wider = [[f"new{i % 9}", *cells] for i, cells in enumerate(lines)]
    assert splits_of(tmp_path, wider, header=["added", *HEADER]) == before
    renamed = SplitRule(columns=("sex", "age in years", "class"))
    assert splits_of(tmp_path, lines, renamed, ["sex", "age in years", "class", "y"]) == before
    assert splits_of(tmp_path, lines, ids=("class",)) == before
    assert splits_of(tmp_path, lines, leave_out=("class",)) == before


def test_a_listed_column_that_is_gone_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DataError) as raised:
        splits_of(tmp_path, coarse(100), SplitRule(columns=("sex", "aged", "class")))
    [problem] = raised.value.problems
    assert problem.place == "split.columns: 'aged'"
    assert "did you mean 'age'" in problem.allowed
    assert "write its new name in the same place" in problem.remedy
    assert "dealt anew" in problem.remedy


def test_a_value_is_the_same_however_it_is_written(tmp_path: Path) -> None:
    lines = coarse(300)
    before = splits_of(tmp_path, lines)
    floats = [[sex, f"{age}.0", f" {kind} ", label] for sex, age, kind, label in lines]
    assert splits_of(tmp_path, floats) == before
    names = {name: [cells[place] for cells in lines] for place, name in enumerate(HEADER)}
    parquet.write_table(pa.table({**names, "age": [float(age) for age in names["age"]]}), tmp_path / "t.parquet")
    of_row = examine(Source(str(tmp_path / "t.parquet"), "y", split=APART)).splits.of_row
    assert [SPLITS[code] for code in of_row] == before


def test_numbers_booleans_and_long_integers_hash_as_they_are_read() -> None:
    def found(*values: object) -> list[int]:
        return value_hashes(pa.array(values)).tolist()

    assert len({*found("39", "39.0", "+39", "3.9e1"), *found(39), *found(39.0)}) == 1
    assert len({*found("TRUE", "true", "True")}) == 1
    assert found("0.1") == found(float(np.float32(0.1)))
    assert (
        len({*found("9223372036854775807", "9223372036854775806", "9223372036854775808", "92233720368547758080")}) == 4
    )
    assert found("9007199254740993") == found(9007199254740993) != found("9007199254740992")


def mixed_by_the_book(value: int) -> int:
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) % 2**64
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) % 2**64
    return value ^ (value >> 31)


def row_by_the_book(cells: list[object], occurrence: int) -> int:
    total = 0
    for place, cell in enumerate(cells):
        if cell is None:
            value = 0x4D495353494E47
        elif isinstance(cell, int):
            value = mixed_by_the_book((cell % 2**64) ^ 0x57484F4C45)
        elif isinstance(cell, float):
            value = mixed_by_the_book(int.from_bytes(struct.pack(">f", cell), "big") ^ 0x42524F4B454E)
        else:
            value = mixed_by_the_book(fnv1a_by_the_book(str(cell)) ^ 0x54455854)
        total += mixed_by_the_book(value ^ mixed_by_the_book(place + 1))
    return mixed_by_the_book((mixed_by_the_book(total % 2**64) + occurrence * 0x9E3779B97F4A7C15) % 2**64)


def test_rows_hash_as_the_definition_says() -> None:
    """These numbers decide which rows are test rows in everybody's data: they may never change."""
    columns = [encoded("a", ["-3", "-3", "x", "-3.0"]), encoded("b", ["0.1", "0.1", None, "0.10"])]
    found = numbered(hashes_as_read(columns, 4)).tolist()
    rows = [([-3, 0.1], 0), ([-3, 0.1], 1), (["x", None], 0), ([-3, 0.1], 2)]
    assert found == [row_by_the_book(cells, occurrence) for cells, occurrence in rows]


def encoded(name: str, cells: list[str | None]) -> EncodedColumn:
    array = pa.array(cells).dictionary_encode()
    return EncodedColumn(name, array.indices.fill_null(-1).to_numpy().astype(np.int32), array.dictionary)


def opposite_pairs(count: int) -> list[list[str]]:
    """Every combination of features occurs twice, once with either label: nothing can be learnt from them."""
    return [[f"p{i}", str(i % 40), f"c{i % 5}", label] for i in range(count) for label in "ny"]


def error_of_look_up(lines: list[list[str]], of_row: list[str]) -> tuple[int, int]:
    """How often the label seen in train for the same features is the test row's, and how often it is the other one."""
    seen: dict[tuple[str, ...], set[str]] = {}
    for cells, split in zip(lines, of_row, strict=True):
        if split == "train":
            seen.setdefault(tuple(cells[:-1]), set()).add(cells[-1])
    tests = [cells for cells, split in zip(lines, of_row, strict=True) if split == "test"]
    right = sum(cells[-1] in seen.get(tuple(cells[:-1]), ()) for cells in tests)
    wrong = sum(bool(seen.get(tuple(cells[:-1]), set()) - {cells[-1]}) for cells in tests)
    return right, wrong


def test_the_old_rule_shows_a_test_row_its_opposite_and_never_its_equal_and_the_new_one_both_alike(
    tmp_path: Path,
) -> None:
    lines = [cells for cells in opposite_pairs(400) for _ in range(3)]
    right, wrong = error_of_look_up(lines, splits_of(tmp_path, lines, SplitRule()))
    assert right == 0
    assert wrong > 150
    right, wrong = error_of_look_up(lines, splits_of(tmp_path, lines))
    # Of two equals and three opposites that may be in train, nearly always one is: about 0.96 and 0.99 of 240 rows.
    assert right > 0.9 * wrong > 150


def test_together_keeps_rows_of_equal_features_in_one_split_whatever_their_label(tmp_path: Path) -> None:
    lines = opposite_pairs(300)
    of_row = splits_of(tmp_path, lines, SplitRule(columns=FEATURES, repeats="together"))
    assert of_row[::2] == of_row[1::2]
    assert 30 < of_row[::2].count("test") + of_row[::2].count("eval") < 90
    assert error_of_look_up(lines, of_row) == (0, 0)
    with_label = SplitRule(columns=(*FEATURES, "y"), repeats="together")
    assert splits_of(tmp_path, lines, with_label) == of_row


def test_each_split_gets_its_share_and_labels_fall_evenly(tmp_path: Path) -> None:
    lines = coarse(6000)
    of_row = np.array(splits_of(tmp_path, lines))
    label = np.array([cells[-1] for cells in lines])
    for split, share in (("train", 0.8), ("eval", 0.1), ("test", 0.1)):
        count = int((of_row == split).sum())
        assert abs(count - 6000 * share) < 4 * np.sqrt(6000 * share * (1 - share))
        assert abs((label[of_row == split] == "y").mean() - (label == "y").mean()) < 4 * 0.5 / np.sqrt(count)


def test_rows_of_one_key_stay_together_as_read_and_rows_without_one_are_dealt_by_themselves(tmp_path: Path) -> None:
    lines = [[f"{i % 60}{'.0' if i % 4 == 1 else ''}" if i % 2 else "", *cells] for i, cells in enumerate(coarse(1200))]
    rule = SplitRule(key=("who",), columns=FEATURES)
    of_row = splits_of(tmp_path, lines, rule, ["who", *HEADER])
    by_key: dict[float, set[str]] = {}
    for (who, *_), split in zip(lines, of_row, strict=True):
        if who:
            by_key.setdefault(float(who), set()).add(split)
    assert all(len(found) == 1 for found in by_key.values())
    assert len(by_key) == 30
    alone = [split for (who, *_), split in zip(lines, of_row, strict=True) if not who]
    assert 30 < alone.count("test") < 95
    notes = notes_of(tmp_path, lines, rule, ["who", *HEADER])
    assert "Key 'who': 30 keys in 600 rows" in notes
    assert "WARNING" not in notes


def test_the_newest_rows_are_the_test_and_those_before_them_eval(tmp_path: Path) -> None:
    days = [f"2024-0{1 + i % 9}-{1 + i % 28:02d}T0{i % 10}:00:00" for i in range(500)]
    lines = [[day, *cells] for day, cells in zip(days, coarse(500), strict=True)]
    of_row = splits_of(tmp_path, lines, SplitRule(by_time="when"), ["when", *HEADER])
    by_split = {split: [day for day, found in zip(days, of_row, strict=True) if found == split] for split in SPLITS}
    assert max(by_split["train"]) < min(by_split["eval"]) <= max(by_split["eval"]) < min(by_split["test"])
    assert abs(len(by_split["test"]) - 50) <= 5


def test_one_instant_in_two_offsets_is_one_time_and_rows_without_one_are_train(tmp_path: Path) -> None:
    hours = [f"2024-01-{1 + i // 24:02d}T{i % 24:02d}:00:00" for i in range(400)]
    whens = [f"{hour}+00:00" if i % 2 else "" for i, hour in enumerate(hours)]
    whens[399] = "2024-01-01T00:00:00-23:00"
    lines = [[when, *cells] for when, cells in zip(whens, coarse(400), strict=True)]
    of_row = splits_of(tmp_path, lines, SplitRule(by_time="when"), ["when", *HEADER])
    assert {split for when, split in zip(whens, of_row, strict=True) if not when} == {"train"}
    assert of_row[399] == "train"


def test_dates_with_the_day_first_are_read_so_and_where_both_fit_the_settings_must_say(tmp_path: Path) -> None:
    days = [f"{1 + i % 28:02d}.{1 + i % 12:02d}.2024" for i in range(400)]
    lines = [[day, *cells] for day, cells in zip(days, coarse(400), strict=True)]
    of_row = splits_of(tmp_path, lines, SplitRule(by_time="when"), ["when", *HEADER])
    months = {split: {int(day[3:5]) for day, one in zip(days, of_row, strict=True) if one == split} for split in SPLITS}
    assert max(months["train"]) <= min(months["test"])
    lines = [[f"0{1 + i % 9}.0{1 + i % 8}.2024", *cells] for i, cells in enumerate(coarse(400))]
    with pytest.raises(DataError, match=r"columns.dates: \{when: day_first\}"):
        splits_of(tmp_path, lines, SplitRule(by_time="when"), ["when", *HEADER])


def test_three_years_are_train_eval_and_test_and_the_shares_are_said(tmp_path: Path) -> None:
    lines = [[str(2021 + i % 3), *cells] for i, cells in enumerate(coarse(300))]
    rule = SplitRule(by_time="year")
    of_row = splits_of(tmp_path, lines, rule, ["year", *HEADER])
    found = {cells[0]: split for cells, split in zip(lines, of_row, strict=True)}
    assert found == {"2021": "train", "2022": "eval", "2023": "test"}
    assert "33.3% of the rows are test, 10.0% were asked for: many rows of one time" in notes_of(
        tmp_path, lines, rule, ["year", *HEADER]
    )


def test_a_word_in_the_time_column_is_refused(tmp_path: Path) -> None:
    lines = [["soon" if i == 7 else "2024-01-31", *cells] for i, cells in enumerate(coarse(100))]
    with pytest.raises(DataError) as raised:
        splits_of(tmp_path, lines, SplitRule(by_time="when"), ["when", *HEADER])
    assert any("line 9" in one.place and "'soon'" in one.got for one in raised.value.problems)


@pytest.mark.parametrize(
    "rule",
    [
        SplitRule("part", columns=FEATURES),
        SplitRule("part", by_time="age"),
        SplitRule("part", key=("class2",), columns=FEATURES),
    ],
)
def test_the_same_rule_carves_eval_out_of_a_given_train(tmp_path: Path, rule: SplitRule) -> None:
    lines = [[f"k{i % 90}", *cells, "test" if i % 4 == 0 else "train"] for i, cells in enumerate(coarse(1200))]
    header = ["class2", *HEADER, "part"]
    of_row = splits_of(tmp_path, lines, rule, header)
    assert [i for i, split in enumerate(of_row) if split == "test"] == list(range(0, 1200, 4))
    assert 50 < of_row.count("eval") < 150
    if rule.by_time:
        age = np.array([int(cells[2]) for cells in lines])
        of = np.array(of_row)
        assert age[of == "eval"].min() > age[of == "train"].max()
    if rule.key:
        keys = [
            {cells[0] for cells, split in zip(lines, of_row, strict=True) if split == name}
            for name in ("train", "eval")
        ]
        assert not keys[0] & keys[1]
        assert "keys have rows in train and in test" in notes_of(tmp_path, lines, rule, header)


def test_repeats_and_shares_far_from_those_asked_for_are_said(tmp_path: Path) -> None:
    lines = coarse(300)
    assert "repeat the features of another row: each is dealt by itself" in notes_of(tmp_path, lines, APART)
    keyed = [[f"k{i // 60}", *cells] for i, cells in enumerate(lines * 2)]
    try:
        said = notes_of(tmp_path, keyed, SplitRule(key=("who",), columns=FEATURES), ["who", *HEADER])
    except DataError as error:
        said = str(error)
    assert "few keys" in said or "choose key columns with more distinct values" in said


def test_old_json_of_a_source_loads() -> None:
    text = Source("t.csv", "y", split=SplitRule(key=("who",))).to_json()
    old = text.replace('"by_time": null, ', "").replace('"columns": [], ', "").replace(', "repeats": null', "")
    assert old != text
    assert Source.from_json(old).split == SplitRule(key=("who",))
