"""The training image holds every package of the project, and runs a pipeline to a released model."""

import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import docker
from tests.docker import PROJECT, Docker

FOLDER = PROJECT / "deploy" / "training"
IMAGE = "sluicegate-training-test:1"
#: Has the glibc that TFX's wheels want.
SUITE = "trixie"


def test_every_package_and_what_it_runs_on_is_copied() -> None:
    copied = set(re.findall(r"^COPY ([a-z_]+) \1$", (FOLDER / "Dockerfile").read_text(), re.M))
    let_in = set(re.findall(r"^!(\w+)$", (FOLDER / "Dockerfile.dockerignore").read_text(), re.M))
    packages = {path.parent.name for path in PROJECT.glob("*/__init__.py")} - {"tests", "benchmarks", "locks"}
    assert packages | {"configs", "data"} == copied == let_in


@pytest.fixture(scope="module")
def built() -> Iterator[Docker]:
    """The daemon with the image in it."""
    folder = Path(tempfile.mkdtemp(prefix="dkr-"))
    try:
        with docker.daemon(folder) as client, docker.wheels("training", "requirements.lock", "setuptools", "wheel"):
            base = client.base_image(folder, suite=SUITE)
            build = client.base_image(folder, "build-essential", "python3-dev", suite=SUITE)
            bases = ("--build-arg", f"BASE_IMAGE={base}", "--build-arg", f"BUILD_IMAGE={build}")
            client("build", *bases, "-f", "deploy/training/Dockerfile", "-t", IMAGE, ".")
            yield client
            client("rmi", "-f", IMAGE)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.slow
def test_a_run_in_it_ends_with_a_released_model(built: Docker, tmp_path: Path) -> None:
    """As a user of no name, with a network that leads nowhere."""
    output = tmp_path / "output"
    output.mkdir()
    output.chmod(0o777)
    mount = f"type=bind,source={output},target=/opt/sluicegate/output"
    said = built(
        "run", "--rm", "--network=none", "--mount", mount, IMAGE, "local_runner.py", "--config", "configs/penguins.yaml"
    )
    assert "PASSED" in said
    assert list(output.glob("penguins/serving/penguins/*/saved_model.pb"))
