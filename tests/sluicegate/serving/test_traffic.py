"""Stable, canary and shadow on a real server that watches release.json."""

import shutil
from datetime import datetime

import pytest

from schemas import release
from schemas.digest import model_digest
from schemas.push_record import PushRecord
from schemas.release import Change, Release
from sluicegate.delivery import push_records, release_state
from sluicegate.serving.request_log.reading import read
from sluicegate.serving.request_log.settings import RequestLogSettings
from sluicegate.serving.router import route
from tests.sluicegate.serving import tiny_models
from tests.sluicegate.serving.live import live

ONE = "/v1/models/tiny:predict"


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


@pytest.fixture(scope="module")
def rollout_server(tiny, tmp_path_factory):
    """For orders that change nothing."""
    base = tmp_path_factory.mktemp("rollout") / "tiny"
    shutil.copytree(tiny, base)
    release.write(Release(stable=1, salt="s"), base)
    with live(model_name="tiny", model_base_path=base) as server:
        server.base = base
        yield server


@pytest.fixture
def pushed(base):
    """As the Pusher leaves it."""
    for version in (1, 2):
        push_records.keep(PushRecord(version, model_digest(base / str(version)), "/a/blessing", "t"), base)
    return base


def roll(server, document, **headers):
    sent = {"content-type": "application/json", "x-sluicegate-admin": "1", **headers}
    return server.post("/admin/models/tiny/rollout", document, headers={k: v for k, v in sent.items() if v is not None})


