"""A run that cannot make its serving check here is told so before it starts."""

import pytest

from components.infra_validator.asked import ServingCheck
from pipeline.local.serving_platform import check
from schemas.errors import EXIT_USAGE, MachineError, SettingsError


def test_kubernetes_is_refused_in_a_local_run():
    with pytest.raises(SettingsError, match="a pod of Kubeflow") as caught:
        check(ServingCheck(platform="kubernetes", image="a:1"))
    assert caught.value.exit_code == EXIT_USAGE


def test_docker_that_does_not_answer_is_said_with_its_address(tmp_path, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    with pytest.raises(MachineError, match=f"{tmp_path}/no.sock"):
        check(ServingCheck(platform="docker", image="a:1"))


@pytest.mark.parametrize("platform", ["process", "skip"])
def test_a_process_needs_nothing(platform):
    check(ServingCheck(platform=platform))
