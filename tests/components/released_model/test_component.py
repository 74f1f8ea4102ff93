"""ReleasedModel hands over an artifact that TFX can load as a model."""

import json
from pathlib import Path
from typing import Any

from tfx.types.standard_artifacts import Model
from tfx.utils import path_utils

from components.released_model.component import ReleasedModel
from schemas import release as releases
from schemas import release_metrics
from schemas.digest import model_digest
from schemas.release import Change, Release
from sluicegate.delivery.kept import keep, keep_record
from tests.components.through_executor import artifact, run


def baseline_of(folder: Path) -> Any:
    baseline = artifact(Model, folder / "baseline")
    run(ReleasedModel, {}, {"baseline": baseline}, serving_folder=str(folder / "serving"))
    return baseline


def release(folder: Path, version: int) -> str:
    model = folder / "serving" / str(version)
    (model / "variables").mkdir(parents=True)
    (model / "saved_model.pb").write_text("graph")
    digest = model_digest(model)
    change = Change("t", "release", "direct", version, None, "r", digest)
    releases.write(Release(stable=version, history=(change,)), folder / "serving")
    return digest


def test_the_stable_version_is_copied_to_where_tfx_looks(tmp_path: Path) -> None:
    digest = release(tmp_path, 7)
    baseline = baseline_of(tmp_path)
    assert (Path(path_utils.serving_model_path(baseline.uri)) / "saved_model.pb").read_text() == "graph"
    assert baseline.get_int_custom_property("empty") == 0
    assert baseline.get_int_custom_property("version") == 7
    assert baseline.get_string_custom_property("digest") == digest
    assert baseline.get_string_custom_property("reason") == "version 7 is stable"


def test_the_metrics_of_its_release_come_along_where_they_were_recorded(tmp_path: Path) -> None:
    release(tmp_path, 7)
    assert release_metrics.read_if_there(baseline_of(tmp_path).uri) is None
    recorded = release_metrics.ReleaseMetrics("binary", (), 0.5)
    file = release_metrics.write(recorded, tmp_path / "aside")
    keep(tmp_path / "serving", release_metrics.name_of(7), file.read_bytes())
    assert release_metrics.read_if_there(baseline_of(tmp_path).uri) == recorded


def test_a_changed_file_is_said(tmp_path: Path) -> None:
    release(tmp_path, 7)
    (tmp_path / "serving" / "7" / "saved_model.pb").write_text("another")
    assert "not those that were released" in baseline_of(tmp_path).get_string_custom_property("reason")


def test_nothing_released_is_marked_empty(tmp_path: Path) -> None:
    baseline = baseline_of(tmp_path)
    assert baseline.get_int_custom_property("empty") == 1
    assert baseline.get_int_custom_property("version") == 0
    assert list(Path(baseline.uri).iterdir()) == []


def test_what_was_kept_at_the_release_is_handed_on_and_nothing_for_an_older_one(tmp_path: Path) -> None:
    release(tmp_path, 7)
    assert baseline_of(tmp_path).get_string_custom_property("record") == "{}"
    keep_record(tmp_path / "serving", 7, {"split": {"key": ["who"]}})
    assert json.loads(baseline_of(tmp_path).get_string_custom_property("record")) == {"split": {"key": ["who"]}}
