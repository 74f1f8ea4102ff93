"""ReleasedStatistics hands over an artifact that TFDV can read."""

from pathlib import Path
from typing import Any

from tfx.types import artifact_utils
from tfx.types.standard_artifacts import ExampleStatistics

from components.released_statistics.component import ReleasedStatistics
from schemas import release as releases
from schemas.release import Change, Release
from sluicegate.delivery.kept import keep
from tests.components.through_executor import artifact, run


def statistics_of(folder: Path) -> Any:
    made = artifact(ExampleStatistics, folder / "statistics")
    run(ReleasedStatistics, {}, {"statistics": made}, serving_folder=str(folder / "serving"))
    return made


def test_the_train_statistics_stand_where_tfx_looks(tmp_path: Path) -> None:
    change = Change("t", "release", "direct", 7, None, "r", "d")
    releases.write(Release(stable=7, history=(change,)), tmp_path / "serving")
    keep(tmp_path / "serving", releases.statistics_name(7), b"counts")
    keep(tmp_path / "serving", releases.distributions_name(7), b"shares")
    made = statistics_of(tmp_path)
    assert (Path(made.uri) / "distributions-train.npz").read_bytes() == b"shares"
    assert (Path(artifact_utils.get_split_uri([made], "train")) / "FeatureStats.pb").read_bytes() == b"counts"
    assert (made.get_int_custom_property("empty"), made.get_int_custom_property("version")) == (0, 7)
    assert made.get_string_custom_property("run_id") == "r"


def test_nothing_released_is_marked_empty(tmp_path: Path) -> None:
    made = statistics_of(tmp_path)
    assert (made.get_int_custom_property("empty"), made.get_int_custom_property("version")) == (1, 0)
    assert made.get_string_custom_property("reason") == "no model was released yet"
    assert not [path for path in Path(made.uri).rglob("*") if path.is_file()]