class TestRollout:
    def test_an_operator_moves_traffic_and_the_history_tells_who_when_and_what(self, pushed):
        with live(model_name="tiny", model_base_path=pushed) as server:
            answer = roll(server, {"canary": 2, "weight": 1.0, "mode": "canary"}).json()
            assert answer.pop("etag") == release_state.current(pushed).etag
            assert answer == {"stable": 1, "canary": 2, "weight": 1.0, "mode": "canary"}
            server.wait_for(lambda: version_for(server, "u") == 2)
            state = release.read(pushed)
            [line] = state.history
            assert (state.weight, line.by, line.version) == (1.0, "local, unauthenticated", 2)
            assert line.what == "canary none -> 2, weight 0.0 -> 1.0, mode direct -> canary"
            assert line.model_digest == model_digest(pushed / "2")
            assert datetime.fromisoformat(line.at).tzinfo is not None
            assert roll(server, {"weight": 0}).status_code == 200
            server.wait_for(lambda: version_for(server, "u") == 1)
            assert roll(server, {"weight": 0}).status_code == 200
            assert [one.what for one in release.read(pushed).history][1:] == ["weight 1.0 -> 0"]

    @pytest.mark.parametrize(
        ("document", "said"),
        [
            ({"weight": 1.5}, "0 to 1"),
            ({"weight": True}, "cannot be"),
            (b'{"weight": NaN}', "0 to 1"),
            ({"mode": "fast"}, "one of canary, shadow, direct"),
            ({"canary": 99}, "There is no version 99"),
            ({"canary": -1}, "canary is -1"),
            ({"canary": 2**63}, "canary is"),
            ({"stable": 2}, "some of canary, weight, mode"),
            ({}, "some of"),
            ([], "JSON object"),
            (b"{", "JSON"),
            (b"[" * 60_000, "JSON"),
            (b'"\xe9"', "JSON"),
            ({"canary": 2, "override": "please"}, "override is"),
            ({"canary": 2, "override": {"by": "Ann", "reason": " "}}, "a name and a reason"),
        ],
    )
    def test_what_it_refuses(self, rollout_server, document, said):
        before = (rollout_server.base / release.FILE_NAME).read_bytes()
        answer = roll(rollout_server, document)
        assert answer.status_code == 400, answer.text
        assert said in answer.json()["error"]
        assert (rollout_server.base / release.FILE_NAME).read_bytes() == before

    @pytest.mark.parametrize(
        ("headers", "status"),
        [
            ({"x-sluicegate-admin": None}, 403),
            ({"content-type": "text/plain"}, 415),
            ({"content-type": "application/x-www-form-urlencoded"}, 415),
            ({"content-type": None}, 415),
            ({"content-type": "application/json, text/plain"}, 415),
            ({"origin": "http://evil.example"}, 403),
            ({"origin": "null"}, 403),
            ({"origin": "http://127.0.0.1:1"}, 403),
            ({"sec-fetch-site": "cross-site"}, 403),
            ({"sec-fetch-site": "same-site"}, 403),
            ({"host": "evil.example"}, 403),
            ({"host": "evil.example:8501", "origin": "http://evil.example:8501", "sec-fetch-site": "same-origin"}, 403),
            ({"host": "127.0.0.1@evil.example"}, 403),
            ({"host": "localhost.evil.example"}, 403),
            ({"host": "localhost:8501"}, 200),
            ({"host": "[::1]:8501"}, 200),
            ({"host": "LOCALHOST:8501", "origin": "http://localhost:8501", "sec-fetch-site": "same-origin"}, 200),
            ({"sec-fetch-site": "none"}, 200),
            ({"content-type": "application/json; charset=utf-8"}, 200),
            ({"content-type": "Application/JSON"}, 200),
        ],
    )
    def test_no_page_of_another_site_moves_traffic(self, rollout_server, headers, status):
        before = (rollout_server.base / release.FILE_NAME).read_bytes()
        answer = roll(rollout_server, {"weight": 0.0}, **headers)
        assert answer.status_code == status, answer.text
        assert (rollout_server.base / release.FILE_NAME).read_bytes() == before
        assert "access-control-allow-origin" not in answer.headers

    def test_a_name_that_was_allowed_may_be_called_by(self, pushed):
        with live(model_name="tiny", model_base_path=pushed, allowed_hosts=("models.example",)) as server:
            assert roll(server, {"weight": 0.0}, host="models.example:8501").status_code == 200
            assert roll(server, {"weight": 0.0}, host="other.example:8501").status_code == 403

    @pytest.mark.parametrize("cors", [False, True])
    def test_browsers_are_told_so_when_they_ask_first(self, base, cors):
        with live(model_name="tiny", model_base_path=base, cors=cors) as server:
            asked = {"origin": "http://evil.example", "access-control-request-method": "POST"}
            for path, told in ((ONE, cors), ("/admin/models/tiny/rollout", False)):
                answer = server.http.options(path, headers=asked)
                assert [name for name in answer.headers if name.startswith("access-control")] != [] or not told
                assert ("access-control-allow-origin" in answer.headers) == told

    def test_an_order_is_small(self, rollout_server):
        assert roll(rollout_server, b'{"mode": "' + b"x" * 100_000 + b'"}').status_code == 413

    def test_it_takes_the_token_and_the_name_that_it_belongs_to(self, pushed):
        names = (("ann", "a-token"), ("bob", "b-token"))
        with live(model_name="tiny", model_base_path=pushed, admin_token="secret", operators=names) as server:
            assert roll(server, {"weight": 0.5}).status_code == 401
            assert roll(server, {"weight": 0.5}, authorization="Bearer wrong").status_code == 401
            for weight, token in ((0.5, "secret"), (0.6, "a-token"), (0.7, "b-token")):
                mark = {"x-sluicegate-admin": None, "authorization": f"Bearer {token}"}
                assert roll(server, {"weight": weight}, **mark).status_code == 200
            assert (
                roll(server, {"weight": 0.1}, authorization="Bearer secret", origin="http://evil.example").status_code
                == 403
            )
        assert [line.by for line in release.read(pushed).history] == ["operator (token without a name)", "ann", "bob"]

    def test_open_to_the_network_it_needs_one(self, base):
        with live(model_name="tiny", model_base_path=base, host="0.0.0.0") as server:
            answer = roll(server, {"weight": 0.5})
            assert answer.status_code == 403
            assert "--admin_token_file" in answer.json()["error"]

    def test_open_to_the_network_a_token_is_enough_under_any_name(self, base):
        with live(model_name="tiny", model_base_path=base, host="0.0.0.0", admin_token="secret") as server:
            assert roll(server, {"weight": 0.5}, authorization="bearer secret", host="models:8501").status_code == 200

    def test_without_a_release_there_is_nothing_to_roll_out(self, server):
        answer = roll(server, {"weight": 0.5})
        assert answer.status_code == 400
        assert "nothing was released" in answer.json()["error"]

    def test_an_order_for_another_state_is_refused(self, pushed):
        with live(model_name="tiny", model_base_path=pushed) as server:
            seen = release_state.current(pushed).etag
            assert roll(server, {"weight": 0.5}, **{"if-match": f'"{seen}"'}).status_code == 200
            answer = roll(server, {"weight": 0.9}, **{"if-match": f'"{seen}"'})
            assert answer.status_code == 412
            assert release.read(pushed).weight == 0.5

    def test_a_state_that_is_gone_or_broken_is_not_written_over(self, pushed):
        with live(model_name="tiny", model_base_path=pushed) as server:
            (pushed / release.FILE_NAME).write_text("null")
            assert roll(server, {"weight": 0.5}).status_code == 400
            assert (pushed / release.FILE_NAME).read_text() == "null"
            (pushed / release.FILE_NAME).unlink()
            assert roll(server, {"weight": 0.5}).status_code == 400
            assert not (pushed / release.FILE_NAME).exists()


