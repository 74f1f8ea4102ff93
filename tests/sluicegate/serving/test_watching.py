"""Nothing that a watched file holds, lacks or does may end the watching of it, of other files, or of other models."""

import asyncio
import os
import shutil
import time
from functools import partial

import pytest

from schemas import release
from schemas.release import Release
from sluicegate.serving.server import running
from sluicegate.serving.watching import Watched, Watches, in_own_thread, keep_looking, look_once, reason_of
from tests.sluicegate.serving.live import live

CONFIG = 'config {{ name: "{name}" base_path: "{base}" model_platform: "tensorflow" }}'
#: One of each kind of broken file.
BROKEN = {
    "null": b"null",
    "text": b'"release"',
    "number": b"7",
    "list": b"[]",
    "nested": b"[" * 200_000,
    "latin-1": b'{"format_version": 1, "salt": "\xe9"}',
    "empty": b"",
    "half": b'{"format_version": 1, "sta',
    "weight is a text": b'{"format_version": 1, "stable": 1, "canary": 2, "weight": "0.5", "mode": "canary"}',
    "weight below zero": b'{"format_version": 1, "stable": 1, "weight": -3}',
    "version is a text": b'{"format_version": 1, "stable": "2"}',
    "another format": b'{"format_version": 2, "stable": 2}',
}


@pytest.fixture
def bad(tmp_path):
    """A model that does not load."""
    folder = tmp_path / "bad"
    (folder / "1").mkdir(parents=True)
    (folder / "1" / "saved_model.pb").write_text("no model")
    return folder


def put(path, content):
    """As an editor does it, at once."""
    aside = path.with_name(f".{path.name}.aside")
    aside.write_bytes(content)
    os.replace(aside, path)


def configured(*models):
    return ("model_config_list {" + "".join(CONFIG.format(name=n, base=b) for n, b in models) + "}").encode()


def state(server):
    return server.http.get("/state.json").json()


def watch_of(server, what, model=""):
    [found] = [one for one in state(server)["watches"] if (one["watch"], one["model"]) == (what, model)]
    return found


def problem_of(server, what, model=""):
    return watch_of(server, what, model)["problem"]


def stable(server):
    answer = server.post("/v1/models/tiny:predict", {"instances": [0]})
    assert answer.status_code == 200, answer.text
    return int(answer.headers["x-model-version"])


@pytest.fixture(scope="module")
def watched_server(tiny, tmp_path_factory):
    """One server for all broken files, with a config file that it polls."""
    folder = tmp_path_factory.mktemp("watched")
    shutil.copytree(tiny, folder / "tiny")
    release.write(Release(stable=1, salt="s"), folder / "tiny")
    config = folder / "models.config"
    config.write_bytes(configured(("tiny", folder / "tiny")))
    with live(model_config_file=config, config_poll=0.05) as server:
        yield server, folder


