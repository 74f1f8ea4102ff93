"""HandleReloadConfigRequest says whether the models came to be served: server_core.cc, WaitUntilModelsAvailable."""

import shutil
import threading
import time

import grpc
import pytest
from tensorflow_serving.apis import model_management_pb2

from tests.sluicegate.serving.live import live
from tests.sluicegate.serving.test_grpc import request


def asked(*configs):
    made = model_management_pb2.ReloadConfigRequest()
    made.config.model_config_list.SetInParent()
    for config in configs:
        made.config.model_config_list.config.add(**config)
    return made


def refused(server, *configs, **more):
    with pytest.raises(grpc.RpcError) as error:
        server.models.HandleReloadConfigRequest(asked(*configs), **more)
    return error.value.code().name, error.value.details()


def break_version(folder):
    folder.mkdir(parents=True)
    (folder / "saved_model.pb").write_text("no model")


@pytest.fixture
def broken(tmp_path):
    """A model whose only version does not load."""
    break_version(tmp_path / "broken" / "7")
    return {"name": "broken", "base_path": str(tmp_path / "broken")}


@pytest.fixture
def good(tiny):
    return {"name": "tiny", "base_path": str(tiny)}


def test_models_that_did_not_load_are_counted_and_named(tiny, good, broken, tmp_path):
    with live(model_name="tiny", model_base_path=tiny, load_retries=1) as server:
        code, said = refused(server, good, broken)
        assert code == "UNKNOWN"
        assert said.startswith("1 model(s) did not become available: {{{name: broken version: 7} due to error: ")
        assert said.endswith("}, }")
        # What did load is served all the same, as there.
        assert server.predict.Predict(request())
        # Asked again, it is no better.
        assert refused(server, good, broken) == (code, said)
        code, said = refused(server, broken, {"name": "none", "base_path": str(tmp_path / "nowhere")})
        assert said.startswith("2 model(s) did not become available: ")
        assert "{name: none} due to error: NOT_FOUND: Could not find base path" in said
        empty = tmp_path / "empty"
        empty.mkdir()
        code, said = refused(server, {"name": "empty", "base_path": str(empty)})
        told = f"{{name: empty}} due to error: NOT_FOUND: no version in {empty}"
        assert said == f"1 model(s) did not become available: {{{{{told}}}, }}"
        assert server.models.HandleReloadConfigRequest(asked(good)).status.error_code == 0


def test_it_waits_for_the_retries_and_for_a_model_that_is_mended(tiny, good, broken, tmp_path):
    with live(model_name="tiny", model_base_path=tiny, load_retries=50, load_interval=0.2) as server:
        answers = []

        def reload():
            answers.append(server.models.HandleReloadConfigRequest(asked(good, broken), timeout=60).status.error_code)

        thread = threading.Thread(target=reload)
        thread.start()
        server.wait_for(lambda: server.states("broken") == {7: "LOADING"})
        time.sleep(0.5)
        assert answers == []
        # Nobody else waits: requests, readiness, another reload.
        assert server.predict.Predict(request(), timeout=5)
        assert server.http.get("/healthz", timeout=5).status_code == 200
        shutil.rmtree(tmp_path / "broken" / "7")
        shutil.copytree(tiny / "2", tmp_path / "broken" / "7")
        thread.join(30)
        assert answers == [0]
        assert server.predict.Predict(request(model="broken"))


def test_a_reload_beside_one_that_waits(tiny, good, broken):
    with live(model_name="tiny", model_base_path=tiny, load_retries=50, load_interval=0.2) as server:
        refusals = []
        thread = threading.Thread(target=lambda: refusals.append(refused(server, good, broken, timeout=60)))
        thread.start()
        server.wait_for(lambda: server.states("broken") == {7: "LOADING"})
        assert server.models.HandleReloadConfigRequest(asked(good), timeout=10).status.error_code == 0
        thread.join(30)
        assert refusals == [
            (
                "UNKNOWN",
                "1 model(s) did not become available: "
                "{{{name: broken} due to error: ABORTED: another reload took it out}, }",
            )
        ]


def test_a_client_that_waits_no_longer_stops_nothing(tiny, good, broken, tmp_path):
    with live(model_name="tiny", model_base_path=tiny, load_retries=50, load_interval=0.2) as server:
        assert refused(server, good, broken, timeout=0.5)[0] == "DEADLINE_EXCEEDED"
        shutil.rmtree(tmp_path / "broken" / "7")
        shutil.copytree(tiny / "2", tmp_path / "broken" / "7")
        server.wait_for(lambda: server.states("broken") == {7: "AVAILABLE"})


@pytest.mark.parametrize("bad", [1, 2])
def test_one_version_that_answers_is_enough(tiny, tmp_path, bad):
    base = tmp_path / "half"
    shutil.copytree(tiny / "1", base / str(3 - bad))
    break_version(base / str(bad))
    both = {"name": "half", "base_path": str(base), "model_version_policy": {"all": {}}}
    with live(model_name="tiny", model_base_path=tiny, load_retries=50, load_interval=30) as server:
        assert server.models.HandleReloadConfigRequest(asked(both), timeout=20).status.error_code == 0


def test_an_error_that_fits_into_no_metadata_is_cut(tiny):
    with live(model_name="tiny", model_base_path=tiny) as server:
        with pytest.raises(grpc.RpcError) as error:
            server.predict.Predict(request(signature="s" * 20_000))
        assert error.value.code().name == "FAILED_PRECONDITION"
        assert error.value.details() == f'Serving signature key "{"s" * 1024}'[:1024] + "...TRUNCATED"


def test_no_polling_is_one_look_at_the_start_and_one_at_a_reload(tiny, tmp_path):
    """0 meant a hundred looks a second."""
    base = tmp_path / "tiny"
    shutil.copytree(tiny / "1", base / "1")
    with live(model_name="tiny", model_base_path=base, poll=0) as server:
        shutil.copytree(tiny / "2", base / "2")
        time.sleep(3.5)
        assert server.states("tiny") == {1: "AVAILABLE"}
        # Whoever was not asked to look is not late.
        assert server.http.get("/readyz").status_code == 200
        assert server.http.get("/state.json").status_code == 200
        both = {"name": "tiny", "base_path": str(base), "model_version_policy": {"all": {}}}
        server.models.HandleReloadConfigRequest(asked(both))
        server.wait_for(lambda: server.states("tiny") == {2: "AVAILABLE", 1: "AVAILABLE"})
