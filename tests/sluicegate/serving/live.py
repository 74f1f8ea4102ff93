"""A server in this process, in a thread of its own, on free ports."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import grpc
import httpx
from tensorflow_serving.apis import model_service_pb2_grpc, prediction_service_pb2_grpc

from sluicegate.serving.options import Options
from sluicegate.serving.server import running


class Live:
    """http : an httpx client.  predict, models : gRPC stubs."""

    def __init__(self, ports: Any, stop: Callable[[], None]) -> None:
        self.ports = ports
        self.stop = stop
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{ports.rest}", timeout=30)
        self.channel = grpc.insecure_channel(f"127.0.0.1:{ports.grpc}")
        self.predict = prediction_service_pb2_grpc.PredictionServiceStub(self.channel)
        self.models = model_service_pb2_grpc.ModelServiceStub(self.channel)

    def post(self, path: str, document: Any, **more: Any) -> Any:
        content = document if isinstance(document, bytes) else json.dumps(document).encode()
        return self.http.post(path, content=content, **more)

    def states(self, name: str) -> Any:
        """Version to state, newest first."""
        answer = self.http.get(f"/v1/models/{name}").json()
        return {int(v["version"]): v["state"] for v in answer.get("model_version_status", [])}

    def wait_for(self, is_so: Callable[[], bool], seconds: float = 20) -> None:
        """Polls until `is_so()` is true."""
        until = time.monotonic() + seconds
        while not is_so():
            assert time.monotonic() < until, "it did not come to pass"
            time.sleep(0.02)


@contextmanager
def live(options: Any = None, **more: Any) -> Iterator[Live]:
    quick = {"grpc_port": 0, "rest_port": 0, "poll": 0.05, "drain": 0.0, "load_interval": 0.05}
    options = replace(options or Options(), **{**quick, **more})
    started, failure = threading.Event(), []
    holder: dict[str, Any] = {}

    async def main() -> None:
        stop = asyncio.Event()
        holder["loop"], holder["stop"] = asyncio.get_running_loop(), stop
        try:
            async with running(options) as ports:
                holder["ports"] = ports
                started.set()
                await stop.wait()
        except BaseException as error:  # noqa: BLE001 - the test's thread must hear of it
            failure.append(error)
        finally:
            started.set()

    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    started.wait(60)

    def stop() -> None:
        holder["loop"].call_soon_threadsafe(holder["stop"].set)
        thread.join(60)
        assert not thread.is_alive()

    try:
        if failure:
            # Its loop is about to close, and must not be told to stop.
            thread.join(60)
            raise failure[0]
        server = Live(holder["ports"], stop)
        yield server
        server.http.close()
        server.channel.close()
    finally:
        if thread.is_alive():
            stop()
    if failure:
        raise failure[0]
