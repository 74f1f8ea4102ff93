"""A disk and two real object stores do the same, and fail in the same words."""

import os
import threading
from pathlib import Path

import pytest

from schemas.errors import UsageError
from sluicegate.storage.opening import at, is_remote, split_name
from sluicegate.storage.place import (
    Changed,
    Exists,
    NotAllowed,
    NotFound,
    StorageError,
    StorageFolder,
    Unreachable,
    said,
)  # fmt: skip
from tests.object_stores import BUCKET, SECRET


@pytest.fixture(params=["disk", "s3", "gs"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> StorageFolder:
    if request.param == "disk":
        return at(tmp_path / "folder")
    return at(bucket_of(request, request.param))


def bucket_of(request: pytest.FixtureRequest, scheme: str) -> str:
    monkeypatch = request.getfixturevalue("monkeypatch")
    for name, value in request.getfixturevalue(f"{scheme}_server").items():
        monkeypatch.setenv(name, value)
    return f"{scheme}://{BUCKET}/{request.node.name}-{os.getpid()}"


def test_what_was_put_is_read_and_listed(folder: StorageFolder) -> None:
    assert folder.entries() == []
    assert folder.find("a.json") is None
    tag = folder.create("a.json", b"one")
    folder.create("b/c", b"")
    assert (folder.read("a.json").content, folder.read("a.json").tag) == (b"one", tag)
    assert folder.read("b/c").content == b""
    assert [(entry.name, entry.size) for entry in folder.entries()] == [("a.json", 3), ("b/c", 0)]
    assert [entry.name for entry in folder.entries("b")] == ["b/c"]
    assert folder.entries("nothing") == []
    folder.delete("a.json")
    folder.delete("a.json")
    assert [entry.name for entry in folder.entries()] == ["b/c"]


def test_a_neighbour_whose_name_begins_alike_is_no_part_of_a_folder(folder: StorageFolder) -> None:
    folder.create("170/x", b"1")
    folder.create("1700/x", b"2")
    assert [entry.name for entry in folder.entries("170")] == ["170/x"]


def test_what_exists_is_not_created_again(folder: StorageFolder) -> None:
    folder.create("a", b"one")
    with pytest.raises(Exists, match="exists already"):
        folder.create("a", b"two")
    assert folder.read("a").content == b"one"


def test_only_what_was_read_is_replaced(folder: StorageFolder) -> None:
    first = folder.create("a", b"one")
    second = folder.replace("a", b"two", first)
    assert folder.read("a").tag == second
    for stale in (first, folder.create("b", b"other")):
        with pytest.raises(Changed, match="in between"):
            folder.replace("a", b"three", stale)
    folder.delete("a")
    with pytest.raises(Changed):
        folder.replace("a", b"three", second)
    assert folder.find("a") is None


def test_who_puts_what_stands_there_already_has_not_put_it(folder: StorageFolder) -> None:
    """Two that count one up from the same number write the same, and one of them has to count again."""
    first = folder.create("a", b"one")
    with pytest.raises(Exists):
        folder.create("a", b"one")
    folder.replace("a", b"two", first)
    with pytest.raises(Changed):
        folder.replace("a", b"two", first)


@pytest.mark.parametrize("first", [True, False])
def test_a_write_that_meets_itself_has_succeeded(bucket: str, first: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lost answer makes a client write again."""
    folder = at(bucket)
    before = "" if first else folder.create("a", b"before")
    if bucket.startswith("s3"):
        import obstore

        twice(monkeypatch, obstore, "put")
    else:
        from google.cloud.storage import Blob

        twice(monkeypatch, Blob, "upload_from_string")
    tag = folder.create("a", b"mine") if first else folder.replace("a", b"mine", before)
    assert (folder.read("a").content, folder.read("a").tag) == (b"mine", tag)


def twice(monkeypatch: pytest.MonkeyPatch, owner: object, name: str) -> None:
    once = getattr(owner, name)

    def again(*given: object, **more: object) -> object:
        once(*given, **more)
        return once(*given, **more)

    monkeypatch.setattr(owner, name, again)


def test_of_many_that_create_one_wins(folder: StorageFolder) -> None:
    won: list[int] = []

    def create(number: int) -> None:
        try:
            folder.create("claim", f"{number}".encode())
        except Exists:
            return
        won.append(number)

    threads = [threading.Thread(target=create, args=(number,)) for number in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    assert [folder.read("claim").content] == [f"{number}".encode() for number in won]


def test_files_go_up_and_come_down(folder: StorageFolder, tmp_path: Path) -> None:
    content = os.urandom(12 * 2**20)
    (tmp_path / "up").write_bytes(content)
    folder.upload(tmp_path / "up", "deep/in/it.bin")
    folder.upload(tmp_path / "up", "deep/in/it.bin")
    folder.download("deep/in/it.bin", tmp_path / "down")
    assert (tmp_path / "down").read_bytes() == content
    with pytest.raises(NotFound):
        folder.download("deep/in/other", tmp_path / "other")


def test_what_is_too_large_is_not_read(folder: StorageFolder) -> None:
    folder.create("a", b"123")
    with pytest.raises(StorageError, match="3 bytes"):
        folder.read("a", largest=2)


def test_an_error_has_four_parts_and_names_the_file(folder: StorageFolder) -> None:
    with pytest.raises(NotFound) as error:
        folder.read("release.json")
    told = str(error.value)
    assert f"where:   {folder.uri}/release.json" in told
    assert "do:" in told


def test_wrong_credentials_are_refused_without_being_told(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if bucket.startswith("gs"):
        pytest.skip("fake-gcs-server asks for no credentials")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another-secret-that-is-wrong")
    with pytest.raises(NotAllowed) as error:
        at(bucket).create("a", b"")
    assert "another-secret" not in str(error.value)
    assert "AWS_ACCESS_KEY_ID" in str(error.value)


@pytest.mark.parametrize("scheme", ["s3", "gs"])
def test_nobody_there_is_said_within_a_minute(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "k")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "http://127.0.0.1:9")
    with pytest.raises(Unreachable) as error:
        at(f"{scheme}://{BUCKET}").read("a")
    assert SECRET not in str(error.value)


def test_secrets_and_the_user_part_of_an_address_never_come_into_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "tok3n")
    assert said("no https://me:pw@host/x?y=tok3n") == "no https://host/x?y=(AWS_SESSION_TOKEN)"


@pytest.mark.parametrize("uri", [
    "s3://key:secret@bucket/a", "s3://bucket/a?sig=secret", "ftp://bucket/a", "s3:///a", "s3://bucket/../a", "file://host/a",
])  # fmt: skip
def test_a_uri_that_cannot_be_used_is_refused_and_its_secrets_not_repeated(uri: str) -> None:
    with pytest.raises(UsageError) as error:
        at(uri)
    assert "secret" not in str(error.value)


def test_paths_are_of_this_machine_and_uris_are_not(tmp_path: Path) -> None:
    (tmp_path / "a b").mkdir()
    assert at(f"file://{tmp_path}/a%20b").uri == str(tmp_path / "a b")
    assert not is_remote("a/b")
    assert not is_remote(tmp_path)
    assert is_remote("gs://bucket")
    assert split_name("gs://bucket") == ("gs://bucket", "")
    assert split_name("gs://bucket/a") == ("gs://bucket", "a")


def test_a_disk_takes_no_pipe_for_a_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "release.json")
    with pytest.raises(StorageError, match="no file"):
        at(tmp_path).read("release.json")
