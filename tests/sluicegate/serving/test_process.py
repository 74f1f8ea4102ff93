"""The server as a process: how it starts, what it refuses, and how it ends."""

import contextlib
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

from schemas.errors import MachineError
from tests.sluicegate.serving.live import live

PROJECT = Path(__file__).resolve().parents[3]


def command(*flags):
    return [sys.executable, "-m", "sluicegate.serving", *map(str, flags)]


@contextlib.contextmanager
def process(folder, *flags, **environment):
    """A server in a process of its own; yields it and its ports."""
    ports = folder / "ports.json"
    child = subprocess.Popen(
        [*command(*flags), "--free_ports", f"--ports_file={ports}"],
        cwd=PROJECT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        until = time.monotonic() + 60
        while not ports.exists():
            assert child.poll() is None, child.stdout.read()
            assert time.monotonic() < until
            time.sleep(0.05)
        yield child, json.loads(ports.read_text())
    finally:
        if child.poll() is None:
            child.kill()
        child.wait()
        child.stdout.close()


def refused(*flags, **environment):
    """Exit code and standard error of a server that cannot start."""
    clean = {k: v for k, v in os.environ.items() if k not in ("MODEL_NAME", "MODEL_BASE_PATH")}
    ended = subprocess.run(
        command(*flags),
        check=False,
        cwd=PROJECT,
        env={**clean, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "Traceback" not in ended.stderr
    return ended.returncode, ended.stderr


class TestStart:
    def test_help_is_there_at_once_and_names_the_flags(self):
        began = time.monotonic()
        told = subprocess.run(command("--help"), check=True, cwd=PROJECT, capture_output=True, text=True).stdout
        assert time.monotonic() - began < 2
        for flag in ("--model_config_file", "--rest_api_port", "--request_log", "--admin_token_file"):
            assert flag in told

    @pytest.mark.parametrize(
        ("flags", "code", "said"),
        [
            ((), 64, "--model_base_path"),
            (("--model_base_path=/nowhere/at/all",), 1, "/nowhere/at/all"),
            (("--model_base_path=/tmp", "--no_such_flag"), 64, "--no_such_flag"),
            (("--model_base_path=/tmp", "--port=77777"), 64, "77777"),
            (("--model_config_file=/nowhere.config",), 1, "/nowhere.config"),
            (("--model_base_path=/tmp", "--batching_parameters_file=/nowhere"), 64, "/nowhere"),
            (("--model_base_path=/tmp", "--tls_key=k"), 64, "--tls_certificate"),
            (("--model_base_path=/tmp", "--request_log=x", "--request_log_sampling_rate=2"), 64, "sampling_rate"),
        ],
    )
    def test_what_cannot_be_is_said(self, flags, code, said):
        ended, error = refused(*flags)
        assert ended == code
        assert said in error

    def test_a_model_that_does_not_load(self, tmp_path):
        (tmp_path / "1").mkdir()
        (tmp_path / "1" / "saved_model.pb").write_text("no model")
        with pytest.raises(MachineError) as error, live(model_base_path=tmp_path, load_retries=0):
            pass
        assert "No version of a model could be loaded" in str(error.value)
        assert str(tmp_path / "1") in str(error.value)

    @pytest.mark.parametrize("hindered_by", ["a model that does not load", "a config that does not end"])
    def test_a_start_that_comes_to_nothing_is_stopped_by_the_first_signal(self, tmp_path, hindered_by):
        (tmp_path / "m" / "1").mkdir(parents=True)
        (tmp_path / "m" / "1" / "saved_model.pb").write_text("no model")
        os.mkfifo(tmp_path / "config")
        endless = hindered_by == "a config that does not end"
        flag = f"--model_config_file={tmp_path / 'config'}" if endless else f"--model_base_path={tmp_path / 'm'}"
        with subprocess.Popen(
            command(flag, "--free_ports"), cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as child:
            try:
                # Opening the pipe waits until the server reads it.
                held = os.open(tmp_path / "config", os.O_WRONLY if endless else os.O_RDONLY | os.O_NONBLOCK)
                if not endless:
                    while "did not load" not in child.stdout.readline():
                        assert child.poll() is None
                child.send_signal(signal.SIGTERM)
                told = child.communicate(timeout=20)[0]
            finally:
                child.kill()
        os.close(held)
        assert (child.returncode, "Traceback" in told) == (0, False)
        assert "stopped before it served" in told

    @pytest.mark.parametrize("kind", ["rest_port", "grpc_port"])
    def test_a_port_that_is_taken(self, tiny, kind):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            with pytest.raises(MachineError, match=f"127.0.0.1:{port}"), live(model_base_path=tiny, **{kind: port}):
                pass

    def test_the_environment_of_the_docker_image(self, tiny, tmp_path):
        with process(tmp_path, MODEL_NAME="tiny", MODEL_BASE_PATH=str(tiny.parent)) as (_, ports):
            answer = httpx.get(f"http://127.0.0.1:{ports['rest']}/v1/models/tiny")
            assert answer.json()["model_version_status"][0]["state"] == "AVAILABLE"

    def test_it_listens_to_this_machine_only(self, tiny):
        for host, reached in (("127.0.0.1", False), ("0.0.0.0", True)):
            with live(model_base_path=tiny, host=host) as server:
                for port in (server.ports.rest, server.ports.grpc):
                    # Loopback has many addresses; who listens to all of them can be reached at this one.
                    with socket.socket() as other:
                        assert (other.connect_ex(("127.0.0.2", port)) == 0) == reached


def test_what_a_server_is_made_of_is_not_looked_through_for_garbage(tiny, tmp_path):
    """Before it listens, so that no request waits for it; a program that has a server within it is left alone."""
    program = (
        "import atexit, gc; atexit.register(lambda: print('frozen', gc.get_freeze_count() > 100_000));"
        "from sluicegate.serving.__main__ import main; main()"
    )
    ports = tmp_path / "ports.json"
    flags = (f"--model_base_path={tiny}", "--model_name=tiny", "--free_ports", f"--ports_file={ports}")
    child = subprocess.Popen([sys.executable, "-c", program, *flags], cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    try:
        until = time.monotonic() + 60
        while not ports.exists() and time.monotonic() < until:
            time.sleep(0.05)
        child.send_signal(signal.SIGTERM)
        assert child.communicate(timeout=60)[0].splitlines()[-1] == "frozen True"
    finally:
        child.kill()
    before = gc.get_freeze_count()
    with live(model_base_path=tiny):
        assert gc.get_freeze_count() == before


class TestDrain:
    def test_what_was_accepted_is_answered(self, tiny, tmp_path):
        """Clients that ask without pause; then SIGTERM. Every request that the server read is answered, with 200."""
        log = tmp_path / "access.log"
        flags = (f"--model_base_path={tiny}", "--model_name=tiny", "--drain_seconds=0.5", f"--access_log={log}")
        with process(tmp_path, *flags) as (child, ports):
            url = f"http://127.0.0.1:{ports['rest']}/v1/models/tiny:predict"
            lost, answered = [], []

            def ask():
                with httpx.Client() as client:
                    while True:
                        try:
                            answer = client.post(url, json={"instances": [1.0]})
                        except (httpx.ConnectError, httpx.ReadError):
                            return  # refused, or reset in the queue before the closed door: nobody accepted it
                        except httpx.HTTPError as error:
                            lost.append(repr(error))
                            return
                        answered.append(answer.status_code)

            threads = [threading.Thread(target=ask) for _ in range(8)]
            for thread in threads:
                thread.start()
            time.sleep(1)
            child.send_signal(signal.SIGTERM)
            for thread in threads:
                thread.join(30)
            assert child.wait(30) == 0
            assert lost == []
            assert set(answered) == {200}
            assert len(answered) > 100
            assert [json.loads(line)["status"] for line in log.read_text().splitlines()] == ["OK"] * len(answered)

    def test_readiness_ends_first(self, tiny, tmp_path):
        flags = (f"--model_base_path={tiny}", "--model_name=tiny", "--drain_seconds=2")
        with process(tmp_path, *flags) as (child, ports):
            base = f"http://127.0.0.1:{ports['rest']}"
            assert httpx.get(f"{base}/readyz").status_code == 200
            child.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            assert httpx.get(f"{base}/readyz").status_code == 503
            assert httpx.get(f"{base}/healthz").status_code == 200
            assert (
                httpx.post(f"{base}/v1/models/tiny:predict", json={"instances": [1.0]}).headers["connection"] == "close"
            )
            assert child.wait(30) == 0
