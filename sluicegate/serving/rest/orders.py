"""Calls that change what is served: who may make them, in what form, and how they are refused."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from sluicegate.serving.admission import Admission
from sluicegate.serving.rest.paths import HTTP_STATUS
from sluicegate.serving.status import ServingError, invalid

log = logging.getLogger("sluicegate.serving")
#: Bytes and seconds of an order: a few keys.
_LARGEST, _LONGEST = 64 * 1024, 10.0
_JSON = "application/json"
#: Order, name of the model, who gives it, the mark of the state it was made for ("" for any).
Act = Callable[[Mapping[str, Any], str, str, str], Awaitable[dict[str, Any]]]


class Refused(Exception):
    """status : of HTTP, where TensorFlow Serving's codes have none."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


def order(admission: Admission, act: Act) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint of an order about the model in the path."""

    async def answer(request: Request) -> Response:
        try:
            headers = _headers(request)
            who = admission.check_http(headers)
            _check_type(headers.get("content-type", ""))
            given = _parsed(await _body(request))
            name = request.path_params["name"]
            answer = await act(given, name, who, headers.get("if-match", "").strip('"'))
        except ServingError as error:
            return _no(HTTP_STATUS[error.code], error.message)
        except Refused as error:
            return _no(error.status, error.message)
        except Exception:  # our bug is one operator's error
            log.exception("%s failed", request.url.path)
            return _no(500, "The server failed; its log says why")
        return JSONResponse(answer)

    return answer


def _no(status: int, message: str) -> Response:
    return JSONResponse({"error": message}, status)


def _headers(request: Request) -> dict[str, str]:
    """By names in small letters; of several with one name all, which then equal nothing that is expected."""
    names = {name.lower() for name in request.headers}
    return {name: ", ".join(request.headers.getlist(name)) for name in names}


def _check_type(given: str) -> None:
    if given.partition(";")[0].strip().lower() != _JSON:
        raise Refused(415, f"An order is of content-type {_JSON}, not {given[:100]!r}")


async def _body(request: Request) -> bytes:
    body = b""
    try:
        async with asyncio.timeout(_LONGEST):
            async for part in request.stream():
                body += part
                if len(body) > _LARGEST:
                    raise Refused(413, f"An order has at most {_LARGEST} bytes")
    except TimeoutError:
        raise Refused(408, f"The order did not end within {_LONGEST:.0f} s") from None
    except ClientDisconnect:
        raise invalid("The client went away") from None
    return body


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        given = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise invalid(f"JSON Parse error: {error}") from None
    if not isinstance(given, dict):
        raise invalid("An order is a JSON object")
    return given
