"""What stands beside release.json is kept once and whole."""

from pathlib import Path

from schemas.release import Release, keep_statistics, read, statistics_file, write


def test_statistics_of_a_version_are_kept_once(tmp_path: Path) -> None:
    assert keep_statistics(tmp_path, 7, b"first") == statistics_file(tmp_path, 7)
    keep_statistics(tmp_path, 7, b"second")
    assert statistics_file(tmp_path, 7).read_bytes() == b"first"
    assert [path.name for path in statistics_file(tmp_path, 7).parent.iterdir()] == ["7.pb"]


def test_they_are_no_version_and_do_not_disturb_the_release(tmp_path: Path) -> None:
    write(Release(stable=7), tmp_path)
    keep_statistics(tmp_path, 7, b"")
    assert read(tmp_path) == Release(stable=7)
    assert not [path for path in tmp_path.iterdir() if path.name.isdigit()]
