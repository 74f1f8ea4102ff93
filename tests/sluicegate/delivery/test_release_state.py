"""No writer of release.json loses another's line, and nobody reads half a file."""

import json
import multiprocessing
import os
from pathlib import Path

import pytest

from schemas import release
from schemas.push_record import PushRecord, name_of
from schemas.release import Change, Release
from sluicegate.delivery import release_state
from sluicegate.delivery.push_records import keep, why_unrecorded
from sluicegate.storage import local
from sluicegate.storage.place import StorageError, Unreachable
from tests.object_stores import BUCKET

WRITERS, LINES = 6, 15


def a_line(version: int, who: str = "w", **more: object) -> Change:
    values = {"action": "traffic", "model_digest": "d", "run_id": "", "previous": None, "mode": "canary", **more}
    return Change(at="t", version=version, by=who, **values)  # type: ignore[arg-type]


def add_lines(folder: str, who: str) -> None:
    for number in range(LINES):

        def decide(state: Release, number: int = number) -> Release:
            return Release(1, 2, 0.5, "s", "canary", (*state.history, a_line(number, who)))

        release_state.update(folder, decide)


def test_of_many_processes_that_swap_at_once_none_loses_a_line(tmp_path: Path) -> None:
    start = multiprocessing.get_context("fork")
    writers = [start.Process(target=add_lines, args=(str(tmp_path), f"w{i}")) for i in range(WRITERS)]
    for one in writers:
        one.start()
    for one in writers:
        one.join(60)
        assert one.exitcode == 0
    found = [(line.by, line.version) for line in release.read(tmp_path).history]
    assert sorted(found) == sorted((f"w{i}", number) for i in range(WRITERS) for number in range(LINES))
    for i in range(WRITERS):
        assert [number for who, number in found if who == f"w{i}"] == list(range(LINES))
    assert {path.name for path in tmp_path.iterdir()} == {release.FILE_NAME, local.LOCK_NAME}


def count(folder: str, changes: int) -> None:
    """A process of its own: neither obstore's threads nor Google's connections live through a fork."""
    for _ in range(changes):
        release_state.update(folder, lambda state: Release(salt=str(int(state.salt or 0) + 1)))


@pytest.mark.parametrize("changes", [100, pytest.param(500, marks=pytest.mark.slow)])
@pytest.mark.parametrize("where", ["disk", "s3", "gs"])
def test_of_eight_processes_none_loses_a_change(
    where: str, changes: int, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = str(tmp_path)
    if where != "disk":
        for name, value in request.getfixturevalue(f"{where}_server").items():
            monkeypatch.setenv(name, value)
        folder = f"{where}://{BUCKET}/{tmp_path.name}"
    start = multiprocessing.get_context("spawn")
    writers = [start.Process(target=count, args=(folder, changes)) for _ in range(8)]
    for one in writers:
        one.start()
    for one in writers:
        one.join(600)
        assert one.exitcode == 0
    assert release_state.current(folder).release.salt == str(8 * changes)


def test_a_state_that_was_changed_in_between_is_worked_out_anew(tmp_path: Path) -> None:
    release.write(Release(stable=1), tmp_path)
    seen = []

    def decide(state: Release) -> Release:
        if not seen:
            release.write(Release(stable=2), tmp_path)  # by hand, without the lock
        seen.append(state.stable)
        return Release(stable=state.stable, history=(a_line(state.stable or 0),))

    assert release_state.update(tmp_path, decide).release.stable == 2
    assert seen == [1, 2]


def test_who_expects_another_state_is_told(tmp_path: Path) -> None:
    release.write(Release(stable=1), tmp_path)
    seen = release_state.current(tmp_path)
    release.write(Release(stable=2), tmp_path)
    with pytest.raises(release_state.Conflict):
        release_state.update(tmp_path, lambda state: Release(stable=3), seen.etag)
    with pytest.raises(release_state.Conflict):
        release_state.swap(tmp_path, seen, Release(stable=3))
    assert release.read(tmp_path).stable == 2


def test_the_history_only_grows(tmp_path: Path) -> None:
    release.write(Release(stable=1, history=(a_line(1),)), tmp_path)
    with pytest.raises(ValueError, match="only added"):
        release_state.update(tmp_path, lambda state: Release(stable=2))


def test_a_lock_that_is_never_given_back_is_an_error_and_no_wait_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "PATIENCE", 0.05)
    release.write(Release(stable=1), tmp_path)
    with local.LocalFolder(tmp_path)._locked(), pytest.raises(Unreachable, match="held"):
        release_state.update(tmp_path, lambda state: Release(stable=2))


