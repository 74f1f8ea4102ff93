"""The REST port: TensorFlow Serving's API under /v1/, metrics, health, operators' calls and the page.

/v1/ is answered before Starlette's routing is asked: it is what the port is for, and each microsecond counts there.
"""

from __future__ import annotations

import asyncio
import logging
import time
import zlib
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

from serving.core import ServerCore, model_of
from serving.engine import inference
from serving.exchange import Call, new_id
from serving.rest import body as bodies
from serving.rest import decode, documents, encode, examples, paths
from serving.rest.paths import HTTP_STATUS, Target
from serving.routing_key import RoutingKey
from serving.signature import RAW_SIGNATURE
from serving.status import Code, ServingError, invalid
from serving.versions.library import Lease
from serving.versions.version import Version

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = dict[str, str]
log = logging.getLogger("sluicegate.serving")
_APIS = {"predict": "Predict", "classify": "Classify", "regress": "Regress"}
_JSON = (b"content-type", b"application/json")


@dataclass(frozen=True)
class RestOptions:
    """timeout : seconds.  max_bytes : of a body, before and after inflating.  cors : answer with CORS headers."""

    timeout: float = 30.0
    max_bytes: int = 64 * 2**20
    cors: bool = False
    metrics_path: str = ""


@dataclass(frozen=True)
class Reply:
    """status : of HTTP."""

    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = (_JSON,)


#: Outside the API the real server answers without JSON, too.
NOWHERE = Reply(404, b"<html><head><title>404 Not Found</title></head></html>", ((b"content-type", b"text/html"),))


