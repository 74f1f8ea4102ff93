"""Model servers on the three platforms, behind TFX's runner interface: what starts one, finds its ports, and stops it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
from tfx.components.infra_validator import error_types, serving_bins
from tfx.components.infra_validator.model_server_runners import base_runner, kubernetes_runner, local_docker_runner
from tfx.proto import infra_validator_pb2
from tfx.utils import io_utils

from schemas.address import with_port

#: As sluicegate.serving.parent names it: a server whose run was killed must not go on for ever.
PARENT = "SLUICEGATE_SERVER_OF"
#: Where `components`, `serving` and `schemas` lie side by side.
PROJECT = Path(__file__).resolve().parents[2]
REST_PORT = 8501
STOP_S = 15.0
MEGABYTE = 2**20


class ProcessRunner(base_runner.BaseModelServerRunner):
    """`python -m sluicegate.serving` in a process of its own: no Docker, no network beyond this machine."""

    def __init__(self, model_path: str, serving_spec: infra_validator_pb2.ServingSpec) -> None:
        self._model_path = model_path
        self._model_name = serving_spec.model_name
        self._folder = tempfile.TemporaryDirectory(prefix="serving-check-")
        self._ports: dict[str, int] = {}
        self._process: subprocess.Popen[bytes] | None = None

    def __repr__(self) -> str:
        return "a server process (python -m sluicegate.serving)"

    def Start(self) -> None:
        home = Path(self._folder.name)
        versions = home / "models" / self._model_name
        versions.mkdir(parents=True)
        if os.path.isdir(self._model_path):
            (versions / "1").symlink_to(os.path.abspath(self._model_path))
        else:
            io_utils.copy_dir(self._model_path, str(versions / "1"))
        command = [
            sys.executable,
            "-m",
            "sluicegate.serving",
            "--free_ports",
            f"--ports_file={self._ports_file}",
            f"--model_name={self._model_name}",
            f"--model_base_path={versions}",
            "--max_num_load_retries=0",
            "--drain_seconds=0",
        ]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                cwd=PROJECT,
                env={**os.environ, PARENT: str(os.getpid())},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def WaitUntilRunning(self, deadline: float) -> None:
        assert self._process is not None  # noqa: S101 - TFX's contract: Start comes first
        while time.time() < deadline:
            if self._process.poll() is not None:
                raise error_types.JobAborted(f"The server ended with exit code {self._process.returncode}.")
            if self._ports or self._ports_file.exists():
                self._ports = self._ports or json.loads(self._ports_file.read_text(encoding="utf-8"))
                return
            time.sleep(0.05)
        raise error_types.DeadlineExceeded("The server did not open its ports in time.")

    def GetEndpoint(self) -> str:
        return f"127.0.0.1:{self._ports['grpc']}"

    def GetRestEndpoint(self) -> str:
        return f"127.0.0.1:{self._ports['rest']}"

    def GetMemoryMb(self) -> float | None:
        """Resident memory of the server and of whatever it started."""
        assert self._process is not None  # noqa: S101
        try:
            server = psutil.Process(self._process.pid)
            family = [server, *server.children(recursive=True)]
            return sum(one.memory_info().rss for one in family) / MEGABYTE
        except psutil.Error:
            return None

    def GetLogs(self) -> str | None:
        return self._log.read_text(encoding="utf-8", errors="replace") if self._log.exists() else None

    def Stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._folder.cleanup()

    @property
    def _ports_file(self) -> Path:
        return Path(self._folder.name) / "ports.json"

    @property
    def _log(self) -> Path:
        return Path(self._folder.name) / "server.log"


class ServingImage(serving_bins.TensorFlowServing):
    """TFX's, but it gives up on a model at once, and a container that ended stays until its log has been read."""

    def MakeDockerRunParams(self, model_path: str, needs_mount: bool) -> dict[str, Any]:
        params = super().MakeDockerRunParams(model_path, needs_mount)
        return {**params, "auto_remove": False, "command": ["--max_num_load_retries=0"]}


def images(spec: infra_validator_pb2.ServingSpec) -> list[ServingImage]:
    """The images that a serving spec names, by tag and by digest."""
    given = spec.tensorflow_serving
    named = {"model_name": spec.model_name, "image_name": given.image_name or None}
    by_tag = [ServingImage(tag=tag, **named) for tag in given.tags]
    return [*by_tag, *(ServingImage(digest=digest, **named) for digest in given.digests)]


class DockerRunner(local_docker_runner.LocalDockerRunner):
    """TFX's, with the REST port and the memory beside it; it finds the daemon where `docker` itself does."""

    def __init__(self, model_path: str, serving_binary: Any, serving_spec: infra_validator_pb2.ServingSpec) -> None:
        spec = infra_validator_pb2.ServingSpec()
        spec.CopyFrom(serving_spec)
        spec.local_docker.client_base_url = spec.local_docker.client_base_url or os.environ.get("DOCKER_HOST", "")
        super().__init__(model_path, serving_binary, spec)

    def GetRestEndpoint(self) -> str:
        host = self._serving_spec.local_docker.host_ip_address or "localhost"
        return with_port(host, local_docker_runner._find_host_port(self._container.ports, REST_PORT))

    def Stop(self) -> None:
        if self._container:
            self._container.remove(force=True)
        self._docker.close()

    def GetMemoryMb(self) -> float | None:
        """Of the whole container, without the file cache, as `docker stats` counts it."""
        stats = self._container.stats(stream=False, one_shot=True).get("memory_stats", {})
        if "usage" not in stats:
            return None
        return float(stats["usage"] - stats.get("stats", {}).get("inactive_file", 0)) / MEGABYTE


class KubernetesRunner(kubernetes_runner.KubernetesRunner):
    """TFX's, for pipelines that themselves run in a pod of Kubeflow; the pod's memory is the cluster's to limit."""

    def GetRestEndpoint(self) -> str:
        return f"{self.GetEndpoint().rpartition(':')[0]}:{REST_PORT}"

    def GetMemoryMb(self) -> float | None:
        return None


Runner = ProcessRunner | DockerRunner | KubernetesRunner


def make_runner(platform: str, model_path: str, binary: Any, spec: infra_validator_pb2.ServingSpec) -> Runner:
    """Raises what the platform's own client raises where it cannot be reached."""
    if platform == "process":
        return ProcessRunner(model_path, spec)
    kind = DockerRunner if platform == "docker" else KubernetesRunner
    return kind(model_path, binary, spec)
