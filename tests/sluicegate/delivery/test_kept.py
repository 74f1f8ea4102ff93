"""What stands beside release.json is kept once and whole."""

from pathlib import Path

import pytest

from schemas.release import Release, read, statistics_name, write
from sluicegate.delivery.kept import keep, keep_record, kept, read_record


def test_what_is_kept_of_a_version_is_kept_once(tmp_path: Path) -> None:
    keep(tmp_path, statistics_name(7), b"first")
    keep(tmp_path, statistics_name(7), b"second")
    assert kept(tmp_path, statistics_name(7)) == b"first"
    assert [path.name for path in (tmp_path / statistics_name(7)).parent.iterdir()] == ["7.pb"]


def test_it_is_no_version_and_does_not_disturb_the_release(tmp_path: Path) -> None:
    write(Release(stable=7), tmp_path)
    keep(tmp_path, statistics_name(7), b"")
    assert read(tmp_path) == Release(stable=7)
    assert not [path for path in tmp_path.iterdir() if path.name.isdigit()]


def test_a_record_of_another_format_is_refused(tmp_path: Path) -> None:
    keep_record(tmp_path, 7, {"split": {}})
    file = tmp_path / "release_records/7.json"
    file.write_text(file.read_text().replace(": 1", ": 2", 1))
    with pytest.raises(ValueError, match="format version 1"):
        read_record(tmp_path, 7)