class TestBrokenFiles:
    @pytest.mark.parametrize("kind", BROKEN)
    def test_a_broken_release_changes_nothing_is_told_once_and_a_good_one_is_followed_afterwards(
        self, watched_server, caplog, kind
    ):
        server, folder = watched_server
        caplog.set_level("INFO", "sluicegate.serving")
        file = folder / "tiny" / release.FILE_NAME
        put(file, BROKEN[kind])
        server.wait_for(lambda: problem_of(server, "release state", "tiny"))
        before = watch_of(server, "release state", "tiny")["looks"]
        server.wait_for(lambda: watch_of(server, "release state", "tiny")["looks"] > before + 5)
        assert stable(server) == 1
        assert server.http.get("/readyz").status_code == 200
        told = [r for r in caplog.records if r.levelname == "ERROR" and "release state of tiny" in r.message]
        assert len(told) == 1
        assert release.FILE_NAME in told[0].message
        metrics = server.http.get("/monitoring/prometheus/metrics").text
        assert 'sluicegate_watch_broken{model_name="tiny",watch="release_state"} 1.0' in metrics
        assert release.FILE_NAME in state(server)["models"][0]["problem"]
        for number in (2, 1):
            put(file, release.render(Release(stable=number, salt="s")))
            server.wait_for(lambda number=number: stable(server) == number)
        assert problem_of(server, "release state", "tiny") == ""
        assert [r.message for r in caplog.records].count("the release state of tiny can be used again") == 1

    @pytest.mark.parametrize(
        "content",
        [b"# caf\xe9", b"model_config_list " + b"{" * 100_000, b"null", b"7", b"\x00", b'model_config_list { config { name: "a" } }'],
        ids=["latin-1", "nested", "null", "number", "zero byte", "no base path"],
    )  # fmt: skip
    def test_a_broken_config_changes_nothing_and_a_good_one_is_taken_up_afterwards(
        self, watched_server, caplog, content
    ):
        server, folder = watched_server
        caplog.set_level("INFO", "sluicegate.serving")
        config = folder / "models.config"
        put(config, content)
        server.wait_for(lambda: watch_of(server, "model config")["failures"] and problem_of(server, "model config"))
        before = watch_of(server, "model config")["looks"]
        server.wait_for(lambda: watch_of(server, "model config")["looks"] > before + 3)
        assert len([r for r in caplog.records if r.levelname == "ERROR" and "model config" in r.message]) == 1
        put(folder / "tiny" / release.FILE_NAME, release.render(Release(stable=2, salt="s")))
        server.wait_for(lambda: stable(server) == 2)
        put(config, configured(("tiny", folder / "tiny"), ("more", folder / "tiny")))
        server.wait_for(lambda: {one["name"] for one in state(server)["models"]} == {"tiny", "more"})
        put(config, configured(("tiny", folder / "tiny")))
        server.wait_for(lambda: {one["name"] for one in state(server)["models"]} == {"tiny"})
        assert problem_of(server, "model config") == ""
        put(folder / "tiny" / release.FILE_NAME, release.render(Release(stable=1, salt="s")))
        server.wait_for(lambda: stable(server) == 1)

    def test_a_release_that_is_gone_does_not_let_the_newest_version_through(self, base):
        with live(model_name="tiny", model_base_path=base) as server:
            (base / release.FILE_NAME).unlink()
            server.wait_for(lambda: "is gone" in problem_of(server, "release state", "tiny"))
            assert stable(server) == 1
            assert server.states("tiny").get(2) is None

    def test_a_release_that_leads_nowhere_lets_no_version_through(self, base):
        (base / release.FILE_NAME).unlink()
        (base / release.FILE_NAME).symlink_to(base / "nowhere")
        with live(model_name="tiny", model_base_path=base) as server:
            assert "release" in server.http.get("/readyz").text
            assert server.states("tiny") == {}

    def test_a_pipe_in_place_of_a_file_holds_nobody(self, base):
        with live(model_name="tiny", model_base_path=base) as server:
            (base / release.FILE_NAME).unlink()
            os.mkfifo(base / release.FILE_NAME)
            server.wait_for(lambda: "is no file" in problem_of(server, "release state", "tiny"))
            assert stable(server) == 1

    @pytest.mark.parametrize("kind", ["pipe", "sparse"])
    def test_a_config_that_cannot_be_read_to_its_end_holds_nobody(self, watched_server, kind):
        server, folder = watched_server
        config = folder / "models.config"
        config.unlink()
        if kind == "pipe":
            os.mkfifo(config)
        else:
            config.touch()
            os.truncate(config, 2**30)
        said = {"pipe": "is no file", "sparse": "has 1073741824 bytes"}[kind]
        server.wait_for(lambda: said in problem_of(server, "model config"))
        put(config, configured(("tiny", folder / "tiny"), ("more", folder / "tiny")))
        server.wait_for(lambda: {one["name"] for one in state(server)["models"]} == {"tiny", "more"})
        put(config, configured(("tiny", folder / "tiny")))
        server.wait_for(lambda: {one["name"] for one in state(server)["models"]} == {"tiny"})
        assert server.http.get("/readyz").status_code == 200

    @pytest.mark.parametrize("name", ["saved_model.pb", "assets.extra/tf_serving_warmup_requests", "variables/data"])
    def test_a_pipe_within_a_version_holds_no_thread_that_loads(self, base, name):
        shutil.copytree(base / "1", base / "3")
        pipe = base / "3" / name
        pipe.parent.mkdir(exist_ok=True)
        pipe.unlink(missing_ok=True)
        os.mkfifo(pipe)
        with live(model_name="tiny", model_base_path=base, load_retries=0) as server:
            put(base / release.FILE_NAME, release.render(Release(stable=3, salt="s")))
            server.wait_for(lambda: server.states("tiny").get(3) == "END")
            assert stable(server) == 1
            told = {int(v["version"]): v["error"] for v in state(server)["models"][0]["versions"]}
            assert "is no file" in told[3]["message"]

    def test_a_release_of_a_version_that_is_not_there_is_told(self, base):
        with live(model_name="tiny", model_base_path=base) as server:
            put(base / release.FILE_NAME, release.render(Release(stable=77, salt="s")))
            server.wait_for(lambda: "version 77" in state(server)["models"][0]["problem"])
            assert stable(server) == 1