def test_a_disk_that_fails_leaves_the_old_state_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release.write(Release(stable=1), tmp_path)

    def full(_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="No space"):
        release_state.update(tmp_path, lambda state: Release(stable=2))
    assert release.read(tmp_path).stable == 1
    assert {path.name for path in tmp_path.iterdir()} == {release.FILE_NAME, local.LOCK_NAME}


GOOD = {"format_version": 1, "stable": 1, "canary": 2, "weight": 0.25, "salt": "s", "mode": "canary", "history": []}
LINE = {"at": "t", "action": "release", "mode": "direct", "version": 1, "previous": None, "run_id": "r", "model_digest": "d"}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"weight": "0.5"}, "weight"), ({"weight": True}, "weight"), ({"weight": 1.01}, "0 to 1"), ({"weight": -3}, "-3"),
        ({"weight": None}, "weight"), ({"stable": "1"}, "stable"), ({"stable": 1.0}, "stable"), ({"stable": True}, "stable"),
        ({"stable": -1}, "stable"), ({"stable": 2**63}, "stable"), ({"canary": [2]}, "canary"), ({"salt": 7}, "salt"),
        ({"salt": None}, "salt"), ({"mode": "fast"}, "canary, shadow, direct"), ({"mode": None}, "mode"),
        ({"history": {}}, "history"), ({"history": [1]}, "line 1"), ({"history": [{}]}, "at is missing"),
        ({"history": [LINE, {**LINE, "version": "1"}]}, "line 2: version"), ({"history": [{**LINE, "overrides": "x"}]}, "overrides"),
        ({"history": [{**LINE, "overrides": [1]}]}, "overrides"), ({"history": [{**LINE, "more": 1}]}, '"more"'),
        ({"wieght": 0.5}, '"wieght"'), ({"format_version": True}, "format_version"), ({"format_version": 2}, "format_version"),
    ],
)  # fmt: skip
def test_what_is_of_another_type_or_out_of_range_is_no_release(tmp_path: Path, change: dict, said: str) -> None:
    with pytest.raises(ValueError, match="is no release") as refused:
        release.parse(json.dumps({**GOOD, **change}).encode())
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "content", [b"", b"null", b"7", b'"x"', b"[]", b"{}", b"[" * 200_000, b"\xe9", b'{"format_version": 1, "weight": NaN}',
    b'{"format_version": 1, "stable": 1, "stable": 2}', b'{"format_version": 1, "stable": ' + b"9" * 5000 + b"}"]
)  # fmt: skip
def test_what_is_no_json_object_is_no_release(content: bytes) -> None:
    with pytest.raises(ValueError, match="is no release"):
        release.parse(content)


def test_releases_of_older_projects_are_read() -> None:
    found = release.parse(json.dumps({**GOOD, "history": [LINE, {**LINE, "overrides": ["one"]}]}).encode())
    assert (found.weight, found.history[0].by, found.history[1].overrides) == (0.25, "", ("one",))
    assert release.parse(release.render(found)) == found


class TestPushRecord:
    def record(self, **changes: object) -> PushRecord:
        values = {"version": 2, "digest": "d", "blessing": "/b", "at": "t"}
        return PushRecord(**{**values, **changes})  # type: ignore[arg-type]

    def test_what_the_pusher_pushed_is_known(self, tmp_path: Path) -> None:
        keep(self.record(), tmp_path)
        assert why_unrecorded(tmp_path, 2, "d", Release()) == ""

    @pytest.mark.parametrize(("changes", "said"), [
        ({"digest": "e"}, "not those"), ({"blessing": ""}, "without a blessing"), ({"version": 3}, "no record"),
    ])  # fmt: skip
    def test_what_it_did_not_push_is_not(self, tmp_path: Path, changes: dict, said: str) -> None:
        keep(self.record(**changes), tmp_path)
        assert said in why_unrecorded(tmp_path, 2, "d", Release())

    @pytest.mark.parametrize("content", [b"", b"null", b"7", b"[" * 200_000, b"\xe9", b'{"format_version": 1}'])
    def test_a_broken_record_is_none(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / name_of(2)).parent.mkdir()
        (tmp_path / name_of(2)).write_bytes(content)
        assert "cannot be read" in why_unrecorded(tmp_path, 2, "d", Release())

    @pytest.mark.parametrize(("line", "known"), [
        (a_line(2, action="release"), True), (a_line(2, action="release", model_digest="e"), False),
        (a_line(2), False), (a_line(2, overrides=("Ann lets it",)), True), (a_line(3, action="release"), False),
    ])  # fmt: skip
    def test_the_history_shows_it_for_versions_of_older_releases(
        self, tmp_path: Path, line: Change, known: bool
    ) -> None:
        assert (why_unrecorded(tmp_path, 2, "d", Release(history=(line,))) == "") == known
