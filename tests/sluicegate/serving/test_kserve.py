"""Health as KServe's clients and probes ask it: kserve 0.21, inference_client.py and v2_endpoints.py."""

import shutil

import grpc
import pytest

from sluicegate.serving.protos import kserve
from tests.sluicegate.serving.live import live


def called(server, method, **fields):
    """What a client of grpc_predict_v2.proto gets."""
    call = server.channel.unary_unary(
        f"/inference.GRPCInferenceService/{method}",
        request_serializer=kserve(f"{method}Request").SerializeToString,
        response_deserializer=kserve(f"{method}Response").FromString,
    )
    return call(kserve(f"{method}Request")(**fields))


def test_the_first_protocol_asks_the_root_and_browsers_get_the_page(server):
    answer = server.http.get("/")
    assert (answer.json(), answer.headers["vary"]) == ({"status": "alive"}, "accept")
    page = server.http.get("/", headers={"accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert page.text.startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/v2/health/live", 200, {"live": True}),
        ("/v2/health/ready", 200, {"ready": True}),
        ("/v2/models/tiny/ready", 200, {"name": "tiny", "ready": True}),
        ("/v2/models/tiny/versions/2/ready", 200, {"name": "tiny", "ready": True}),
        ("/v2/models/tiny/versions/9/ready", 404, {"error": "Model tiny version 9 was not found"}),
        ("/v2/models/none/ready", 404, {"error": "Model none was not found"}),
    ],
)
def test_the_second_protocol_over_rest(server, path, status, said):
    answer = server.http.get(path)
    assert (answer.status_code, answer.json()) == (status, said)


def test_the_second_protocol_over_grpc(server):
    assert called(server, "ServerLive").live
    assert called(server, "ServerReady").ready
    assert called(server, "ModelReady", name="tiny").ready
    assert called(server, "ModelReady", name="tiny", version="2").ready
    for fields, code in (
        ({"name": "x"}, "NOT_FOUND"),
        ({"name": "tiny", "version": "9"}, "NOT_FOUND"),
        ({"name": "tiny", "version": "new"}, "INVALID_ARGUMENT"),
    ):
        with pytest.raises(grpc.RpcError) as error:
            called(server, "ModelReady", **fields)
        assert error.value.code().name == code


def test_a_server_without_a_version_lives_and_is_not_ready(tiny, tmp_path):
    (tmp_path / "m").mkdir()
    with live(model_name="m", model_base_path=tmp_path / "m") as server:
        assert server.http.get("/v2/health/live").status_code == 200
        answer = server.http.get("/v2/health/ready")
        assert (answer.status_code, answer.json()["ready"]) == (503, False)
        assert "no version of m is available" in answer.json()["error"]
        answer = server.http.get("/v2/models/m/ready")
        assert (answer.status_code, answer.json()["ready"]) == (503, False)
        assert called(server, "ServerLive").live
        assert not called(server, "ServerReady").ready
        assert not called(server, "ModelReady", name="m").ready
        shutil.copytree(tiny / "1", tmp_path / "m" / "1")
        server.wait_for(lambda: called(server, "ServerReady").ready)
        assert server.http.get("/v2/models/m/ready").status_code == 200