def test_a_config_whose_label_must_wait_is_tried_again(tiny, tmp_path):
    base = tmp_path / "tiny"
    shutil.copytree(tiny / "1", base / "1")
    config = tmp_path / "models.config"
    config.write_bytes(configured(("tiny", base)))
    labelled = f'model_config_list {{ config {{ name: "tiny" base_path: "{base}" model_platform: "tensorflow" version_labels {{ key: "good" value: 2 }} }} }}'
    with live(model_config_file=config, config_poll=0.05) as server:
        put(config, labelled.encode())
        server.wait_for(lambda: "label" in problem_of(server, "model config"))
        shutil.copytree(tiny / "2", tmp_path / "aside")
        (tmp_path / "aside").rename(base / "2")
        server.wait_for(lambda: state(server)["models"][0]["labels"] == {"good": "2"})


class TestLoadingBlocksNothing:
    def test_a_model_that_fails_to_load_delays_no_other_models_rollback_and_a_mended_config_ends_its_retries(
        self, base, bad, tmp_path, caplog
    ):
        config = tmp_path / "models.config"
        config.write_bytes(configured(("tiny", base)))
        with live(model_config_file=config, config_poll=0.05, load_retries=5, load_interval=60.0) as server:
            put(config, configured(("tiny", base), ("bad", bad)))
            server.wait_for(lambda: server.states("bad") == {1: "LOADING"})
            for number in (2, 1):
                put(base / release.FILE_NAME, release.render(Release(stable=number, salt="s")))
                server.wait_for(lambda number=number: stable(server) == number, seconds=5)
            put(config, configured(("tiny", base)))
            server.wait_for(lambda: [one["name"] for one in state(server)["models"]] == ["tiny"], seconds=5)
            put(config, configured(("tiny", base), ("bad", tmp_path / "tiny")))
            server.wait_for(lambda: server.states("bad") == {1: "AVAILABLE"}, seconds=5)
            began = time.monotonic()
        assert time.monotonic() - began < 5
        assert len([r for r in caplog.records if "did not load" in r.message]) == 1

    def test_a_path_that_was_mended_is_loaded_at_once(self, base, bad, tmp_path):
        config = tmp_path / "models.config"
        config.write_bytes(configured(("tiny", base)))
        with live(model_config_file=config, config_poll=0.05, load_retries=5, load_interval=60.0) as server:
            put(config, configured(("tiny", base), ("other", bad)))
            server.wait_for(lambda: server.states("other") == {1: "LOADING"})
            put(config, configured(("tiny", base), ("other", base)))
            server.wait_for(lambda: server.states("other") == {1: "AVAILABLE"}, seconds=5)