@dataclass(frozen=True)
class RestApp:
    """An ASGI application."""

    core: ServerCore
    routing_key: RoutingKey
    options: RestOptions
    others: Callable[[Scope, Receive, Send], Awaitable[None]]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["raw_path"][:3].lower() != b"/v1":
            await self.others(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        reply = await self._reply(scope["method"], scope["raw_path"].decode("latin-1"), headers, receive)
        await _send(send, reply, self._more_headers(headers))

    def _more_headers(self, headers: Headers) -> list[tuple[bytes, bytes]]:
        more = []
        if self.options.cors and "origin" in headers:
            more.append((b"access-control-allow-origin", b"*"))
        if self.core.draining:
            more.append((b"connection", b"close"))
        return more

    async def _reply(self, method: str, path: str, headers: Headers, receive: Receive) -> Reply:
        if method == "OPTIONS":
            return _options(headers)
        try:
            target = paths.parse(method, path)
            return NOWHERE if target is None else await self._answer(target, headers, receive)
        except ServingError as error:
            return Reply(HTTP_STATUS[error.code], encode.error(error.message))
        except Exception:  # our bug is one client's error, not the end of its connection
            log.exception("%s %s failed", method, path)
            return Reply(500, encode.error("The server failed; its log says why"))

    async def _answer(self, target: Target, headers: Headers, receive: Receive) -> Reply:
        if target.kind == "status":
            return self._status(target)
        if target.kind == "metadata":
            return self._metadata(target)
        return await self._infer(target, headers, await self._body(headers, receive))

    async def _body(self, headers: Headers, receive: Receive) -> bytes:
        parts, size = [], 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ServingError(Code.CANCELLED, "The client went away")
            part = message.get("body", b"")
            size += len(part)
            if size > self.options.max_bytes:
                raise self._too_large()
            parts.append(part)
            if not message.get("more_body"):
                break
        body = parts[0] if len(parts) == 1 else b"".join(parts)
        return self._inflated(body) if headers.get("content-encoding", "").lower() == "gzip" else body

    def _inflated(self, body: bytes) -> bytes:
        inflate = zlib.decompressobj(wbits=31)
        try:
            text = inflate.decompress(body, self.options.max_bytes)
        except zlib.error as error:
            raise invalid(f"The body is not gzip: {error}") from None
        if inflate.unconsumed_tail:
            raise self._too_large()
        if not inflate.eof:
            raise invalid("The body is not gzip: it ends too early")
        return text

    def _too_large(self) -> ServingError:
        return invalid(f"The request is larger than {self.options.max_bytes} bytes")

    async def _infer(self, target: Target, headers: Headers, body: bytes) -> Reply:
        document = bodies.parse(body)
        now = self.core.clock()
        request_id = headers.get("x-request-id") or new_id()
        key = self.routing_key.of(headers, lambda column: _first(document, column), request_id)
        call = Call(
            _APIS[target.kind], "REST", target.name, request_id, key, now, time.time(), now + self.options.timeout
        )  # fmt: skip
        lease_of = self.core.library.lease
        with self.core.watch(call), lease_of(target.name, target.version, target.label, key) as lease:
            answer = self._predict if target.kind == "predict" else self._on_examples
            text = await self._in_time(answer(call, lease, document, target))
        return Reply(200, text, (_JSON, *_told(call, lease)))

    async def _in_time(self, answer: Awaitable[bytes]) -> bytes:
        try:
            async with asyncio.timeout(self.options.timeout):
                return await answer
        except TimeoutError:
            raise ServingError(Code.DEADLINE_EXCEEDED, "Timed out waiting for the model") from None

    async def _predict(self, call: Call, lease: Lease, document: Any, target: Target) -> bytes:
        name = bodies.signature_name(document) or inference.DEFAULT_SIGNATURE
        signature = model_of(lease.version).signatures.get(name)
        if signature is None:
            raise invalid(f'Serving signature name: "{name}" not found in signature def')
        reader = lease.version.reader if name == RAW_SIGNATURE else None
        decoded = decode.decode(document, signature.inputs, reader)
        inference.check_names(signature, decoded.inputs.keys())
        answer = await self.core.run(call, lease, signature, decoded.inputs, tuple(signature.outputs))
        return encode.encode(answer.outputs, decoded.row_format)

    async def _on_examples(self, call: Call, lease: Lease, document: Any, target: Target) -> bytes:
        name, given = bodies.signature_name(document), examples.decode_examples(document)
        if target.kind == "classify":
            _, rows = await self.core.classify(call, lease, name, given)
            return examples.encode_classifications(rows)
        _, values = await self.core.regress(call, lease, name, given)
        return examples.encode_regressions(values)

    def _status(self, target: Target) -> Reply:
        # As the real server, which looks at the version only and not at a label.
        versions = self.core.library.statuses(target.name, target.version)
        return Reply(200, documents.render(documents.model_status(_told_of(v) for v in versions)))

    def _metadata(self, target: Target) -> Reply:
        with self.core.library.lease(target.name, target.version, target.label, "") as lease:
            definitions = model_of(lease.version).definitions
            return Reply(
                200, documents.render(documents.model_metadata(target.name, lease.version.number, definitions))
            )


def _told(call: Call, lease: Lease) -> tuple[tuple[bytes, bytes], ...]:
    return (
        (b"x-request-id", call.request_id.encode("latin-1", "replace")),
        (b"x-model-version", str(lease.version.number).encode()),
        (b"x-model-arm", lease.arm.encode()),
    )


def _told_of(version: Version) -> documents.VersionStatus:
    return documents.VersionStatus(version.number, version.state.name, *version.status)


def _options(headers: Headers) -> Reply:
    origin = headers.get("origin", "")
    if not origin.startswith(("http://", "https://")):
        return Reply(400, b"")
    allowed = (
        (b"access-control-allow-origin", b"*"),
        (b"access-control-allow-methods", b"GET, POST, OPTIONS"),
        (b"access-control-allow-headers", b"content-type"),
    )
    return Reply(200, b"", allowed)


def _first(document: Any, column: str) -> str | None:
    """First value of a column in a predict request, as text; None where it has none."""
    try:
        value = document["instances"][0][column] if "instances" in document else document["inputs"][column]
        if isinstance(value, list):
            value = value[0]
    except (KeyError, IndexError, TypeError):
        return None
    return None if isinstance(value, list | dict) or value is None else str(value)


async def _send(send: Send, reply: Reply, more: list[tuple[bytes, bytes]]) -> None:
    length = (b"content-length", str(len(reply.body)).encode())
    await send({"type": "http.response.start", "status": reply.status, "headers": [*reply.headers, length, *more]})
    await send({"type": "http.response.body", "body": reply.body})
