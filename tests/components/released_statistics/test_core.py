"""The baseline of drift is the train data of the stable version, or nothing with a reason."""

from dataclasses import replace
from pathlib import Path

from components.released_statistics.core import find_baseline
from schemas.release import Change, Release, statistics_name
from sluicegate.delivery.kept import keep

OLD, NEW = (Change("t", "release", "direct", version, None, f"r{version}", "d") for version in (7, 8))
RELEASED = Release(stable=7, history=(OLD, NEW, OLD))


def test_the_stable_versions_statistics_are_the_baseline(tmp_path: Path) -> None:
    for version in (7, 8):
        keep(tmp_path, statistics_name(version), str(version).encode())
    found = find_baseline(RELEASED, tmp_path)
    assert (found.content, found.version, found.run_id) == (b"7", 7, "r7")
    overridden = replace(RELEASED, history=(*RELEASED.history, Change("t", "override", "direct", 7, 7, "r9", "d")))
    assert find_baseline(overridden, tmp_path).run_id == "r7"


def test_nothing_released_gives_no_baseline(tmp_path: Path) -> None:
    found = find_baseline(Release(), tmp_path)
    assert (found.content, found.version, found.reason) == (None, 0, "no model was released yet")


def test_a_version_without_statistics_says_where_they_were_looked_for(tmp_path: Path) -> None:
    found = find_baseline(RELEASED, tmp_path)
    assert (found.content, found.version) == (None, 7)
    assert str(tmp_path / statistics_name(7)) in found.reason
