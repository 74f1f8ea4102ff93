"""A comparison with a released model says whether that model may have trained on the test rows."""

import json
from dataclasses import replace
from pathlib import Path

from schemas.split_record import SplitRecord, caution
from sluicegate.delivery.kept import keep_record, read_record
from sluicegate.tables.source import Source, SplitRule

FROZEN = Source("t.csv", "y", split=SplitRule(columns=("a", "b"))).split_record


def test_the_same_rule_needs_no_word_and_survives_its_record(tmp_path: Path) -> None:
    keep_record(tmp_path, 3, {"split": json.loads(FROZEN.to_json())})
    kept = SplitRecord.of(read_record(tmp_path, 3)["split"])
    assert kept == FROZEN
    assert caution(FROZEN, kept, 3) == ""


def test_another_rule_and_a_release_without_a_record_are_said() -> None:
    keyed = Source("t.csv", "y", split=SplitRule(key=("who",), columns=("a", "b"))).split_record
    said = caution(keyed, FROZEN, 3)
    assert "another split rule (by 2 columns, repeats apart, 0.8 / 0.1 / 0.1; now by key who" in said
    assert "may have trained on some of these test rows" in said
    assert "without a record of its split rule" in caution(FROZEN, None, 3)


def test_other_shares_are_another_rule_and_ids_count_only_where_whole_rows_are_hashed() -> None:
    wider = replace(FROZEN, shares=(0.7, 0.15, 0.15))
    assert caution(wider, FROZEN, 1)
    with_ids = Source("t.csv", "y", split=SplitRule(columns=("a", "b")), ids=("a",)).split_record
    assert caution(with_ids, FROZEN, 1) == ""
    whole = [Source("t.csv", "y", ids=ids).split_record for ids in ((), ("a",))]
    assert caution(whole[0], whole[1], 1)


def test_a_record_is_kept_once_and_there_is_none_of_older_releases(tmp_path: Path) -> None:
    assert read_record(tmp_path, 1) == {}
    keep_record(tmp_path, 1, {"split": {"rule": "first"}})
    keep_record(tmp_path, 1, {"split": {"rule": "second"}})
    assert read_record(tmp_path, 1) == {"split": {"rule": "first"}}


def test_equal_rows_are_told_by_what_reaches_the_gates_and_a_key_only_whole() -> None:
    together = SplitRule(columns=("a", "b"), repeats="together")
    assert Source("t.csv", "y", split=together).split_record.cluster == ("a", "b")
    assert Source("t.csv", "y", split=together, leave_out=("b",)).split_record.cluster == ("a",)
    assert Source("t.csv", "y", split=SplitRule(key=("who", "where")), leave_out=("who",)).split_record.cluster == (
        "who",
        "where",
    )
    assert Source("t.csv", "y", split=SplitRule(columns=("a", "b"))).split_record.cluster == ()
