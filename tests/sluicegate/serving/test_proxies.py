"""Behind a real HAProxy or nginx that keeps its connections, nobody hears of a reload or of a server's end."""

import asyncio
import signal
import time

import psutil
import pytest

from tests.proxies import program, proxy
from tests.sluicegate.serving.load import Tally, rest_client
from tests.sluicegate.serving.test_process import process

CLIENTS = 16


def through(kind, tiny, tmp_path, requests):
    """Two servers; the proxy reloads after a third of the requests, and one server is told to end after two thirds."""
    program(kind)
    folders = tmp_path / "a", tmp_path / "b"
    for folder in folders:
        folder.mkdir()
    flags = ("--model_name=m", f"--model_base_path={tiny}", "--drain_seconds=3")
    with process(folders[0], *flags) as (ending, a), process(folders[1], *flags) as (staying, b):
        with proxy(kind, tmp_path / kind, [a["rest"], b["rest"]]) as front:
            tally = Tally(requests, proxied=True)

            async def live():
                clients = [asyncio.ensure_future(rest_client(front.port, "m", tally, f"c{i}")) for i in range(CLIENTS)]
                await reached(1 / 3)
                front.reload([a["rest"], b["rest"]])
                await reached(2 / 3)
                ending.send_signal(signal.SIGTERM)
                await asyncio.gather(*clients)

            async def reached(share):
                while tally.sent < share * requests:
                    await asyncio.sleep(0.01)

            # Health checks must have seen both.
            time.sleep(1)
            asyncio.run(live())
            assert ending.wait(60) == 0
        staying.send_signal(signal.SIGTERM)
        assert staying.wait(60) == 0
    # What a server loses is a 502 or 503 of the proxy.
    assert tally.failed == []
    assert tally.wrong == []
    assert tally.closed_by_proxy <= CLIENTS
    assert tally.answered == tally.sent == requests


@pytest.mark.parametrize("kind", ["haproxy", "nginx"])
def test_some_thousand_requests(kind, tiny, tmp_path):
    through(kind, tiny, tmp_path, 6_000)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["haproxy", "nginx"])
def test_a_hundred_thousand_requests(kind, tiny, tmp_path):
    through(kind, tiny, tmp_path, 100_000)


@pytest.mark.parametrize("kind", ["haproxy", "nginx"])
def test_a_connection_is_kept_for_longer_than_a_moment(kind, tiny, tmp_path):
    """Proxies keep theirs for 60 seconds. Six show that ours does not close after five, as it once did."""
    program(kind)
    with (
        process(tmp_path, "--model_name=m", f"--model_base_path={tiny}") as (child, ports),
        proxy(kind, tmp_path / kind, [ports["rest"]]) as front,
    ):
        time.sleep(1)
        asyncio.run(rest_client(front.port, "m", Tally(1), "c"))
        kept = connections(child.pid, ports["rest"])
        assert kept
        time.sleep(6)
        assert kept <= connections(child.pid, ports["rest"])


def connections(pid, port):
    """The other ends of connections to a server that are open."""
    found = psutil.Process(pid).net_connections("tcp")
    return {one.raddr for one in found if one.status == "ESTABLISHED" and one.laddr.port == port}
