"""The page at /."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response


async def page(_: Request) -> Response:
    return HTMLResponse("<!doctype html><title>Sluicegate</title>")
