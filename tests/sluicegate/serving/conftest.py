import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas import release
from schemas.release import Release
from tests.sluicegate.serving import tiny_models
from tests.sluicegate.serving.live import Live, live


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with versions 1 and 2 of the tiny model, to be copied by tests that change it."""
    base = tmp_path_factory.mktemp("models") / "tiny"
    for version in (1, 2):
        tiny_models.save(base, version)
    return base


@pytest.fixture
def base(tiny: Path, tmp_path: Path) -> Path:
    """A copy with versions 1 and 2; version 1 is stable."""
    copied = tmp_path / "tiny"
    shutil.copytree(tiny, copied)
    release.write(Release(stable=1, salt="s"), copied)
    return copied


@pytest.fixture(scope="session")
def server(tiny: Path) -> Iterator[Live]:
    """Version 2 of the tiny model behind both ports."""
    with live(model_name="tiny", model_base_path=tiny) as running:
        yield running
