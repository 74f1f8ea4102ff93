"""What stands beside /v1/: metrics, health, the operators' calls and the page."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from schemas import release
from serving.admission import Admission
from serving.core import ServerCore
from serving.overview import overview
from serving.page import page
from serving.rest import kserve
from serving.rest.openapi import openapi
from serving.rest.paths import HTTP_STATUS
from serving.status import Code, ServingError, invalid

MODES = ("canary", "shadow", "direct")


def extras(core: ServerCore, admission: Admission, metrics_path: str) -> Starlette:
    """The application of everything outside /v1/."""

    async def metrics(_: Request) -> Response:
        return Response(core.metrics.text(), media_type="text/plain; version=0.0.4")

    async def alive(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def ready(_: Request) -> Response:
        missing = not_ready(core)
        return PlainTextResponse("\n".join(missing or ["ready"]) + "\n", 503 if missing else 200)

    async def state(_: Request) -> Response:
        return JSONResponse(overview(core))

    async def described(_: Request) -> Response:
        return JSONResponse(openapi())

    routes = [
        Route("/", kserve.or_alive(page)),
        Route("/healthz", alive),
        Route("/readyz", ready),
        Route("/state.json", state),
        Route("/openapi.json", described),
        *kserve.routes(core, lambda: not_ready(core)),
        Route("/admin/models/{name}/rollout", _operator(admission, _rollout(core)), methods=["POST"]),
    ]
    if metrics_path:
        routes.append(Route(metrics_path, metrics))
    return Starlette(routes=routes)


def not_ready(core: ServerCore) -> list[str]:
    """Why the server should get no traffic; empty when it should."""
    if core.draining:
        return ["draining"]
    missing = [
        f"no version of {name} is available" + (f": {model.problem}" if model.problem else "")
        for name, model in core.library.models.items()
        if not model.available()
    ]
    return missing + core.library.watches.late()


def _operator(admission: Admission, act: Callable[[Request], Any]) -> Callable[[Request], Any]:
    async def checked(request: Request) -> Response:
        try:
            admission.check({k.lower(): v for k, v in request.headers.items()})
            return JSONResponse(await act(request))
        except ServingError as error:
            return JSONResponse({"error": error.message}, HTTP_STATUS[error.code])

    return checked


def _rollout(core: ServerCore) -> Callable[[Request], Any]:
    """Changes canary, weight and mode in the model's release.json; the server then sees it as it sees every change."""

    async def rollout(request: Request) -> dict[str, Any]:
        model = core.library.models.get(request.path_params["name"])
        if model is None:
            raise ServingError(Code.NOT_FOUND, f"Servable not found for request: Latest({request.path_params['name']})")
        if not model.follows_release:
            raise ServingError(
                Code.FAILED_PRECONDITION, f"{model.config.base_path} has no {release.FILE_NAME}: nothing was released"
            )
        changes = _changes(await request.body())
        state = replace(release.read(model.config.base_path), **changes)
        if state.canary is not None and state.canary not in model.versions and not _is_there(model, state.canary):
            raise invalid(f"There is no version {state.canary} in {model.config.base_path}")
        release.write(state, model.config.base_path)
        await core.library.refresh()
        return {"stable": state.stable, "canary": state.canary, "weight": state.weight, "mode": state.mode}

    return rollout


def _is_there(model: Any, version: int) -> bool:
    return (model.config.base_path / str(version)).is_dir()


def _changes(body: bytes) -> dict[str, Any]:
    try:
        given = json.loads(body)
    except ValueError as error:
        raise invalid(f"JSON Parse error: {error}") from None
    allowed: dict[str, tuple[type, ...]] = {"canary": (int, type(None)), "weight": (int, float), "mode": (str,)}
    if not isinstance(given, dict) or not given or set(given) - set(allowed):
        raise invalid(f"Send an object with some of {', '.join(allowed)}")
    for name, value in given.items():
        if not isinstance(value, allowed[name]) or isinstance(value, bool):
            raise invalid(f"{name} is {value!r}, which it cannot be")
    if not 0 <= given.get("weight", 0) <= 1:
        raise invalid(f"weight is {given['weight']}; it is a share, 0 to 1")
    if given.get("mode", MODES[0]) not in MODES:
        raise invalid(f"mode is {given['mode']!r}; it is one of {', '.join(MODES)}")
    return given
