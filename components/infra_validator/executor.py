"""TFX adapter: TFX's InfraValidator executor, which measures what it finds, says why, and needs no Docker."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import docker.errors
import kubernetes.client
import kubernetes.config
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2
from tfx.components.infra_validator import error_types
from tfx.components.infra_validator import executor as stock
from tfx.components.infra_validator import types as iv_types
from tfx.components.infra_validator.model_server_clients.tensorflow_serving_client import TensorFlowServingClient
from tfx.proto import infra_validator_pb2
from tfx.types import artifact_utils
from tfx.utils import io_utils, path_utils

from components.infra_validator import asking
from components.infra_validator.asked import Limits
from components.infra_validator.core import (
    BLESSED_PROPERTY,
    FILE_NAMES,
    HAS_MODEL_PROPERTY,
    Checks,
    broken,
    decide,
)
from components.infra_validator.model import DirectModel, RequestCase, read_rows
from components.infra_validator.runners import Runner, images, make_runner
from schemas import evidence, gate_output
from schemas.document import from_text
from schemas.evidence import ServingEvidence
from schemas.verdict import Verdict
from sluicegate.serving.client.asked import Client
from sluicegate.serving.client.over_grpc import GrpcClient, predict_request
from sluicegate.serving.client.over_rest import RestClient

Artifacts = dict[str, list[Any]]
POLL_S = 0.1
#: Rows of each signature that a pushed model brings along when it is to warm up on requests.
WARM_UP_ROWS = 10
LOG_LINES, SAID_LINES, SAID_CHARACTERS = 30, 5, 400
PLATFORMS = {None: "process", "local_docker": "docker", "kubernetes": "kubernetes"}
#: What the clients of the platforms raise where there is no daemon, image or cluster: nothing that the model did.
UNREACHABLE = (
    docker.errors.DockerException, kubernetes.client.ApiException, kubernetes.config.ConfigException,
    NotImplementedError, OSError,
)  # fmt: skip


class Executor(stock.Executor):
    """As TFX's, but a refusal has its reasons in `verdict`, and a spec without a platform runs a process of our own."""

    def Do(self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]) -> None:
        self._limits = from_text(Limits, exec_properties["checks_json"])
        self._verdict = artifact_utils.get_single_instance(output_dict["verdict"])
        super().Do(input_dict, output_dict, exec_properties)

    def _Do(
        self,
        model: Any,
        examples: Any,
        blessing: Any,
        serving_spec: infra_validator_pb2.ServingSpec,
        validation_spec: infra_validator_pb2.ValidationSpec,
        request_spec: infra_validator_pb2.RequestSpec | None,
    ) -> None:
        request_spec = request_spec or infra_validator_pb2.RequestSpec()
        checks = Checks(
            PLATFORMS[serving_spec.WhichOneof("serving_platform")],
            request_spec.num_examples or 1,
            float(validation_spec.max_loading_time_seconds),
            self._limits,
            request_spec.make_warmup,
        )
        asked = _Asked(model, examples, request_spec.split_name)
        verdicts = [self._judge(checks, asked, one, serving_spec, validation_spec.num_tries)
                    for one in _binaries(checks, serving_spec)]  # fmt: skip
        verdict = min(verdicts, key=lambda v: v.passed)
        gate_output.leave(verdict, self._verdict)
        io_utils.write_string_file(f"{blessing.uri}/{FILE_NAMES[verdict.passed]}", "")
        blessing.set_int_custom_property(BLESSED_PROPERTY, int(verdict.passed))
        if verdict.passed and checks.warm_up:
            self._CreateWarmupModel(
                blessing, asked.model_path, _warm_up_requests(serving_spec.model_name, asked.questions)
            )

    def _judge(
        self, checks: Checks, asked: _Asked, binary: Any, spec: infra_validator_pb2.ServingSpec, tries: int
    ) -> Verdict:
        """Tries again only where the check itself could not be made: a model that was judged stays judged."""
        verdict = broken(checks, "It was never tried.")
        for _ in range(max(tries, 1)):
            try:
                found = self._examine(checks, asked, binary, spec)
            except _UnreachableError as error:
                verdict = broken(checks, str(error), "platform_unreachable")
                continue
            evidence.write(found, self._verdict.uri)
            return decide(checks, found)
        return verdict

    def _examine(
        self, checks: Checks, asked: _Asked, binary: Any, spec: infra_validator_pb2.ServingSpec
    ) -> ServingEvidence:
        """Starts the server, and makes the requests while it starts: it takes seconds to import TensorFlow."""
        with _running(checks.platform, self._model_path(checks, asked, spec), binary, spec) as runner:
            found = ServingEvidence(checks.platform, repr(runner))
            with ThreadPoolExecutor(1) as beside:
                loading = beside.submit(_wait_until_loaded, runner, spec.model_name, checks.load_timeout_s)
                problem = asked.prepare(checks.requests)
                found = replace(_loaded(found, loading), rows=asked.rows)
            if found.load_seconds is not None:
                found = replace(found, load_problem=problem)
                found = found if problem else _ask(found, runner, spec.model_name, asked, checks)
            return found if _is_well(found) else _with_log(found, _log(runner))

    def _model_path(self, checks: Checks, asked: _Asked, spec: infra_validator_pb2.ServingSpec) -> str:
        """TFX copies a model into the folders that TensorFlow Serving wants; our server process needs no copy."""
        return asked.model_path if checks.platform == "process" else str(self._PrepareModelPath(asked.model, spec))

    def _CreateWarmupModel(self, blessing: Any, model_path: str, warmup_requests: list[iv_types.Request]) -> None:
        """As TFX's, but equal requests give equal bytes: the Pusher tells models apart by their digest."""
        target = path_utils.stamped_model_path(blessing.uri)
        io_utils.copy_dir(model_path, target)
        file = path_utils.warmup_file_path(target)
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        with tf.io.TFRecordWriter(file) as writer:
            for request in warmup_requests:
                log = prediction_log_pb2.PredictionLog(predict_log=prediction_log_pb2.PredictLog(request=request))
                writer.write(log.SerializeToString(deterministic=True))
        blessing.set_int_custom_property(HAS_MODEL_PROPERTY, 1)


