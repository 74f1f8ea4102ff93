"""A server of a bucket: what is complete and what was recorded is served, from a checked copy; the rest is not there."""

import subprocess
import sys
from dataclasses import replace

import pytest

from schemas.digest import model_digest
from schemas.errors import ModelError
from schemas.push_record import PushRecord
from schemas.release import Release
from sluicegate.delivery import push_records, release_state
from sluicegate.serving import flags
from sluicegate.serving.config import base_path_of
from sluicegate.serving.predictor import chosen
from sluicegate.serving.status import ServingError
from sluicegate.storage.opening import at
from sluicegate.storage.place import Unreachable
from tests.sluicegate.serving.live import live
from tests.sluicegate.serving.test_traffic import roll, version_for


def upload(tiny, uri, version, spoil=""):
    folder = tiny / str(version)
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != spoil:
            at(uri).upload(path, f"{version}/{path.relative_to(folder).as_posix()}")


def record(tiny, uri, version):
    push_records.keep(PushRecord(version, model_digest(tiny / str(version)), "/a/blessing", "t"), uri)


def problem_of(server):
    [model] = server.http.get("/state.json").json()["models"]
    return model["problem"]


@pytest.fixture
def served(tiny, bucket):
    """Version 1, complete and stable."""
    upload(tiny, bucket, 1)
    record(tiny, bucket, 1)
    release_state.update(bucket, lambda _: Release(stable=1, salt="s"))
    return bucket


def test_what_the_release_names_answers_and_a_change_is_followed(served, tiny):
    with live(model_name="tiny", model_base_path=at(served)) as server:
        assert version_for(server, "u") == 1
        upload(tiny, served, 2)
        record(tiny, served, 2)
        release_state.update(served, lambda state: replace(state, stable=2))
        server.wait_for(lambda: version_for(server, "u") == 2)
        assert server.http.get("/readyz").status_code == 200


def test_a_version_that_is_being_uploaded_is_not_there_even_where_the_release_names_it(served, tiny):
    with live(model_name="tiny", model_base_path=at(served)) as server:
        upload(tiny, served, 2)
        release_state.update(served, lambda state: replace(state, stable=2))
        server.wait_for(lambda: "names version 2, its stable" in problem_of(server))
        assert version_for(server, "u") == 1
        record(tiny, served, 2)
        server.wait_for(lambda: version_for(server, "u") == 2)


def test_files_that_are_not_those_of_the_record_are_not_loaded(served, tiny):
    with live(model_name="tiny", model_base_path=at(served), load_retries=1) as server:
        upload(tiny, served, 2, spoil="saved_model.pb")
        record(tiny, served, 2)
        release_state.update(served, lambda state: replace(state, stable=2))
        server.wait_for(lambda: server.states("tiny").get(2) == "END")
        assert version_for(server, "u") == 1
        assert "not what it should be" in server.http.get("/v1/models/tiny").text


def test_an_operator_moves_traffic_by_compare_and_swap(served, tiny):
    upload(tiny, served, 2)
    record(tiny, served, 2)
    with live(model_name="tiny", model_base_path=at(served)) as server:
        seen = release_state.current(served).etag
        order = {"canary": 2, "weight": 1.0, "mode": "canary"}
        answer = roll(server, order, **{"if-match": f'"{seen}"'})
        assert (answer.status_code, answer.json()["etag"]) == (200, release_state.current(served).etag)
        server.wait_for(lambda: version_for(server, "u") == 2)
        assert roll(server, {"weight": 0}, **{"if-match": f'"{seen}"'}).status_code == 412
        [line] = release_state.current(served).release.history
        assert line.model_digest == model_digest(tiny / "2")


def test_an_order_for_a_version_without_a_record_is_refused(served, tiny):
    upload(tiny, served, 2)
    with live(model_name="tiny", model_base_path=at(served)) as server:
        answer = roll(server, {"canary": 2, "weight": 1.0})
        assert answer.status_code == 400
        assert "no version 2" in answer.json()["error"]


def test_what_was_fetched_goes_on_answering_while_the_store_is_away(served, monkeypatch):
    with live(model_name="tiny", model_base_path=at(served)) as server:

        def away(*_given):
            raise Unreachable("away")

        monkeypatch.setattr(type(at(served)), "_told", away)
        server.wait_for(lambda: "away" in problem_of(server))
        assert version_for(server, "u") == 1


def test_a_program_finds_the_stable_version_and_one_by_number(served, tiny):
    assert model_digest(chosen(served)) == model_digest(tiny / "1")
    assert chosen(f"{served}/1").name == "1"
    with pytest.raises(ModelError, match="no such version"):
        chosen(f"{served}/7")


def test_flags_and_a_config_file_take_uris(monkeypatch):
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "account")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "a2V5")
    options = flags.read(["--model_base_path=s3://b/models/census", "--model_name=census"], {})
    assert str(options.model_base_path) == "s3://b/models/census"
    options = flags.read([], {"MODEL_NAME": "census", "MODEL_BASE_PATH": "gs://b/models"})
    assert str(options.model_base_path) == "gs://b/models/census"
    assert str(base_path_of("az://c/census")) == "az://c/census"
    with pytest.raises(ServingError, match="credentials"):
        base_path_of("s3://key:secret@b/census")


def test_a_server_without_a_bucket_imports_neither_client():
    code = (
        "import sys; from sluicegate.serving import server, predictor, flags; import sluicegate.delivery.release_state;"
        "print([name for name in ('obstore', 'google.cloud.storage') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("[]")
