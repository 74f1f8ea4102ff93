"""A real server with two models, in a thread of its own."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

CONFIG = """model_config_list {{
  config {{ name: "small" base_path: "{folder}/small" model_platform: "tensorflow" }}
  config {{ name: "plain & <b>" base_path: "{folder}/plain" model_platform: "tensorflow"
           model_version_policy {{ all {{}} }} version_labels {{ key: "prod" value: 1 }} }}
}}"""


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`small`: stable 9007199254740993, which no double holds, and canary 9007199254740994; `plain`: 1, and 2 broken."""
    from schemas import release
    from tests.sluicegate.serving.page import small_models

    folder = tmp_path_factory.mktemp("models")
    small_models.save(folder / "small" / "9007199254740993", small_models.DESCRIPTION)
    shutil.copytree(folder / "small" / "9007199254740993", folder / "small" / "9007199254740994")
    shutil.copytree(folder / "small" / "9007199254740993", folder / "plain" / "1")
    shutil.rmtree(folder / "plain" / "1" / "assets.extra")
    (folder / "plain" / "2").mkdir()
    (folder / "plain" / "2" / "saved_model.pb").write_bytes(b"\x07<i>no model</i>")
    state = release.Release(stable=9007199254740993, canary=9007199254740994, weight=0.25, mode="canary")
    release.write(state, folder / "small")
    (folder / "models.config").write_text(CONFIG.format(folder=folder), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def address(models: Path) -> Iterator[str]:
    """Of a running server, ending in a slash."""
    from sluicegate.serving import flags
    from sluicegate.serving.server import running

    options = flags.read(
        [
            f"--model_config_file={models / 'models.config'}",
            "--allow_version_labels_for_unavailable_models",
            "--max_num_load_retries=0",
            "--drain_seconds=0",
            f"--request_log={models / 'log'}",
            "--free_ports",
        ],
        {},
    )
    ready, failed = threading.Event(), []
    found: dict[str, object] = {}

    async def serve() -> None:
        stop = asyncio.Event()
        async with running(options) as ports:
            found.update(loop=asyncio.get_running_loop(), stop=stop, port=ports.rest)
            ready.set()
            await stop.wait()

    def run() -> None:
        try:
            asyncio.run(serve())
        except BaseException as error:
            failed.append(error)
            raise
        finally:
            ready.set()

    thread = threading.Thread(target=run, name="server")
    thread.start()
    ready.wait(60)
    assert not failed, failed
    yield f"http://127.0.0.1:{found['port']}/"
    found["loop"].call_soon_threadsafe(found["stop"].set)  # type: ignore[attr-defined]
    thread.join(60)
    assert not thread.is_alive()