class TestUnrecorded:
    """A version that no gate is known to have let through."""

    def test_it_gets_traffic_only_on_a_persons_word_which_stays_in_the_history(self, base):
        with live(model_name="tiny", model_base_path=base) as server:
            before = (base / release.FILE_NAME).read_bytes()
            for order in (
                {"canary": 2, "weight": 0.1, "mode": "canary"},
                {"canary": 2, "mode": "shadow"},
                {"canary": 2},
            ):
                answer = roll(server, order)
                assert answer.status_code == 400
                assert "no record of the Pusher" in answer.json()["error"]
                assert '"override"' in answer.json()["error"]
            assert (base / release.FILE_NAME).read_bytes() == before
            word = {"by": "Ann", "reason": "trying it"}
            assert roll(server, {"canary": 2, "weight": 0.1, "mode": "canary", "override": word}).status_code == 200
            [(version, told)] = release.overrides_ever(release.read(base))
            assert version == 2
            assert "Ann lets it have traffic: trying it" in told
            assert roll(server, {"weight": 0.2}).status_code == 200
            (base / "2" / "more").write_text("other files")
            assert roll(server, {"weight": 0.3}).status_code == 400
            assert roll(server, {"weight": 0.1}).status_code == 200
            assert roll(server, {"canary": None}).status_code == 200

    def test_files_that_the_pusher_did_not_push_are_none_that_it_recorded(self, pushed):
        with live(model_name="tiny", model_base_path=pushed) as server:
            (pushed / "2" / "more").write_text("other files")
            answer = roll(server, {"canary": 2})
            assert answer.status_code == 400
            assert "not those that the Pusher recorded" in answer.json()["error"]

    def test_what_an_older_release_names_stays_and_may_get_less_but_not_more(self, base):
        release.write(Release(stable=1, canary=2, weight=0.5, salt="s", mode="canary"), base)
        with live(model_name="tiny", model_base_path=base) as server:
            server.wait_for(lambda: server.states("tiny") == {1: "AVAILABLE", 2: "AVAILABLE"})
            assert roll(server, {"weight": 0.4}).status_code == 200
            assert roll(server, {"weight": 0.6}).status_code == 400
            assert roll(server, {"mode": "shadow"}).status_code == 400

    def test_what_was_stable_in_an_older_release_needs_no_word(self, base):
        old = Change("t", "release", "direct", 2, None, "run", model_digest(base / "2"))
        release.write(Release(stable=1, salt="s", history=(old,)), base)
        with live(model_name="tiny", model_base_path=base) as server:
            assert roll(server, {"canary": 2, "weight": 0.1, "mode": "canary"}).status_code == 200
