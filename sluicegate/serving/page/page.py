"""The page as one document: style and scripts stand in it, and its policy lets it talk to this server only."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

_HERE = Path(__file__).parent
#: In the order in which they stand in the document; together they are one script.
SCRIPTS = ("numbers.js", "elements.js", "charts.js", "requests.js", "form.js", "page.js")


@dataclass(frozen=True)
class PageDocument:
    """headers : what goes with it, the policy among them."""

    html: bytes
    headers: Mapping[str, str]


async def page(_: Request) -> Response:
    made = document()
    return Response(made.html, headers=dict(made.headers), media_type="text/html")


@cache
def document() -> PageDocument:
    """Reads the files, once."""
    style = _text("page.css")
    script = '"use strict";\n' + "\n".join(_text(name) for name in SCRIPTS)
    html = _text("index.html").replace("/*style*/", style).replace("/*script*/", script)
    headers = {
        "content-security-policy": policy(style, script),
        "cache-control": "no-cache",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
    }
    return PageDocument(html.encode(), headers)


def policy(style: str, script: str) -> str:
    """Only this style and this script, requests to this server only, and no text of anybody's may become HTML."""
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src '{_hash(style)}'",
            f"script-src '{_hash(script)}'",
            "connect-src 'self'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _text(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")
