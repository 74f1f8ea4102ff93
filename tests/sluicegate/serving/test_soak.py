"""A day of a server in fast motion: load, a new version, traffic moved over, a broken version, and the end."""

import asyncio
import json
import shutil
import signal
import urllib.request

import psutil
import pytest

from schemas import release
from schemas.release import Release
from tests.sluicegate.serving import tiny_models
from tests.sluicegate.serving.load import Tally, grpc_client, rest_client
from tests.sluicegate.serving.test_process import process

REST, GRPC = 20, 6


class Day:
    """What happens at which share of the requests."""

    def __init__(self, base, ports, tally, child, spare):
        self.base, self.ports, self.tally, self.child, self.spare = base, ports, tally, child, spare
        self.memory = []

    async def run(self):
        await self.at(0.1)
        shutil.copytree(self.spare / "2", self.base / "2")
        for share, weight in ((0.12, 0.01), (0.25, 0.5), (0.4, 1.0)):
            await self.at(share)
            self.remember()
            await self.state(stable=1, canary=2, weight=weight, mode="canary")
        await self.at(0.5)
        await self.state(stable=2)
        self.tally.floor = (asyncio.get_running_loop().time(), 2)
        await self.at(0.6)
        self.remember()
        shutil.copytree(self.spare / "3", self.base / "3")
        release.write(Release(stable=2, canary=3, weight=1.0, salt="s", mode="canary"), self.base)
        await self.at(0.7)
        await self.state(stable=2)
        await self.at(0.9)
        self.remember()
        self.tally.draining = True
        self.child.send_signal(signal.SIGTERM)

    async def at(self, share):
        while self.tally.sent < share * self.tally.limit:
            await asyncio.sleep(0.01)

    async def state(self, **state):
        """Writes the release state and waits until the server routes by it."""
        release.write(Release(salt="s", **state), self.base)
        async with asyncio.timeout(30):
            while not await asyncio.to_thread(self._routes_by, state):
                await asyncio.sleep(0.05)

    def _routes_by(self, state):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.ports['rest']}/state.json") as answer:
            [model] = json.load(answer)["models"]
        up = {v["version"] for v in model["versions"] if v["state"] == "AVAILABLE"}
        wanted = {str(state[arm]) for arm in ("stable", "canary") if arm in state}
        return wanted <= up and all(str(model["release"][key]) == str(value) for key, value in state.items())

    def remember(self):
        self.memory.append(psutil.Process(self.child.pid).memory_info().rss / 2**20)


def one_day(tiny, tmp_path, requests):
    base, spare = tmp_path / "m", tmp_path / "spare"
    shutil.copytree(tiny / "1", base / "1")
    shutil.copytree(tiny / "2", spare / "2")
    shutil.copytree(tiny_models.save(tmp_path / "three", 3), spare / "3")
    shutil.rmtree(spare / "3" / "variables")
    release.write(Release(stable=1, salt="s"), base)
    flags = ("--model_name=m", f"--model_base_path={base}", f"--request_log={tmp_path / 'log'}", "--drain_seconds=1",
             "--file_system_poll_wait_seconds=0.1", "--max_num_load_retries=0", f"--access_log={tmp_path / 'access.log'}")  # fmt: skip
    with process(tmp_path, *flags) as (child, ports):
        tally = Tally(requests)
        day = Day(base, ports, tally, child, spare)

        async def live_it():
            clients = [rest_client(ports["rest"], "m", tally, f"r{i}") for i in range(REST)]
            clients += [grpc_client(ports["grpc"], "m", tally, f"g{i}") for i in range(GRPC)]
            await asyncio.gather(day.run(), *clients)

        asyncio.run(live_it())
        assert child.wait(60) == 0
    statuses = [json.loads(line)["status"] for line in (tmp_path / "access.log").read_text().splitlines()]
    assert set(statuses) == {"OK"}
    return tally, day.memory, len(statuses)


def check(tally, memory, read_by_server):
    assert tally.failed == []
    assert tally.wrong == []
    assert tally.answered == tally.sent == read_by_server
    assert tally.answered >= 0.9 * tally.limit
    assert set(tally.by_version) == {1, 2}
    # After both versions were loaded for the first time (the second look), nothing may pile up.
    assert memory[-1] < memory[2] * 1.1 + 32, memory


def test_a_tenth_of_a_day(tiny, tmp_path):
    check(*one_day(tiny, tmp_path, 20_000))


@pytest.mark.slow
def test_a_day(tiny, tmp_path):
    check(*one_day(tiny, tmp_path, 200_000))
