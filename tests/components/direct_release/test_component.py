"""DirectRelease with real artifacts and a real release.json."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tfx.types import artifact_utils
from tfx.types.standard_artifacts import Examples, ExampleStatistics, PushedModel

from components.direct_release.component import DirectRelease
from schemas import release as releases
from schemas import release_metrics
from schemas.artifacts import GateVerdict, ReleaseRecord
from sluicegate.delivery.kept import read_record
from tests.components.through_executor import artifact, run


def released(folder: Path, mode: str, overrides: str = "", split_json: str = "", **pushed: int | str) -> Any:
    record = artifact(ReleaseRecord, folder / "record")
    statistics = artifact(ExampleStatistics, folder / "statistics")
    statistics.split_names = artifact_utils.encode_split_names(["train", "eval"])
    (folder / "statistics" / "Split-train").mkdir(parents=True, exist_ok=True)
    (folder / "statistics" / "Split-train" / "FeatureStats.pb").write_bytes(b"counts")
    verdict = artifact(GateVerdict, folder / "verdict", overrides=overrides)
    (folder / "examples").mkdir(exist_ok=True)
    (folder / "examples" / "distributions-train.npz").write_bytes(b"shares")
    quality = artifact(GateVerdict, folder / "quality")
    release_metrics.write(release_metrics.ReleaseMetrics("binary", (), 0.5), folder / "quality")
    inputs = {
        "examples": artifact(Examples, folder / "examples"),
        "pushed": artifact(PushedModel, folder / "pushed", **pushed), "statistics": statistics, "verdict": verdict,
        "quality": quality,
    }  # fmt: skip
    run(DirectRelease, inputs, {"release": record}, mode=mode, run_id="run-1", split_json=split_json)
    return record


def a_push(folder: Path, version: int = 8) -> dict[str, int | str]:
    destination = str(folder / "serving" / str(version))
    return {"pushed": 1, "pushed_version": str(version), "pushed_destination": destination, "digest": f"d{version}"}


def test_a_push_becomes_stable_and_the_record_is_a_copy(tmp_path: Path) -> None:
    record = released(tmp_path, "direct", **a_push(tmp_path))
    state = releases.read(tmp_path / "serving")
    assert (state.stable, state.stable_digest, state.history[0].run_id) == (8, "d8", "run-1")
    assert releases.read(record.uri) == state
    assert (record.get_int_custom_property("version"), record.get_int_custom_property("changed")) == (8, 1)


def test_the_same_push_again_changes_nothing(tmp_path: Path) -> None:
    released(tmp_path, "direct", **a_push(tmp_path))
    before = (tmp_path / "serving" / "release.json").read_bytes()
    record = released(tmp_path, "direct", **a_push(tmp_path))
    assert record.get_int_custom_property("changed") == 0
    assert (tmp_path / "serving" / "release.json").read_bytes() == before


def test_hold_leaves_release_json_alone(tmp_path: Path) -> None:
    record = released(tmp_path, "hold", **a_push(tmp_path))
    assert not (tmp_path / "serving" / "release.json").exists()
    assert (record.get_int_custom_property("version"), record.get_int_custom_property("changed")) == (0, 0)
    assert "hold" in record.get_string_custom_property("reason")


def test_nothing_pushed_records_what_is_stable(tmp_path: Path) -> None:
    released(tmp_path, "direct", **a_push(tmp_path))
    record = released(tmp_path, "direct", pushed=0, serving_folder=str(tmp_path / "serving"))
    assert (record.get_int_custom_property("version"), record.get_int_custom_property("changed")) == (8, 0)
    assert releases.read(record.uri).stable == 8


def test_a_stock_pusher_that_refused_leaves_an_empty_record(tmp_path: Path) -> None:
    record = released(tmp_path, "direct", pushed=0)
    assert releases.read(record.uri) == releases.Release()


@pytest.mark.parametrize("mode", ["direct", "hold"])
def test_every_pushed_version_has_its_train_statistics_beside_it(tmp_path: Path, mode: str) -> None:
    released(tmp_path, mode, **a_push(tmp_path))
    assert (tmp_path / "serving" / releases.statistics_name(8)).read_bytes() == b"counts"
    assert (tmp_path / "serving" / releases.distributions_name(8)).read_bytes() == b"shares"


@pytest.mark.parametrize("mode", ["direct", "hold"])
def test_every_pushed_version_has_its_metrics_beside_it_and_keeps_the_first(tmp_path: Path, mode: str) -> None:
    released(tmp_path, mode, **a_push(tmp_path))
    kept = tmp_path / "serving" / release_metrics.name_of(8)
    assert release_metrics.FILE.from_json(kept.read_text()).constant == 0.5
    kept.write_text("first")
    released(tmp_path, mode, **a_push(tmp_path))
    assert kept.read_text() == "first"


def test_a_refused_model_leaves_no_statistics(tmp_path: Path) -> None:
    released(tmp_path, "direct", pushed=0, serving_folder=str(tmp_path / "serving"))
    assert not (tmp_path / "serving").exists()


def test_what_a_person_let_pass_stays_in_the_history(tmp_path: Path) -> None:
    released(tmp_path, "direct", overrides="one\ntwo", **a_push(tmp_path))
    first = releases.read(tmp_path / "serving")
    assert releases.overrides_of(first, first.stable) == ("one", "two")
    released(tmp_path, "direct", **a_push(tmp_path, 9))
    after = releases.read(tmp_path / "serving")
    assert releases.overrides_of(after, after.stable) == ()
    assert after.history[0].overrides == ("one", "two")


def test_a_held_version_that_a_person_let_pass_enters_the_history_and_stays_held(tmp_path: Path) -> None:
    record = released(tmp_path, "hold", overrides="one", **a_push(tmp_path))
    state = releases.read(tmp_path / "serving")
    assert state.stable is None
    assert releases.overrides_ever(state) == ((8, "one"),)
    assert releases.read(record.uri) == state
    assert (record.get_int_custom_property("version"), record.get_int_custom_property("changed")) == (0, 1)


def test_the_split_rule_is_kept_with_the_version_and_handed_to_the_next_run(tmp_path: Path) -> None:
    rule = json.dumps({"rule": "as_read", "key": ["who"]})
    released(tmp_path, "direct", split_json=rule, **a_push(tmp_path))
    assert read_record(tmp_path / "serving", 8) == {"split": json.loads(rule)}
    released(tmp_path, "direct", split_json="{}", **a_push(tmp_path))
    assert read_record(tmp_path / "serving", 8) == {"split": json.loads(rule)}


def test_the_history_tells_who_and_what(tmp_path: Path) -> None:
    released(tmp_path, "direct", **a_push(tmp_path))
    [line] = releases.read(tmp_path / "serving").history
    assert (line.by, line.what) == ("run run-1", "version none -> 8")


def test_what_an_operator_changes_meanwhile_is_not_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from components.direct_release import component

    released(tmp_path, "direct", **a_push(tmp_path))
    real, moved = component.decide, []

    def decide(before: releases.Release, *more: Any) -> Any:
        if not moved:
            state = releases.read(tmp_path / "serving")
            line = releases.Change("t", "traffic", "canary", 8, 8, "", "d8", by="ann")
            moved.append(releases.write(replace(state, history=(*state.history, line)), tmp_path / "serving"))
        return real(before, *more)

    monkeypatch.setattr(component, "decide", decide)
    released(tmp_path, "direct", **a_push(tmp_path, 9))
    state = releases.read(tmp_path / "serving")
    assert (state.stable, [line.by for line in state.history]) == (9, ["run run-1", "ann", "run run-1"])
