"""The serving image is built for real, keeps tensorflow/serving's contract, and passes the serving check in Docker."""

import json
import re
import shutil
import tempfile
import time
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from tfx.proto import infra_validator_pb2

from schemas.verdict import Status
from tests import docker
from tests.components import tiny_model
from tests.components.infra_validator.test_executor import check
from tests.docker import PROJECT, Docker
from tests.integration.conftest import run

FOLDER = PROJECT / "deploy" / "serving"
IMAGE = "sluicegate-serving-test:1"


def test_the_lock_names_hashes_and_no_address() -> None:
    lock = (FOLDER / "requirements.lock").read_text()
    pinned = re.findall(r"^([a-z0-9-]+)==", lock, re.M)
    wanted = [
        line for line in (FOLDER / "requirements.in").read_text().splitlines() if line and not line.startswith("#")
    ]
    assert sorted(pinned) == sorted(wanted)
    assert lock.count("--hash=sha256:") >= len(pinned)
    assert "://" not in lock
    assert not {"tensorflow", "keras", "tfx", "apache-beam"} & set(pinned)


def test_the_image_has_what_the_extra_asks_for() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["serving"]]
    pinned = dict(re.findall(r"^([a-z0-9-]+)==([^ ;\\]+)", (FOLDER / "requirements.lock").read_text(), re.M))
    for one in map(Requirement, asked):
        assert pinned[one.name] in one.specifier


def test_the_lock_agrees_with_the_projects() -> None:
    ours = dict(re.findall(r"^([a-z0-9-]+)==([^ ;\\]+)", (PROJECT / "requirements.lock").read_text(), re.M))
    theirs = dict(re.findall(r"^([a-z0-9-]+)==([^ ;\\]+)", (FOLDER / "requirements.lock").read_text(), re.M))
    assert theirs.pop("tensorflow-cpu") == ours["tensorflow"]
    assert {name: ours.get(name, version) for name, version in theirs.items()} == theirs


@pytest.fixture(scope="module")
def built() -> Iterator[Docker]:
    """The daemon with the image in it."""
    # overlay2 does not lie on another overlay, and a socket's path must be short.
    folder = Path(tempfile.mkdtemp(prefix="dkr-"))
    try:
        with docker.daemon(folder) as client, docker.wheels("serving", "deploy/serving/requirements.lock"):
            base = client.base_image(folder)
            client("build", "--build-arg", f"BASE_IMAGE={base}", "-f", "deploy/serving/Dockerfile", "-t", IMAGE, ".")
            yield client
            client("rmi", "-f", IMAGE)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def container(built: Docker, tmp_path: Path) -> Iterator[tuple[str, int]]:
    """A running container that serves a tiny model as version 7, and its REST port here."""
    tiny_model.save_model(tmp_path / "saved", "binary", 2.0)
    (tmp_path / "saved" / "Format-Serving").rename(tmp_path / "7")
    mount = f"type=bind,source={tmp_path / '7'},target=/models/tiny/7,readonly"
    name = built(
        "run", "-d", "-P", "--mount", mount, "-e", "MODEL_NAME=tiny", IMAGE, "--file_system_poll_wait_seconds=5"
    )
    try:
        yield name, int(built("port", name, "8501").splitlines()[0].rpartition(":")[2])
    finally:
        built("rm", "-f", name)


def answer(port: int, path: str) -> Any:
    with urllib.request.urlopen(f"http://localhost:{port}{path}", timeout=5) as response:
        return json.load(response)


def wait(condition: Any, seconds: float = 90) -> None:
    until = time.monotonic() + seconds
    while True:
        try:
            if condition():
                return
        except (urllib.error.URLError, ConnectionError):
            pass
        assert time.monotonic() < until
        time.sleep(0.3)


@pytest.mark.slow
def test_the_image_is_small_and_runs_as_nobody_in_particular(built: Docker) -> None:
    packages = built("run", "--rm", "--entrypoint", "ls", IMAGE, "/opt/venv/lib/python3.11/site-packages")
    assert not {"tfx", "keras", "apache_beam", "pip", "h5py"} & set(packages.split())
    assert built("run", "--rm", "--entrypoint", "id", IMAGE, "-u") == "10001"
    assert int(built("image", "inspect", IMAGE, "--format", "{{.Size}}")) < 1.7e9


@pytest.mark.slow
def test_the_contract_of_tensorflow_serving(built: Docker, container: tuple[str, int]) -> None:
    name, port = container
    wait(lambda: answer(port, "/v1/models/tiny")["model_version_status"][0]["state"] == "AVAILABLE")
    assert answer(port, "/v1/models/tiny")["model_version_status"][0]["version"] == "7"
    wait(lambda: built("inspect", name, "--format", "{{.State.Health.Status}}") == "healthy")
    built("stop", "--time", "20", name)
    assert built("inspect", name, "--format", "{{.State.ExitCode}}") == "0", "SIGTERM must drain it"


def spec(image: str = IMAGE) -> infra_validator_pb2.ServingSpec:
    made = infra_validator_pb2.ServingSpec(model_name="tiny")
    made.tensorflow_serving.image_name, _, tag = image.partition(":")
    made.tensorflow_serving.tags.append(tag)
    made.local_docker.SetInParent()
    return made


@pytest.mark.slow
def test_tfxs_docker_runner_blesses_a_good_model_in_it(
    built: Docker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", built.host)
    ended = check(tmp_path, tiny_model.save_model(tmp_path / "model", "binary", 2.0), serving=spec())
    assert ended.verdict.status is Status.PASSED, ended.verdict.refusals
    assert ended.found is not None
    assert [w.answered for w in ended.found.ways] == [40, 40]
    assert ended.found.memory_mb is not None
    assert 50 < ended.found.memory_mb < 1500
    assert built("ps", "-q") == "", "no container is left"


@pytest.mark.slow
def test_it_refuses_a_model_that_does_not_load(built: Docker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", built.host)
    model = tmp_path / "model" / "Format-Serving"
    model.mkdir(parents=True)
    (model / "saved_model.pb").write_bytes(b"not a graph")
    ended = check(tmp_path, model.parent, serving=spec())
    assert ended.refusals() == {("load_time", "does_not_load")}
    assert "It said:" in ended.verdict.refusals[0].detail, "the log is read before the container is removed"
    assert built("ps", "-aq") == ""


@pytest.mark.slow
def test_an_image_that_is_not_there_is_an_error(built: Docker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", built.host)
    model = tiny_model.save_model(tmp_path / "model", "binary", 2.0)
    ended = check(tmp_path, model, serving=spec("nobody-has-this:1"))
    assert (ended.verdict.status, ended.verdict.reason) == (Status.ERROR, "platform_unreachable")


@pytest.mark.slow
def test_the_main_job_checks_its_model_in_docker(built: Docker, tmp_path: Path) -> None:
    more = ("--set", "serving_check.platform=docker", "--set", f"serving_check.image={IMAGE}")
    ended = run("configs/penguins.yaml", tmp_path / "out", "--quiet", *more, env={"DOCKER_HOST": built.host})
    assert ended.code == 0, ended.out + ended.err
    assert ended.gate("serving_check")["status"] == "PASSED"
