"""Stable, canary and shadow on a real server that watches release.json."""

import shutil

import pytest

from schemas import release
from schemas.release import Release
from serving.request_log.reading import read
from serving.request_log.settings import RequestLogSettings
from serving.router import route
from tests.serving import tiny_models
from tests.serving.live import live

ONE = "/v1/models/tiny:predict"


@pytest.fixture
def base(tiny, tmp_path):
    """Versions 1 and 2; version 1 is stable."""
    copied = tmp_path / "tiny"
    shutil.copytree(tiny, copied)
    release.write(Release(stable=1, salt="s"), copied)
    return copied


def version_for(server, key):
    answer = server.post(ONE, {"instances": [0]}, headers={"x-routing-key": key})
    assert answer.json() == {"predictions": [float(answer.headers["x-model-version"])]}
    return int(answer.headers["x-model-version"])


def test_users_move_once_and_only_forward(base):
    keys = [f"user-{i}" for i in range(60)]
    with live(model_name="tiny", model_base_path=base) as server:
        assert {version_for(server, key) for key in keys} == {1}
        moved = set()
        for weight in (0.1, 0.5, 1.0):
            state = Release(stable=1, canary=2, weight=weight, salt="s", mode="canary")
            release.write(state, base)
            server.wait_for(
                lambda weight=weight: server.http.get("/state.json").json()["models"][0]["release"]["weight"] == weight
            )
            server.wait_for(lambda: server.states("tiny") == {1: "AVAILABLE", 2: "AVAILABLE"})
            now = {key for key in keys if version_for(server, key) == 2}
            assert moved <= now
            assert now == {key for key in keys if route(state, key).version == 2}
            moved = now
        assert moved == set(keys)
        release.write(Release(stable=2, salt="s"), base)
        server.wait_for(lambda: server.states("tiny") == {1: "END", 2: "AVAILABLE"})
        assert {version_for(server, key) for key in keys} == {2}


def test_the_arm_is_told_and_counted(base):
    release.write(Release(stable=1, canary=2, weight=1.0, salt="s", mode="canary"), base)
    with live(model_name="tiny", model_base_path=base) as server:
        answer = server.post(ONE, {"instances": [0]})
        assert (answer.headers["x-model-arm"], answer.headers["x-model-version"]) == ("canary", "2")
        text = server.http.get("/monitoring/prometheus/metrics").text
        assert 'sluicegate_request_latency_microseconds_count{arm="canary",model_name="tiny",version="2"} 1.0' in text


def test_a_column_may_be_the_key(base):
    state = Release(stable=1, canary=2, weight=0.5, salt="s", mode="canary")
    release.write(state, base)
    with live(model_name="tiny", model_base_path=base, routing_column="text") as server:
        for name in ("ann", "bob", "cid", "dan", "eve"):
            rows = [{"number": 0, "text": name, "pair": [0, 0]}]
            answer = server.post(ONE, {"signature_name": "named", "instances": rows})
            assert int(answer.headers["x-model-version"]) == route(state, name).version
            columns = {"number": [0], "text": [name], "pair": [[0, 0]]}
            answer = server.post(ONE, {"signature_name": "named", "inputs": columns})
            assert int(answer.headers["x-model-version"]) == route(state, name).version


def test_the_shadow_gets_a_copy_and_the_client_the_stable_answer(base, tmp_path):
    release.write(Release(stable=1, canary=2, salt="s", mode="shadow"), base)
    logs = RequestLogSettings(folder=tmp_path / "log")
    with live(model_name="tiny", model_base_path=base, request_log=logs) as server:
        for i in range(20):
            answer = server.post(ONE, {"instances": [i]}, headers={"x-request-id": f"r{i}"})
            assert answer.json() == {"predictions": [i / 2 + 1]}
    table = read(tmp_path / "log", "tiny").to_pylist()
    stable = {row["request_id"]: row for row in table if row["arm"] == "stable"}
    shadow = {row["request_id"]: row for row in table if row["arm"] == "shadow"}
    assert stable.keys() == shadow.keys() == {f"r{i}" for i in range(20)}
    assert all(shadow[i]["version"] == 2 and stable[i]["version"] == 1 for i in stable)


def test_a_shadow_that_fails_is_counted_and_nothing_else(base):
    tiny_models.save(base, 3)
    shutil.rmtree(base / "3" / "variables")
    release.write(Release(stable=1, canary=3, salt="s", mode="shadow"), base)
    with live(model_name="tiny", model_base_path=base, load_retries=0) as server:
        assert server.post(ONE, {"instances": [0]}).json() == {"predictions": [1.0]}
        assert server.states("tiny")[3] == "END"


class TestRollout:
    def roll(self, server, document, **more):
        return server.post("/admin/models/tiny/rollout", document, **more)

    def test_an_operator_moves_traffic(self, base):
        with live(model_name="tiny", model_base_path=base) as server:
            answer = self.roll(server, {"canary": 2, "weight": 1.0, "mode": "canary"})
            assert answer.json() == {"stable": 1, "canary": 2, "weight": 1.0, "mode": "canary"}
            server.wait_for(lambda: version_for(server, "u") == 2)
            assert release.read(base).weight == 1.0
            assert self.roll(server, {"weight": 0}).status_code == 200
            server.wait_for(lambda: version_for(server, "u") == 1)

    @pytest.mark.parametrize(
        ("document", "said"),
        [
            ({"weight": 1.5}, "0 to 1"),
            ({"weight": True}, "cannot be"),
            ({"mode": "fast"}, "one of canary, shadow, direct"),
            ({"canary": 99}, "There is no version 99"),
            ({"stable": 2}, "some of canary, weight, mode"),
            ({}, "some of"),
            (b"{", "JSON"),
        ],
    )
    def test_what_it_refuses(self, base, document, said):
        before = (base / release.FILE_NAME).read_bytes()
        with live(model_name="tiny", model_base_path=base) as server:
            answer = self.roll(server, document)
            assert answer.status_code == 400
            assert said in answer.json()["error"]
        assert (base / release.FILE_NAME).read_bytes() == before

    def test_it_takes_the_token(self, base):
        with live(model_name="tiny", model_base_path=base, admin_token="secret") as server:
            assert self.roll(server, {"weight": 0.5}).status_code == 401
            assert self.roll(server, {"weight": 0.5}, headers={"authorization": "Bearer secret"}).status_code == 200

    def test_open_to_the_network_it_needs_one(self, base):
        with live(model_name="tiny", model_base_path=base, host="0.0.0.0") as server:
            answer = self.roll(server, {"weight": 0.5})
            assert answer.status_code == 403
            assert "--admin_token_file" in answer.json()["error"]

    def test_without_a_release_there_is_nothing_to_roll_out(self, server):
        answer = self.roll(server, {"weight": 0.5})
        assert answer.status_code == 400
        assert "nothing was released" in answer.json()["error"]