class _UnreachableError(Exception):
    """The platform did not let us start a server."""


class _Asked:
    """The model and the rows it is asked with; read once, however often servers are tried."""

    def __init__(self, model: Any, examples: Any, split: str) -> None:
        self.model = model
        self.model_path = path_utils.serving_model_path(model.uri, path_utils.is_old_model_artifact(model))
        self.direct: DirectModel | None = None
        self.questions: tuple[RequestCase, ...] = ()
        self.rows = 0
        self._examples, self._split = examples, split

    def prepare(self, requests: int) -> str:
        """Loads the model here and asks it; returns why that failed, or ""."""
        if self.questions or self._examples is None:
            return ""
        splits = artifact_utils.decode_split_names(self._examples.split_names)
        folder = artifact_utils.get_split_uri([self._examples], self._split or splits[0])
        rows = read_rows(Path(folder), requests)
        self.rows = len(rows)
        try:
            self.direct = DirectModel(Path(self.model_path))
            self.questions = self.direct.questions(rows)
        except (tf.errors.OpError, OSError, ValueError, TypeError, KeyError) as error:
            return f"The model called directly with {self.rows} rows fails: {type(error).__name__}: {error}"
        return ""


def _binaries(checks: Checks, spec: infra_validator_pb2.ServingSpec) -> list[Any]:
    return [None] if checks.platform == "process" else list(images(spec))


