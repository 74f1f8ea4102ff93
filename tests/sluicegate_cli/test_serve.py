"""sluicegate serve: whose model it serves, and what it says when there is none."""

from types import SimpleNamespace

import pytest

from schemas import release
from schemas.release import Release
from sluicegate.serving import start

CONFIG = "name: shop\ndata: shop.csv\nlabel: y\n"


@pytest.fixture
def started(monkeypatch):
    seen = SimpleNamespace(options=None)
    monkeypatch.setattr(start, "start", lambda options: setattr(seen, "options", options))
    return seen


def test_it_serves_what_the_pipeline_of_the_settings_released(call, here, started):
    (here / "my.yaml").write_text(CONFIG)
    base = here / "output" / "shop" / "serving" / "shop"
    release.write(Release(stable=1), base)
    assert call("serve", "--config", "my.yaml", "--request_log", "log").code == 0
    options = started.options
    assert (options.model_name, options.model_base_path) == ("shop", base)
    assert (options.host, options.grpc_port, options.rest_port) == ("127.0.0.1", 8500, 8501)
    assert options.request_log.folder.name == "log"


def test_before_the_first_release_it_says_what_to_do(call, here, started):
    (here / "my.yaml").write_text(CONFIG)
    ended = call("serve", "--config", "my.yaml")
    assert ended.code == 1
    assert "run `sluicegate run --config my.yaml`" in ended.err
    assert started.options is None


def test_a_folder_of_versions_needs_no_settings(call, here, started):
    assert call("serve", "--model_base_path", str(here), "--model_name", "m", "--rest_api_port=0").code == 0
    assert (started.options.model_name, started.options.rest_port) == ("m", None)
