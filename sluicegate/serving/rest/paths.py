"""Which model, version and call a request's path names, and which HTTP status a code becomes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal, cast
from urllib.parse import unquote

from sluicegate.serving.status import Code, invalid

Kind = Literal["predict", "classify", "regress", "status", "metadata"]

#: 499 is nginx' "client closed request", which has no name in the standard.
HTTP_STATUS: Mapping[Code, int] = {
    Code.OK: HTTPStatus.OK,
    Code.CANCELLED: 499,
    Code.UNKNOWN: HTTPStatus.INTERNAL_SERVER_ERROR,
    Code.INVALID_ARGUMENT: HTTPStatus.BAD_REQUEST,
    Code.DEADLINE_EXCEEDED: HTTPStatus.GATEWAY_TIMEOUT,
    Code.NOT_FOUND: HTTPStatus.NOT_FOUND,
    Code.ALREADY_EXISTS: HTTPStatus.CONFLICT,
    Code.PERMISSION_DENIED: HTTPStatus.FORBIDDEN,
    Code.RESOURCE_EXHAUSTED: HTTPStatus.TOO_MANY_REQUESTS,
    Code.FAILED_PRECONDITION: HTTPStatus.BAD_REQUEST,
    Code.ABORTED: HTTPStatus.CONFLICT,
    Code.OUT_OF_RANGE: HTTPStatus.BAD_REQUEST,
    Code.UNIMPLEMENTED: HTTPStatus.NOT_IMPLEMENTED,
    Code.INTERNAL: HTTPStatus.INTERNAL_SERVER_ERROR,
    Code.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    Code.DATA_LOSS: HTTPStatus.INTERNAL_SERVER_ERROR,
    Code.UNAUTHENTICATED: HTTPStatus.UNAUTHORIZED,
}

_MODEL = r"/v1/models{name}(?:/versions/(?P<version>\d+)|/labels/(?P<label>[^/:]+))?{call}"
_PATHS = {
    "POST": re.compile(
        _MODEL.format(name="/(?P<name>[^/:]+)", call=":(?P<call>classify|regress|predict)"), re.IGNORECASE | re.ASCII
    ),
    "GET": re.compile(
        _MODEL.format(name="(?:/(?P<name>[^/:]+))?", call="(?:/(?P<call>metadata))?"), re.IGNORECASE | re.ASCII
    ),
}
_CALLS = frozenset({"predict", "classify", "regress"})
_LARGEST_VERSION = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Target:
    """What a request asks for; at most one of `version` and `label` is given, neither means the latest version."""

    kind: Kind
    name: str
    version: int | None = None
    label: str | None = None


def parse(method: str, path: str) -> Target | None:
    """The target of a request, or None for a path outside /v1/, which is not the REST API's.

    path : still percent-encoded, without its query.

    Letters of the fixed parts may have either case, but a call only works in small letters: `:PREDICT` is malformed
    and `/METADATA` gives the status, as TensorFlow Serving has it.

    Raises
    ------
    ServingError
        INVALID_ARGUMENT: the path is not one of the API's, names no model, or has a version beyond 64 bits.
    """
    if path[:4].lower() != "/v1/":
        return None
    pattern = _PATHS.get(method)
    match = pattern.fullmatch(path) if pattern else None
    if match is None:
        raise invalid(f"Malformed request: {method} {path}")
    name, version, label, call = match.group("name", "version", "label", "call")
    number = None if version is None else _version(version)
    if method == "POST" and call not in _CALLS:
        raise invalid(f"Malformed request: {method} {path}")
    if not name:
        raise invalid("Missing model name in request.")
    kind = call if method == "POST" else "metadata" if call == "metadata" else "status"
    return Target(cast(Kind, kind), _decoded(name), number, label and _decoded(label))


def _version(digits: str) -> int:
    significant = digits.lstrip("0") or "0"
    if len(significant) > 19 or int(significant) > _LARGEST_VERSION:
        raise invalid(f"Failed to convert version: {digits} to numeric.")
    return int(significant)


def _decoded(text: str) -> str:
    return unquote(text, errors="surrogateescape") if "%" in text else text