@contextmanager
def _running(platform: str, model_path: str, binary: Any, spec: infra_validator_pb2.ServingSpec) -> Iterator[Runner]:
    """A started server for the time of the block."""
    runner = None
    try:
        try:
            runner = make_runner(platform, model_path, binary, spec)
            runner.Start()
        except UNREACHABLE as error:
            what = f"{binary.image} on {platform}" if binary else platform
            raise _UnreachableError(f"No server could be started ({what}): {type(error).__name__}: {error}") from error
        yield runner
    finally:
        if runner is not None:
            _stop(runner)


def _stop(runner: Runner) -> None:
    try:
        runner.Stop()
    except UNREACHABLE:
        # A container that ended by itself is gone already.
        return


def _wait_until_loaded(runner: Runner, model: str, timeout: float) -> float:
    """Seconds until the server said that the model is available. Raises TFX's errors where it never did."""
    began, deadline = time.monotonic(), time.time() + timeout
    runner.WaitUntilRunning(deadline)
    client = TensorFlowServingClient(runner.GetEndpoint(), model)
    while time.time() < deadline:
        status = client._GetServingStatus()
        if status is iv_types.ModelServingStatus.READY:
            return time.monotonic() - began
        if status is iv_types.ModelServingStatus.UNAVAILABLE:
            raise error_types.ValidationFailed("The server says that the model cannot be loaded.")
        runner.WaitUntilRunning(deadline)
        time.sleep(POLL_S)
    raise error_types.DeadlineExceeded(f"The model was not available within {timeout:g} s.")


def _loaded(found: ServingEvidence, loading: Future[float]) -> ServingEvidence:
    try:
        return replace(found, load_seconds=round(loading.result(), 2))
    except (error_types.JobAborted, error_types.DeadlineExceeded, error_types.ValidationFailed) as error:
        return replace(found, load_problem=str(error))
    except UNREACHABLE as error:
        return replace(found, load_problem=f"{type(error).__name__}: {error}")


def _ask(found: ServingEvidence, runner: Runner, model: str, asked: _Asked, checks: Checks) -> ServingEvidence:
    """Good requests, bad ones, a good one again, and a look at the memory."""
    if not asked.questions or asked.direct is None:
        return found
    grpc, rest = GrpcClient(runner.GetEndpoint(), model), RestClient(runner.GetRestEndpoint(), model)
    clients: list[Client] = [grpc, rest]
    try:
        ways = tuple(asking.ask_all(client, q, checks.requests) for q in asked.questions for client in clients)
        first = asked.questions[0]
        bad = asking.ask_wrongly(clients, first, asked.direct)
        well = all(asking.is_well(client, first) for client in clients)
    finally:
        grpc.close()
        rest.close()
    memory = runner.GetMemoryMb()
    return replace(
        found, ways=ways, bad_requests=bad, well_after=well, memory_mb=None if memory is None else round(memory, 1),
        warm_up=len(_warm_up_requests(model, asked.questions)) if checks.warm_up else 0,
    )  # fmt: skip


def _log(runner: Runner) -> str:
    try:
        return runner.GetLogs() or ""
    except UNREACHABLE as error:
        return f"No log: {error}"


def _with_log(found: ServingEvidence, log: str) -> ServingEvidence:
    """A server that is not well has said why in its log, and the log goes with the server."""
    lines = [line for line in log.splitlines() if line.strip()][-LOG_LINES:]
    said = " ".join(" ".join(lines[-SAID_LINES:]).split())[:SAID_CHARACTERS]
    if found.load_seconds is None and said:
        found = replace(found, load_problem=f"{found.load_problem} It said: {said}")
    return replace(found, log="\n".join(lines))


def _is_well(found: ServingEvidence) -> bool:
    return found.well_after and not found.load_problem and all(w.answered == w.requests for w in found.ways)


def _warm_up_requests(model: str, questions: tuple[RequestCase, ...]) -> list[Any]:
    return [
        predict_request(model, q.signature, q.row(row))
        for q in questions
        for row in range(min(WARM_UP_ROWS, len(next(iter(q.inputs.values())))))
    ]
