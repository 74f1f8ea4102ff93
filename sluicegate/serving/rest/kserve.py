"""KServe's questions about health, of its first and second protocol; inference is TensorFlow Serving's API.

Paths and answers are those of kserve 0.21's own server (v1_endpoints.py, v2_endpoints.py), for its clients and probes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sluicegate.serving.core import ServerCore
from sluicegate.serving.health import model_is_ready
from sluicegate.serving.status import ServingError

_Answer = Callable[[Request], Awaitable[Response]]


def routes(core: ServerCore, not_ready: Callable[[], list[str]]) -> list[Route]:
    """not_ready : why the server should get no traffic."""

    async def live(_: Request) -> Response:
        return JSONResponse({"live": True})

    async def ready(_: Request) -> Response:
        missing = not_ready()
        return JSONResponse(
            {"ready": False, "error": "; ".join(missing)} if missing else {"ready": True}, _status(missing)
        )

    async def model(request: Request) -> Response:
        name, version = request.path_params["name"], request.path_params.get("version")
        try:
            is_ready = model_is_ready(core.library, name, version)
        except ServingError as error:
            return JSONResponse({"error": error.message}, 404)
        said = {} if is_ready else {"error": f"no version of {name} is available"}
        return JSONResponse({"name": name, "ready": is_ready, **said}, _status(not is_ready))

    return [
        Route("/v2/health/live", live),
        Route("/v2/health/ready", ready),
        Route("/v2/models/{name}/ready", model),
        Route("/v2/models/{name}/versions/{version:int}/ready", model),
    ]


def or_alive(page: _Answer) -> _Answer:
    """The page for who wants HTML; others are told what KServe's `is_server_live` asks of "/"."""

    async def answer(request: Request) -> Response:
        if "text/html" in request.headers.get("accept", ""):
            return await page(request)
        return JSONResponse({"status": "alive"}, headers={"vary": "accept"})

    return answer


def _status(is_wrong: object) -> int:
    return 503 if is_wrong else 200