def test_a_folder_that_hangs_delays_no_other_model_and_is_not_ready(base, tmp_path, monkeypatch):
    from sluicegate.serving import watching
    from sluicegate.serving.versions import folder

    other = tmp_path / "other"
    shutil.copytree(base, other)
    config = tmp_path / "models.config"
    config.write_bytes(configured(("tiny", base), ("other", other)))
    hangs, ends = [], []
    real = folder.released

    def released(given):
        while hangs and given.name == "other" and not ends:
            time.sleep(0.01)
        return real(given)

    monkeypatch.setattr(folder, "released", released)
    monkeypatch.setattr(watching, "LATE_SECONDS", 1.0)
    with live(model_config_file=config) as server:
        assert server.http.get("/readyz").status_code == 200
        hangs.append(True)
        server.wait_for(lambda: server.http.get("/readyz").status_code == 503, seconds=5)
        for number in (2, 1):
            put(base / release.FILE_NAME, release.render(Release(stable=number, salt="s")))
            server.wait_for(lambda number=number: stable(server) == number, seconds=5)
        shutil.copytree(base / "1", base / "3")
        server.wait_for(lambda: watch_of(server, "versions", "tiny")["age"] < 1, seconds=5)
        assert "nobody has looked at the release state of other" in server.http.get("/readyz").text
        assert server.http.get("/healthz").status_code == 200
        ends.append(True)
        server.wait_for(lambda: server.http.get("/readyz").status_code == 200, seconds=5)


class Strange(BaseException):
    pass


@pytest.mark.parametrize(
    "error",
    [RecursionError("deep"), UnicodeDecodeError("utf-8", b"\xe9", 0, 1, "no"), MemoryError(), OSError(5, "I/O error"),
     ZeroDivisionError("x"), asyncio.CancelledError(), SystemExit(3), KeyboardInterrupt(), Strange("s"), StopIteration()],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
def test_no_error_ends_a_watch(error):
    looks = []

    async def look():
        looks.append(1)
        if len(looks) < 3:
            raise error

    async def main():
        watched = Watched("release state", 0.001)
        task = asyncio.ensure_future(keep_looking(watched, look))
        while len(looks) < 5:
            assert not task.done()
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return watched

    # StopIteration becomes a RuntimeError on its way out of a coroutine.
    watched = asyncio.run(asyncio.wait_for(main(), 10))
    assert (watched.failures, watched.problem) == (2, "")


@pytest.mark.parametrize("error", [ValueError("x"), StopIteration(), SystemExit(1), MemoryError()])
def test_a_look_in_a_thread_always_comes_back(error):
    def look():
        raise error

    async def main():
        watched = Watched("versions", 1.0)
        await asyncio.wait_for(look_once(watched, lambda: in_own_thread(look)), 5)
        return watched.problem

    assert asyncio.run(main()) != ""


def test_distinct_reasons_are_told_once_each(caplog):
    watched = Watched("versions", 1.0, "m")
    for reason in ("a", "b", "a", "b", "c"):
        watched.failed(ValueError(reason))
    assert [record.message.rsplit(" ", 1)[1] for record in caplog.records] == ["a", "b", "c"]
    assert watched.failures == 5


def test_who_has_not_looked_for_more_than_three_intervals_is_late():
    now = [0.0]
    watches = Watches(2.0, lambda: now[0])
    watched = watches.add("versions", "m")
    now[0] = 6.0
    assert watches.late() == []
    now[0] = 6.5
    [told] = watches.late()
    assert "versions of m" in told
    watched.failed(ValueError("looked, though"))
    assert watches.late() == []
    watches.forget("m")
    assert watches.all == []


def test_a_model_that_takes_its_time_to_load_makes_nobody_late_at_the_start(base, monkeypatch):
    monkeypatch.setattr("sluicegate.serving.watching.LATE_SECONDS", 2.0)
    monkeypatch.setattr("sluicegate.serving.watching.LATE_INTERVALS", 0.0)
    monkeypatch.setattr("tests.sluicegate.serving.live.running", partial(running, settled=lambda: time.sleep(2.2)))
    with live(model_name="tiny", model_base_path=base, poll=30) as server:
        assert server.http.get("/readyz").text == "ready\n"


def test_a_reason_is_one_line_and_never_fails():
    class Mute(Exception):
        def __str__(self):
            raise RecursionError

    assert reason_of(Mute()) == "Mute"
    assert reason_of(MemoryError()) == "MemoryError"
    assert reason_of(ValueError("a\n b" + "c" * 1000)).startswith("a bc")
    assert len(reason_of(ValueError("c" * 1000))) == 500
