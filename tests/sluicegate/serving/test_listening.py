"""Addresses that cannot be listened on, and how addresses are printed."""

import re
import socket
from pathlib import Path

import pytest

from schemas.errors import MachineError
from sluicegate.serving import flags, listening
from sluicegate.serving.options import Options
from sluicegate.serving.server import Ports, _welcome
from tests.sluicegate.serving.live import live
from tests.sluicegate.serving.test_process import refused

PROJECT = Path(__file__).resolve().parents[3]


def has_ipv6():
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            return False
    return True


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="no IPv6 loopback here")


@pytest.mark.parametrize("host", ["::1", "[::1]"])
def test_an_ipv6_address_has_brackets_where_a_port_follows(host):
    options = flags.read(["--model_base_path=/tmp", f"--host={host}"], {})
    assert _welcome(options, Ports(8500, 8501)) == "serving gRPC on [::1]:8500, REST on http://[::1]:8501/"
    assert options.host == "::1"


def test_no_url_is_put_together_by_hand():
    """`with_port` is the one place that knows about brackets."""
    by_hand = re.compile(r"\{[^{}]*host[^{}]*\}:\{")
    packages = ("serving", "components", "pipeline", "sluicegate", "reports", "models", "fairness", "schemas")
    found = [
        f"{file}: {line.strip()}" for package in packages for file in (PROJECT / package).rglob("*.py")
        for line in file.read_text().splitlines() if by_hand.search(line) and file.name != "address.py"
    ]  # fmt: skip
    assert found == []


@needs_ipv6
@pytest.mark.parametrize("kind", ["rest_port", "grpc_port"])
def test_a_taken_port_of_ipv6_is_named_with_brackets(tiny, kind):
    with socket.socket(socket.AF_INET6) as taken:
        taken.bind(("::1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(MachineError) as error, live(model_base_path=tiny, host="::1", **{kind: port}):
            pass
    [problem] = error.value.problems
    assert (problem.place, problem.got) == (f"[::1]:{port}", "address already in use")


@needs_ipv6
def test_it_answers_on_ipv6(tiny):
    import httpx

    with live(model_name="tiny", model_base_path=tiny, host="::1") as server:
        assert httpx.get(f"http://[::1]:{server.ports.rest}/v1/models/tiny").status_code == 200


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid", "not an address", "1.2.3.4.5"])
def test_an_address_that_is_not_ours(host):
    with pytest.raises(MachineError) as error:
        listening.check(host, 0, "--port")
    [problem] = error.value.problems
    assert problem.place == f"{host}:0"
    assert "taken" not in problem.got
    assert "--host" in problem.remedy


def test_it_is_said_before_models_take_their_time(monkeypatch):
    monkeypatch.setattr("sluicegate.serving.server._library", None)
    with pytest.raises(MachineError, match="cannot listen"), live(Options(), host="192.0.2.1"):
        pass


@pytest.mark.parametrize("flag", ["--access_log", "--ports_file"])
def test_a_file_that_cannot_be_written(tiny, flag):
    code, said = refused(f"--model_base_path={tiny}", f"{flag}=/nowhere/at/all/file", "--free_ports")
    assert code == 1
    assert f"{flag} /nowhere/at/all/file" in said
