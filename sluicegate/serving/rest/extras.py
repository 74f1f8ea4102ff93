"""What stands beside /v1/: metrics, health, the operators' calls and the page."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from sluicegate.serving.admission import Admission
from sluicegate.serving.core import ServerCore
from sluicegate.serving.overview import overview
from sluicegate.serving.page import page
from sluicegate.serving.rest import kserve
from sluicegate.serving.rest.openapi import openapi
from sluicegate.serving.rest.orders import order
from sluicegate.serving.rest.rollout import Rollout


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
        Route("/admin/models/{name}/rollout", order(admission, Rollout(core)), methods=["POST"]),
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
