"""A push into a bucket: whole or not there, new numbers only, and the same model once."""

import threading
from pathlib import Path

import pytest

from components.pusher import bucket as pusher
from schemas.errors import MachineError
from schemas.push_record import PushRecord
from sluicegate.delivery import push_records
from sluicegate.delivery.versions import local_copy, recorded
from sluicegate.storage.opening import at
from sluicegate.storage.place import StorageFolder
from tests.components.pusher.test_core import a_model


def pushed(model: Path, place: StorageFolder, now: float) -> int:
    """As the executor: the record comes last."""
    found = pusher.push(model, place, now)
    push_records.keep(PushRecord(found.version, found.digest, "/b", "t"), place)
    return found.version


def test_a_version_is_there_once_its_record_is(bucket: str, tmp_path: Path) -> None:
    place, model = at(bucket), a_model(tmp_path / "m")
    found = pusher.push(model, place, 1_700_000_000.7)
    assert (found.version, found.copied, found.folder) == (1_700_000_000, True, f"{bucket}/1700000000")
    assert recorded(place) == {}
    assert local_copy(bucket, found.version) is None
    push_records.keep(PushRecord(found.version, found.digest, "/b", "t"), place)
    copy = local_copy(bucket, found.version)
    assert copy is not None
    assert (copy.name, (copy / "variables/variables.data").read_text()) == ("1700000000", "w")


def test_the_same_model_is_one_version_and_another_a_later_one(bucket: str, tmp_path: Path) -> None:
    place = at(bucket)
    assert pushed(a_model(tmp_path / "a", "a"), place, 100) == 100
    assert pushed(a_model(tmp_path / "b", "b"), place, 99) == 101
    again = pusher.push(a_model(tmp_path / "c", "a"), place, 300)
    assert (again.version, again.copied) == (100, False)


def test_a_push_that_was_interrupted_gives_its_number_to_nobody_and_its_files_go_after_a_day(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, model = at(bucket), a_model(tmp_path / "m")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(pusher, "verify", killed)
        with pytest.raises(KeyboardInterrupt):
            pusher.push(model, place, 100)
    assert pushed(model, place, 100) == 101
    assert place.entries("100")
    assert pushed(a_model(tmp_path / "o", "o"), place, 100 + pusher.ABANDONED + 1) > 101
    assert place.entries("100") == []
    assert sorted(recorded(place)) == [101, int(101 + pusher.ABANDONED)]


def test_two_at_once_get_numbers_of_their_own(bucket: str, tmp_path: Path) -> None:
    place, found = at(bucket), []
    threads = [
        threading.Thread(target=lambda n=n: found.append(pushed(a_model(tmp_path / str(n), str(n)), place, 100)))
        for n in range(4)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    assert sorted(found) == [100, 101, 102, 103]
    assert sorted(recorded(place)) == sorted(found)


@pytest.mark.parametrize("spoil", ["change", "take away", "add"])
def test_files_that_are_not_those_of_the_record_are_not_used(bucket: str, tmp_path: Path, spoil: str) -> None:
    place = at(bucket)
    version = pushed(a_model(tmp_path / "m"), place, 100)
    (tmp_path / "bad").write_text("bad")
    if spoil == "take away":
        place.delete("100/variables/variables.data")
    else:
        place.upload(tmp_path / "bad", f"100/variables/{'variables.data' if spoil == 'change' else 'more'}")
    with pytest.raises(MachineError, match="not what it should be"):
        local_copy(bucket, version)


def test_a_copy_in_the_cache_is_checked_each_time(bucket: str, tmp_path: Path) -> None:
    version = pushed(a_model(tmp_path / "m"), at(bucket), 100)
    copy = local_copy(bucket, version)
    assert copy is not None
    (copy / "saved_model.pb").write_text("spoiled")
    again = local_copy(bucket, version)
    assert again is not None
    assert (again / "saved_model.pb").read_text() == "graph"
