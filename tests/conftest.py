"""What every test folder may use."""

import os
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

# How long one example takes says more about what else the machine does than about the code.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")


#: Folders whose tests share what takes long to make: runs, trained models, reports. With several workers each stays with one of them.
#: The longest comes first, so that at the end no worker is alone with it.
TOGETHER = ("tests/integration/", "tests/models/", "tests/sluicegate/reports/")


def _place(nodeid: str) -> int:
    return next((place for place, folder in enumerate(TOGETHER) if nodeid.startswith(folder)), len(TOGETHER))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: _place(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With several workers (`make test`) a file stays with one of them, and so does each folder of TOGETHER."""
    from xdist.scheduler import LoadScopeScheduling

    class ByRoom(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            place = _place(nodeid)
            return TOGETHER[place] if place < len(TOGETHER) else nodeid.partition("::")[0]

    config.option.loadscopereorder = False
    return ByRoom(config, log)


@pytest.fixture(scope="session")
def s3_server() -> Iterator[dict[str, str]]:
    """The environment in which a process reaches a real SeaweedFS."""
    from tests.object_stores import seaweedfs

    with seaweedfs() as environment:
        yield environment


@pytest.fixture(scope="session")
def gs_server() -> Iterator[dict[str, str]]:
    from tests.object_stores import fake_gcs

    with fake_gcs() as environment:
        yield environment


@pytest.fixture(params=["s3", "gs"])
def bucket(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """URI of an empty folder in a bucket of a real server, which this process and its children reach; with a cache of its own."""
    from tests.object_stores import BUCKET

    for name, value in request.getfixturevalue(f"{request.param}_server").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SLUICEGATE_CACHE", str(tmp_path / "cache"))
    return f"{request.param}://{BUCKET}/{uuid.uuid4().hex}"
