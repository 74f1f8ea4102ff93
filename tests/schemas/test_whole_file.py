"""A reader sees the old content or the new one; whoever fails to write leaves nothing behind."""

from pathlib import Path

import pytest

from schemas.whole_file import replacing, write_whole


def test_the_old_content_stands_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = write_whole(tmp_path / "new" / "a.json", b"old")
    with replacing(path) as aside:
        aside.write_bytes(b"ne")
        assert path.read_bytes() == b"old"
        aside.write_bytes(b"new")
    assert path.read_bytes() == b"new"
    assert [found.name for found in path.parent.iterdir()] == ["a.json"]


def test_an_error_on_the_way_changes_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    path = write_whole(tmp_path / "a.json", b"old")

    def killed() -> None:
        with replacing(path) as aside:
            aside.write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        killed()
    assert [found.read_bytes() for found in tmp_path.iterdir()] == [b"old"]


def test_a_block_that_writes_no_file_replaces_none(tmp_path: Path) -> None:
    path = write_whole(tmp_path / "a.json", b"old")
    with replacing(path, tmp_path / ".a.json.tmp"):
        pass
    assert [found.read_bytes() for found in tmp_path.iterdir()] == [b"old"]
