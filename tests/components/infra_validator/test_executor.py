"""The executor with a real server process: what it blesses, what it refuses and why, and what it leaves behind."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2
from tfx.components.infra_validator import component as stock_component
from tfx.components.infra_validator import executor as stock
from tfx.components.util import model_utils
from tfx.dsl.components.base import base_executor
from tfx.proto import infra_validator_pb2
from tfx.types import artifact_utils, standard_component_specs
from tfx.types.standard_artifacts import Examples, InfraBlessing, Model
from tfx.utils import path_utils, proto_utils

from components.infra_validator import core
from components.infra_validator.asked import Limits
from components.infra_validator.component import InfraValidator, InfraValidatorSpec
from components.infra_validator.executor import Executor
from schemas import evidence
from schemas import verdict as verdicts
from schemas.artifacts import GateVerdict
from schemas.digest import model_digest
from schemas.document import to_text
from schemas.evidence import ServingEvidence
from schemas.verdict import Status, Verdict
from tests.components import tiny_model
from tests.components.through_executor import artifact

ROOMY = Limits(max_latency_p50_ms=5000, max_latency_p99_ms=10_000, max_memory_mb=8000)


@dataclass(frozen=True)
class Ended:
    blessing: Any
    verdict: Verdict
    folder: Path
    model: Path

    @property
    def found(self) -> ServingEvidence | None:
        return evidence.read(ServingEvidence, self.folder)

    def refusals(self) -> set[tuple[str, str]]:
        return {(m.name, m.reason) for m in self.verdict.refusals}


def check(folder: Path, model: Path, limits: Limits = ROOMY, serving: Any = None, warm_up: bool = False) -> Ended:
    """Runs the executor on 30 rows, as TFX calls it."""
    examples = artifact(Examples, folder / "examples")
    examples.split_names = artifact_utils.encode_split_names(["test"])
    if not (folder / "examples").exists():
        tiny_model.write_examples(folder / "examples", tiny_model.table("binary", 30))
    blessing, verdict = artifact(InfraBlessing, folder / "blessing"), artifact(GateVerdict, folder / "verdict")
    serving = serving or infra_validator_pb2.ServingSpec(model_name="tiny")
    request = infra_validator_pb2.RequestSpec(split_name="test", num_examples=40, make_warmup=warm_up)
    properties = {
        "serving_spec": proto_utils.proto_to_json(serving),
        "request_spec": proto_utils.proto_to_json(request),
        "validation_spec": proto_utils.proto_to_json(
            infra_validator_pb2.ValidationSpec(max_loading_time_seconds=180, num_tries=1)
        ),
        "checks_json": to_text(limits),
    }
    inputs = {"model": [artifact(Model, model)], "examples": [examples]}
    context = base_executor.BaseExecutor.Context(tmp_dir=str(folder / "tmp"), unique_id="1")
    Executor(context).Do(inputs, {"blessing": [blessing], "verdict": [verdict]}, properties)
    return Ended(blessing, verdicts.read(verdict.uri), Path(verdict.uri), model / "Format-Serving")


@pytest.fixture(scope="module")
def passed(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    folder = tmp_path_factory.mktemp("passed")
    return check(folder, tiny_model.save_model(folder / "model", "binary", 2.0), warm_up=True)


def test_a_good_model_is_blessed_as_tfx_blesses(passed: Ended) -> None:
    assert passed.verdict.status is Status.PASSED, passed.verdict.refusals
    assert model_utils.is_infra_validated(passed.blessing)
    assert (Path(passed.blessing.uri) / stock._BLESSED_FILENAME).exists()


def test_what_was_measured_is_on_record(passed: Ended) -> None:
    found = passed.found
    assert found is not None
    assert [(w.protocol, w.signature, w.answered, w.not_finite) for w in found.ways] == [
        ("gRPC", "serving_default", 40, 0),
        ("REST", "serving_default", 40, 0),
    ]
    assert found.rows == 30
    assert found.memory_mb is not None
    assert found.memory_mb > 100
    assert {b.name for b in found.bad_requests} >= {"bytes that are no tf.Example", "a body that is no JSON"}
    assert all(b.refused for b in found.bad_requests), found.bad_requests


def test_no_server_is_left_behind(passed: Ended) -> None:
    mine = psutil.Process().children(recursive=True)
    assert not [p for p in mine if "serving" in p.cmdline()]


def test_the_warm_up_copy_is_where_the_pusher_looks_and_holds_real_requests(passed: Ended) -> None:
    assert passed.blessing.get_int_custom_property("has_model") == 1
    copy = Path(path_utils.stamped_model_path(passed.blessing.uri))
    records = list(tf.data.TFRecordDataset(path_utils.warmup_file_path(str(copy))).as_numpy_iterator())
    log = prediction_log_pb2.PredictionLog.FromString(records[0]).predict_log.request
    assert (len(records), log.model_spec.signature_name, list(log.inputs)) == (10, "serving_default", ["examples"])
    Path(path_utils.warmup_file_path(str(copy))).unlink()
    (copy / "assets.extra").rmdir()
    assert model_digest(copy) == model_digest(passed.model), "the rest of the copy is the model"


def test_a_model_that_says_nan_and_is_too_slow_is_refused_by_both_names(tmp_path: Path) -> None:
    slow = Limits(max_latency_p50_ms=0.0001, max_latency_p99_ms=10_000, max_memory_mb=8000)
    ended = check(tmp_path, tiny_model.save_model(tmp_path / "model", "binary", float("nan")), slow)
    assert ended.verdict.status is Status.FAILED
    assert ended.refusals() == {("not_finite_outputs", "not_finite"), ("latency_p50", "above_limit")}
    assert not model_utils.is_infra_validated(ended.blessing)
    assert (Path(ended.blessing.uri) / stock._NOT_BLESSED_FILENAME).exists()
    assert "80 served values are NaN or infinite" in " ".join(m.detail for m in ended.verdict.refusals)


def test_a_folder_that_holds_no_model_is_refused_with_the_servers_own_words(tmp_path: Path) -> None:
    model = tmp_path / "model" / "Format-Serving"
    model.mkdir(parents=True)
    (model / "saved_model.pb").write_bytes(b"not a graph")
    ended = check(tmp_path, model.parent)
    assert ended.refusals() == {("load_time", "does_not_load")}
    assert "It said:" in ended.verdict.refusals[0].detail
    assert ended.found is not None
    assert ended.found.log


@pytest.mark.parametrize(
    ("platform", "named"),
    [
        pytest.param("local_docker", "tensorflow/serving:2.19.1", id="without a Docker daemon"),
        pytest.param("kubernetes", "tensorflow/serving:2.19.1 on kubernetes", id="outside of Kubeflow"),
    ],
)
def test_where_no_server_can_be_started_the_check_is_an_error_and_nothing_is_blessed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: str, named: str
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(tmp_path / "none"))
    spec = infra_validator_pb2.ServingSpec(model_name="tiny")
    spec.tensorflow_serving.tags.append("2.19.1")
    getattr(spec, platform).SetInParent()
    ended = check(tmp_path, tiny_model.save_model(tmp_path / "model", "binary", 2.0), serving=spec)
    assert (ended.verdict.status, ended.verdict.reason) == (Status.ERROR, "platform_unreachable")
    assert named in ended.verdict.detail
    assert not model_utils.is_infra_validated(ended.blessing)


def test_the_component_is_a_sibling_with_tfxs_contract() -> None:
    assert not issubclass(InfraValidator, stock_component.InfraValidator)
    theirs = standard_component_specs.InfraValidatorSpec
    assert set(InfraValidatorSpec.PARAMETERS) - set(theirs.PARAMETERS) == {"checks_json"}
    assert set(InfraValidatorSpec.OUTPUTS) - set(theirs.OUTPUTS) == {"verdict"}
    assert InfraValidatorSpec.INPUTS == theirs.INPUTS
    assert core.FILE_NAMES == {True: stock._BLESSED_FILENAME, False: stock._NOT_BLESSED_FILENAME}
    assert (core.BLESSED_PROPERTY, core.HAS_MODEL_PROPERTY) == (stock._BLESSED_KEY, stock._MODEL_FLAG_KEY)
