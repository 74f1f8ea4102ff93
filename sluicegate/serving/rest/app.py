"""The REST port: TensorFlow Serving's API under /v1/, metrics, health, operators' calls and the page.

/v1/ is answered before Starlette's routing is asked: it is what the port is for, and each microsecond counts there.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sluicegate.serving.aside import LARGE, request_is_large
from sluicegate.serving.core import MANY_ROWS, ServerCore, model_of
from sluicegate.serving.engine import inference
from sluicegate.serving.exchange import Call, new_id
from sluicegate.serving.rest import body as bodies
from sluicegate.serving.rest import decode, documents, encode, examples, paths
from sluicegate.serving.rest.gzipped import Inflating, too_large
from sluicegate.serving.rest.long_answer import encode_long
from sluicegate.serving.rest.long_answer import is_large as is_large_answer
from sluicegate.serving.rest.long_body import parse_long
from sluicegate.serving.rest.paths import HTTP_STATUS, Target
from sluicegate.serving.routing_key import RoutingKey
from sluicegate.serving.signature import RAW_SIGNATURE
from sluicegate.serving.status import Code, ServingError, invalid
from sluicegate.serving.versions.library import Lease
from sluicegate.serving.versions.version import Version

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = dict[str, str]
Result = TypeVar("Result")
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
    """status : of HTTP.  body : in parts, which are sent one after the other."""

    status: int
    body: Sequence[bytes]
    headers: tuple[tuple[bytes, bytes], ...] = (_JSON,)


#: Outside the API the real server answers without JSON, too.
NOWHERE = Reply(404, (b"<html><head><title>404 Not Found</title></head></html>",), ((b"content-type", b"text/html"),))


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
            return _options(headers, self.options.cors)
        try:
            target = paths.parse(method, path)
            return NOWHERE if target is None else await self._answer(target, headers, receive)
        except ServingError as error:
            return Reply(HTTP_STATUS[error.code], (encode.error(error.message),))
        except Exception:  # our bug is one client's error, not the end of its connection
            log.exception("%s %s failed", method, path)
            return Reply(500, (encode.error("The server failed; its log says why"),))

    async def _answer(self, target: Target, headers: Headers, receive: Receive) -> Reply:
        if target.kind == "status":
            return self._status(target)
        if target.kind == "metadata":
            return self._metadata(target)
        return await self._infer(target, headers, await self._body(headers, receive))

    async def _body(self, headers: Headers, receive: Receive) -> bytes | bytearray:
        body: bytes | bytearray = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ServingError(Code.CANCELLED, "The client went away")
            part = message.get("body", b"")
            if len(body) + len(part) > self.options.max_bytes:
                raise too_large(self.options.max_bytes)
            if not body:
                body = part
            else:
                # Made longer in place: joined at the end, a large body would be there twice and hold everyone up.
                if isinstance(body, bytes):
                    body = bytearray(body)
                body += part
            if not message.get("more_body"):
                break
        if headers.get("content-encoding", "").lower() != "gzip":
            return body
        inflating = Inflating(body, self.options.max_bytes)
        return inflating.text if inflating.is_done else await self.core.aside.run(inflating.rest)

    async def _infer(self, target: Target, headers: Headers, body: bytes | bytearray) -> Reply:
        now = self.core.clock()
        if len(body) > LARGE:
            request_is_large.set(True)
            document = await self._in_time(self.core.aside.run(lambda: parse_long(body)))
        else:
            document = bodies.parse(bytes(body))
        request_id = headers.get("x-request-id") or new_id()
        key = self.routing_key.of(headers, lambda column: _first(document, column), request_id)
        call = Call(
            api=_APIS[target.kind],
            entrypoint="REST",
            model=target.name,
            request_id=request_id,
            key=key,
            began=now,
            received=time.time(),
            deadline=now + self.options.timeout,
        )
        lease_of = self.core.library.lease
        with self.core.watch(call), lease_of(target.name, target.version, target.label, key) as lease:
            answer = self._predict if target.kind == "predict" else self._on_examples
            text = await self._in_time(answer(call, lease, document, target), now)
        return Reply(200, text, (_JSON, *_told(call, lease)))

    async def _in_time(self, answer: Awaitable[Result], began: float | None = None) -> Result:
        """Within what is left of the time that a request may take, which began so on the core's clock, or now."""
        spent = 0.0 if began is None else self.core.clock() - began
        try:
            async with asyncio.timeout(self.options.timeout - spent):
                return await answer
        except TimeoutError:
            raise ServingError(Code.DEADLINE_EXCEEDED, "Timed out waiting for the model") from None

    async def _predict(self, call: Call, lease: Lease, document: Any, target: Target) -> Sequence[bytes]:
        name = bodies.signature_name(document) or inference.DEFAULT_SIGNATURE
        signature = model_of(lease.version).signatures.get(name)
        if signature is None:
            raise invalid(f'Serving signature name: "{name}" not found in signature def')
        inputs, reader = signature.inputs, lease.version.reader if name == RAW_SIGNATURE else None
        decoded = await self.core.aside.perhaps(lambda: decode.decode(document, inputs, reader))
        inference.check_names(signature, decoded.inputs.keys())
        answer = await self.core.run(call, lease, signature, decoded.inputs, tuple(signature.outputs))
        outputs, by_row = answer.outputs, decoded.row_format
        if is_large_answer(outputs):
            return await self.core.aside.run(lambda: encode_long(outputs, by_row))
        return (encode.encode(outputs, by_row),)

    async def _on_examples(self, call: Call, lease: Lease, document: Any, target: Target) -> Sequence[bytes]:
        name = bodies.signature_name(document)
        given = await self.core.aside.perhaps(lambda: examples.decode_examples(document))
        many, perhaps = len(given) >= MANY_ROWS, self.core.aside.perhaps
        if target.kind == "classify":
            _, rows = await self.core.classify(call, lease, name, given)
            return (await perhaps(lambda: examples.encode_classifications(rows), many),)
        _, values = await self.core.regress(call, lease, name, given)
        return (await perhaps(lambda: examples.encode_regressions(values), many),)

    def _status(self, target: Target) -> Reply:
        # As the real server, which looks at the version only and not at a label.
        versions = self.core.library.statuses(target.name, target.version)
        return Reply(200, (documents.render(documents.model_status(_told_of(v) for v in versions)),))

    def _metadata(self, target: Target) -> Reply:
        with self.core.library.lease(target.name, target.version, target.label, "") as lease:
            definitions = model_of(lease.version).definitions
            told = documents.model_metadata(target.name, lease.version.number, definitions)
            return Reply(200, (documents.render(told),))


def _told(call: Call, lease: Lease) -> tuple[tuple[bytes, bytes], ...]:
    return (
        (b"x-request-id", call.request_id.encode("latin-1", "replace")),
        (b"x-model-version", str(lease.version.number).encode()),
        (b"x-model-arm", lease.arm.encode()),
    )


def _told_of(version: Version) -> documents.VersionStatus:
    return documents.VersionStatus(version.number, version.state.name, *version.status)


def _options(headers: Headers, cors: bool) -> Reply:
    origin = headers.get("origin", "")
    if not origin.startswith(("http://", "https://")):
        return Reply(400, ())
    if not cors:
        return Reply(200, (), ())
    allowed = (
        (b"access-control-allow-origin", b"*"),
        (b"access-control-allow-methods", b"GET, POST, OPTIONS"),
        (b"access-control-allow-headers", b"content-type"),
    )
    return Reply(200, (), allowed)


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
    length = (b"content-length", str(sum(map(len, reply.body))).encode())
    await send({"type": "http.response.start", "status": reply.status, "headers": [*reply.headers, length, *more]})
    for part in reply.body[:-1]:
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": reply.body[-1] if reply.body else b""})
