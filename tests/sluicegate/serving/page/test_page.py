"""The one document at /, as a client without a browser gets it."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
import subprocess
import sys
from pathlib import Path

import pytest
from starlette.requests import Request

from sluicegate.serving.page.page import SCRIPTS, document, page

FOLDER = Path(page.__code__.co_filename).parent


@pytest.fixture(scope="module")
def html() -> str:
    return document().html.decode()


def test_answers_with_the_document_and_its_policy() -> None:
    answer = asyncio.run(page(Request({"type": "http"})))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["connect-src"] == "'self'"
    assert "unsafe" not in answer.headers["content-security-policy"]


@pytest.mark.parametrize(("tag", "directive"), [("style", "style-src"), ("script", "script-src")])
def test_the_policy_allows_exactly_what_stands_in_the_document(html: str, tag: str, directive: str) -> None:
    [text] = re.findall(f"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
    assert len(text) > 1000
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    assert f"{directive} 'sha256-{digest}';" in document().headers["content-security-policy"]


def test_names_no_other_host_and_loads_nothing(html: str) -> None:
    addresses = set(re.findall(r"""https?://[^"'\s]+""", html))
    assert addresses == {"http://www.w3.org/2000/svg"}
    assert set(re.findall(r"""(?:href|src)=("[^"]*"|[^\s>]+)""", html)) == {'"data:,"', '"#try"', '"state.json"'}
    assert not re.search(r"@import|(?<!#)\burl\(|style=", html)


def test_text_never_becomes_html() -> None:
    script = "".join((FOLDER / name).read_text() for name in SCRIPTS)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function", script)


def test_every_file_of_the_folder_is_used() -> None:
    used = {*SCRIPTS, "index.html", "page.css", "page.py", "__init__.py"}
    assert {path.name for path in FOLDER.iterdir() if path.is_file()} == used


def test_every_box_has_a_label(html: str) -> None:
    boxes = re.findall(r'<(?:input|select|textarea) id="([^"]+)"', html)
    assert len(boxes) == 4
    assert [box for box in boxes if f'for="{box}"' not in html] == []


def test_importing_it_reads_nothing_and_loads_nothing_heavy() -> None:
    code = (
        "import pathlib, sys; pathlib.Path.read_text = None; import sluicegate.serving.page, sluicegate.serving.overview;"
        "print(*sorted({'tensorflow', 'pyarrow', 'grpc'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
