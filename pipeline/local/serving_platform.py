"""Says before a run starts that its serving check could not be made here, and not an hour later."""

from __future__ import annotations

import os

from components.infra_validator.asked import ServingCheck
from schemas.errors import MachineError, Problem, SettingsError

KEY = "serving_check.platform"


def check(wanted: ServingCheck) -> None:
    """Raises SettingsError for a platform that no local run has, MachineError where Docker does not answer."""
    if wanted.platform == "kubernetes":
        raise SettingsError(
            "The serving check cannot be made from here.",
            Problem(KEY, "'kubernetes' in a local run", "process or docker",
                    "choose one of them here: only a step that itself runs in a pod of Kubeflow can start pods beside it"),
        )  # fmt: skip
    if wanted.platform == "docker":
        _docker_answers()


def _docker_answers() -> None:
    import docker
    import docker.errors

    host = os.environ.get("DOCKER_HOST")
    try:
        client = docker.DockerClient(base_url=host) if host else docker.DockerClient()
        client.ping()
        client.close()
    except docker.errors.DockerException as error:
        raise MachineError(
            "The serving check cannot be made: Docker does not answer.",
            Problem(host or "Docker's socket", str(error), "a running daemon",
                    f"start it, set DOCKER_HOST, or write {KEY}: process"),
        ) from None  # fmt: skip
