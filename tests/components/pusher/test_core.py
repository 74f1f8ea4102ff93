"""A pushed version is whole, new, and newer than all others; the same model is never pushed twice."""

import os
from pathlib import Path

import pytest

from components.pusher import core
from schemas.digest import model_digest
from schemas.errors import MachineError


def a_model(folder: Path, weights: str = "w") -> Path:
    (folder / "variables").mkdir(parents=True)
    (folder / "saved_model.pb").write_text("graph")
    (folder / "variables" / "variables.data").write_text(weights)
    return folder


@pytest.fixture
def serving(tmp_path: Path) -> Path:
    return tmp_path / "serving"


def test_first_push_copies_every_file_under_the_time(tmp_path: Path, serving: Path) -> None:
    pushed = core.push(a_model(tmp_path / "m"), serving, 1_700_000_000.7)
    assert (pushed.version, pushed.copied) == (1_700_000_000, True)
    assert pushed.folder == str(serving / "1700000000")
    assert (serving / "1700000000" / "variables" / "variables.data").read_text() == "w"
    assert pushed.digest == model_digest(tmp_path / "m")


def test_same_model_is_not_pushed_again(tmp_path: Path, serving: Path) -> None:
    first = core.push(a_model(tmp_path / "m"), serving, 100)
    again = core.push(a_model(tmp_path / "elsewhere"), serving, 200)
    assert (again.version, again.copied, again.folder) == (100, False, first.folder)
    assert core.versions(serving) == (100,)


def test_a_then_b_then_a_points_back_at_a(tmp_path: Path, serving: Path) -> None:
    core.push(a_model(tmp_path / "a", "a"), serving, 100)
    core.push(a_model(tmp_path / "b", "b"), serving, 200)
    assert core.push(tmp_path / "a", serving, 300).version == 100
    assert core.versions(serving) == (100, 200)


@pytest.mark.parametrize(("now", "expected"), [(99.0, 101), (100.0, 101), (100.9, 101), (101.0, 101), (102.5, 102)])
def test_version_is_greater_than_every_other_even_when_the_clock_goes_back(now: float, expected: int) -> None:
    assert core.next_version((7, 100), now) == expected


def test_versions_are_ordered_as_numbers_and_ignore_everything_else(serving: Path) -> None:
    for name in ("9", "10", "100", "tmp", ".incoming-5-1", "1.5", "\u0664"):
        (serving / name).mkdir(parents=True)
    (serving / "11").write_text("a file")
    assert core.versions(serving) == (9, 10, 100)


def test_no_versions_in_a_folder_that_is_not_there(serving: Path) -> None:
    assert core.versions(serving) == ()


def test_kill_halfway_leaves_no_version_and_the_next_push_cleans_up(
    tmp_path: Path, serving: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = a_model(tmp_path / "m")

    def killed(source: object, target: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "rename", killed)
    with pytest.raises(KeyboardInterrupt):
        core.push(model, serving, 100)
    assert core.versions(serving) == ()
    assert [path.name.startswith(core.INCOMING) for path in serving.iterdir()] == [True]
    monkeypatch.undo()
    assert core.push(model, serving, 100).version == 100
    assert [path.name for path in serving.iterdir()] == ["100"]


def test_a_half_copied_version_folder_of_another_tool_is_not_taken_for_the_model(tmp_path: Path, serving: Path) -> None:
    (serving / "100").mkdir(parents=True)
    (serving / "100" / "saved_model.pb").write_text("graph")
    assert core.push(a_model(tmp_path / "m"), serving, 50).version == 101


def test_a_copy_that_differs_is_refused_and_removed(
    tmp_path: Path, serving: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = core.shutil.copy2

    def disk_fails(source: str, target: str) -> None:
        copy(source, target)
        Path(target).write_text("half")

    monkeypatch.setattr(core.shutil.copytree, "__defaults__", (False, None, disk_fails, False, False))
    with pytest.raises(MachineError, match="nothing was pushed"):
        core.push(a_model(tmp_path / "m"), serving, 100)
    assert list(serving.iterdir()) == []
