"""Equal models have equal digests, and every difference that a server would see changes it."""

import os
from pathlib import Path

import pytest

from schemas.digest import model_digest


def folder(path: Path, **files: str) -> Path:
    path.mkdir()
    for name, text in files.items():
        (path / name).write_text(text)
    return path


def test_equal_files_have_equal_digests_whatever_their_times(tmp_path: Path) -> None:
    one, two = folder(tmp_path / "1", a="x", b="y"), folder(tmp_path / "2", b="y", a="x")
    os.utime(two / "a", (1, 1))
    (two / "empty").mkdir()
    assert model_digest(one) == model_digest(two)
    assert len(model_digest(one)) == 64


@pytest.mark.parametrize("other", [{"a": "x"}, {"a": "x", "b": "z"}, {"a": "x", "c": "y"}, {"a": "xb", "b": ""}])
def test_any_other_name_or_byte_changes_the_digest(tmp_path: Path, other: dict[str, str]) -> None:
    assert model_digest(folder(tmp_path / "1", a="x", b="y")) != model_digest(folder(tmp_path / "2", **other))


def test_no_folder_no_digest(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="is not a folder"):
        model_digest(tmp_path / "gone")
