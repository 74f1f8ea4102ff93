"""The baseline is the stable version, or empty with a reason."""

from pathlib import Path

from components.released_model.core import find_baseline
from schemas.release import Change, Release

RELEASED = Release(stable=7, history=(Change("t", "release", "direct", 7, None, "r", "d7"),))


def test_the_stable_version_is_the_baseline(tmp_path: Path) -> None:
    for version in ("7", "8"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "saved_model.pb").write_text("")
    found = find_baseline(RELEASED, tmp_path)
    assert (found.folder, found.version, found.digest, found.is_empty) == (tmp_path / "7", 7, "d7", False)


def test_nothing_released_gives_an_empty_baseline(tmp_path: Path) -> None:
    found = find_baseline(Release(), tmp_path)
    assert (found.is_empty, found.version, found.digest) == (True, 0, "")
    assert found.reason == "no model was released yet"


def test_a_released_version_whose_files_are_gone_is_empty_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "7").mkdir()
    found = find_baseline(RELEASED, tmp_path)
    assert found.is_empty
    assert "version 7" in found.reason
    assert "holds no model" in found.reason
