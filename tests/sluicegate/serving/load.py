"""Closed-loop clients that check every answer: over plain sockets, because a client library would be the slowest part."""

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import Any

import grpc
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc


@dataclass
class Tally:
    """What the clients saw. An answer is right when it is x / 2 + the version that says it gave it.

    floor : (time, version): requests sent after that time must be answered by this version.
    """

    limit: int
    sent: int = 0
    answered: int = 0
    failed: list = field(default_factory=list)
    wrong: list = field(default_factory=list)
    by_version: dict = field(default_factory=dict)
    floor: tuple[float, int] = (float("inf"), 0)
    draining: bool = False
    #: Behind a proxy whose reload may close a kept connection as a request comes; asked again, as clients do.
    proxied: bool = False
    closed_by_proxy: int = 0

    def take(self) -> int | None:
        """The next number to ask with, or None."""
        if self.sent >= self.limit and not self.draining:
            return None
        self.sent += 1
        return self.sent % 1000

    def note(self, x: float, y: float, version: int, sent_at: float) -> None:
        self.answered += 1
        self.by_version[version] = self.by_version.get(version, 0) + 1
        if y != x / 2 + version or (sent_at > self.floor[0] and version != self.floor[1]):
            self.wrong.append((x, y, version))


async def rest_client(port: int, model: str, tally: Tally, key: str) -> None:
    """Asks until there is nothing more to ask, or the server closes the door between two requests."""
    reader = writer = None
    x = tally.take()
    while x is not None:
        was_kept = writer is not None
        if reader is None or writer is None:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                _given_up(tally)
                return
        body = json.dumps({"instances": [x]}).encode()
        head = f"POST /v1/models/{model}:predict HTTP/1.1\r\nhost: h\r\nx-routing-key: {key}-{x}\r\ncontent-length: {len(body)}\r\n\r\n"
        sent_at = time.monotonic()
        try:
            writer.write(head.encode() + body)
            status, headers, content = await _response(reader)
        except (OSError, asyncio.IncompleteReadError) as error:
            if tally.draining and not getattr(error, "partial", b""):
                _given_up(tally)
                return
            if tally.proxied and was_kept and not getattr(error, "partial", b""):
                tally.closed_by_proxy += 1
                writer.close()
                reader = writer = None
                continue
            tally.failed.append(repr(error))
            return
        if status != 200:
            tally.failed.append((status, content))
        else:
            tally.note(x, json.loads(content)["predictions"][0], int(headers[b"x-model-version"]), sent_at)
        if headers.get(b"connection") == b"close":
            writer.close()
            reader = writer = None
        x = tally.take()
    if writer is not None:
        writer.close()


def _given_up(tally: Tally) -> None:
    """Nobody took this request: the door was closed."""
    tally.sent -= 1


async def _response(reader: asyncio.StreamReader) -> Any:
    head = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
    headers = dict(line.lower().split(b": ", 1) for line in head[1:] if line)
    return int(head[0].split()[1]), headers, await reader.readexactly(int(headers[b"content-length"]))


async def grpc_client(port: int, model: str, tally: Tally, key: str) -> None:
    """As rest_client."""
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        while (x := tally.take()) is not None:
            asked = predict_pb2.PredictRequest(model_spec={"name": model})
            asked.inputs["x"].CopyFrom(tf.make_tensor_proto(np.array([x], np.float32)))
            sent_at = time.monotonic()
            try:
                answer = await stub.Predict(asked, metadata=(("x-routing-key", f"{key}-{x}"),))
            except grpc.aio.AioRpcError as error:
                # At the door when it closed: gRPC hands such a call to nobody. The access log proves it.
                if tally.draining and error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED):
                    _given_up(tally)
                    return
                tally.failed.append((error.code().name, error.details()))
                continue
            tally.note(x, answer.outputs["y"].float_val[0], answer.model_spec.version.value, sent_at)
