"""How long a REST connection may be idle, and how long a request may take to arrive."""

import contextlib
import json
import socket
import time

import pytest

from sluicegate.serving.flags import read
from sluicegate.serving.options import Waits
from tests.sluicegate.serving.live import live

BODY = b'{"instances": [1.0]}'
HEAD = b"POST /v1/models/tiny:predict HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n"


@pytest.fixture(scope="module")
def quick(tiny):
    with live(model_name="tiny", model_base_path=tiny, rest_waits=Waits(idle=2.0, head=0.5, body=1.0)) as server:
        yield server.ports.rest


@contextlib.contextmanager
def connection(port):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as one:
        yield one


def everything(one):
    """What comes until the server hangs up, and after how many seconds it does."""
    began, told = time.monotonic(), b""
    while part := one.recv(10_000):
        told += part
    return told, time.monotonic() - began


def test_headers_that_never_end(quick):
    with connection(quick) as one:
        one.sendall(b"POST /v1/models/tiny:predict HTTP/1.1\r\nhost:")
        told, seconds = everything(one)
    head, body = told.split(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408 Request Timeout")
    assert b"connection: close" in head
    assert "headers" in json.loads(body)["error"]
    assert 0.4 < seconds < 1.9


def test_headers_that_trickle(quick):
    """Each byte is no new beginning."""
    with connection(quick) as one:
        began = time.monotonic()
        one.sendall(b"GET /healthz HTTP/1.1\r\nx: ")
        # Reset or broken, whichever is seen first.
        with contextlib.suppress(OSError):
            while time.monotonic() - began < 5:
                one.sendall(b"a")
                time.sleep(0.1)
        assert time.monotonic() - began < 3


@pytest.mark.parametrize("path", [b"/v1/models/tiny:predict", b"/admin/models/tiny/rollout"])
def test_a_body_that_never_ends(quick, path):
    with connection(quick) as one:
        one.sendall(HEAD.replace(b"/v1/models/tiny:predict", path) % 1000 + BODY)
        told, seconds = everything(one)
    assert told.startswith(b"HTTP/1.1 ")
    if path.startswith(b"/v1"):
        assert told.startswith(b"HTTP/1.1 408")
        assert "body" in json.loads(told.split(b"\r\n\r\n")[1])["error"]
    assert seconds < 3.5


def test_a_slow_body_that_goes_on_is_waited_for(quick):
    """A second is given, and another for each thousand bytes."""
    text = BODY + b" " * 3000
    with connection(quick) as one:
        one.sendall(HEAD % len(text))
        for first in range(0, len(text), 302):
            one.sendall(text[first : first + 302])
            time.sleep(0.15)
        assert one.recv(1000).startswith(b"HTTP/1.1 200")


def test_a_request_in_pieces_is_answered_and_the_connection_kept(quick):
    with connection(quick) as one:
        for _ in range(2):
            for piece in (HEAD[:20], HEAD[20:] % len(BODY), BODY[:5], BODY[5:]):
                one.sendall(piece)
                time.sleep(0.1)
            assert one.recv(1000).startswith(b"HTTP/1.1 200")
        time.sleep(0.8)
        one.sendall(HEAD % len(BODY) + BODY)
        assert one.recv(1000).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("sent", [b"", b"\r\n"])
def test_a_connection_without_a_request_is_closed_without_a_word(quick, sent):
    with connection(quick) as one:
        one.sendall(sent)
        told, seconds = everything(one)
    assert told == b""
    assert 1.5 < seconds < 5


def test_an_idle_connection_is_closed_when_its_time_is_over(quick):
    with connection(quick) as one:
        one.sendall(HEAD % len(BODY) + BODY)
        told, seconds = everything(one)
    assert told.startswith(b"HTTP/1.1 200")
    assert 1.5 < seconds < 5


def test_the_usual_waits_suit_proxies():
    assert read(["--model_base_path=/m"], {}).rest_waits == Waits(idle=75, head=20, body=60)


def test_flags():
    flags = ["--rest_api_keep_alive_seconds=5", "--rest_api_header_seconds=0.5", "--rest_api_body_seconds=7"]
    assert read(["--model_base_path=/m", *flags], {}).rest_waits == Waits(5, 0.5, 7)
