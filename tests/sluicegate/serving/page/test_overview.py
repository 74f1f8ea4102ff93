"""What the page needs stands in /state.json, and nothing that a client or a model says can make it unreadable."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.responses import JSONResponse

from schemas.release import Release
from sluicegate.serving.exchange import Call
from sluicegate.serving.metrics import MICROSECONDS, Metrics
from sluicegate.serving.overview import overview
from sluicegate.serving.signature import Signature, TensorSpec
from sluicegate.serving.status import Code, ServingError
from sluicegate.serving.versions.version import Version, VersionState
from sluicegate.serving.watching import Watches

LARGE = 2**53 + 1
CALL = Call("Predict", "REST", "m", "id", "key", 0.0, 0.0, version=7, arm="canary")


def model(**changes: Any) -> SimpleNamespace:
    config = SimpleNamespace(name="m", base_path=Path("/models/m"))
    values = {"config": config, "problem": "", "labels": {}, "released": None, "versions": {}}
    return SimpleNamespace(**(values | changes))


def told(*models: SimpleNamespace, metrics: Metrics | None = None) -> dict[str, Any]:
    """The document as a browser reads it: it went through the server's own JSON."""
    library = SimpleNamespace(models={one.config.name: one for one in models}, watches=Watches())
    core = SimpleNamespace(library=library, metrics=metrics or Metrics(), clock=lambda: 12.5, draining=False)
    document: dict[str, Any] = json.loads(JSONResponse(overview(core)).body)  # type: ignore[arg-type]
    return document


def loaded(number: int, description: dict[str, object] | None = None) -> Version:
    spec = TensorSpec("x:0", "DT_DOUBLE", (-1,))
    signature = Signature("serving_raw", "tensorflow/serving/predict", {"x": spec}, {"y": spec})
    version = Version("m", number, Path(f"/models/m/{number}"), VersionState.AVAILABLE, description=description or {})
    version.saved_model = SimpleNamespace(signatures={"serving_raw": signature})  # type: ignore[assignment]
    version.batcher = SimpleNamespace(batches=4, batched_rows=10, waiting_rows=3)  # type: ignore[assignment]
    version.in_use = 2
    return version


def test_a_server_without_models() -> None:
    document = told()
    assert document["models"] == document["latencies"] == document["counters"] == []
    assert document["time"] == 12.5


def test_a_version_tells_its_types_and_how_its_requests_were_put_together() -> None:
    [version] = told(model(versions={7: loaded(7)}))["models"][0]["versions"]
    assert version["state"] == "AVAILABLE"
    assert version["error"] is None
    assert version["signatures"]["serving_raw"]["inputs"] == {"x": {"dtype": "DT_DOUBLE", "shape": [-1]}}
    assert [version[name] for name in ("batches", "batched_rows", "waiting_rows", "in_use")] == [4, 10, 3, 2]


def test_versions_newest_first_and_as_texts() -> None:
    released = Release(stable=LARGE, canary=None)
    [only] = told(model(versions={3: loaded(3), LARGE: loaded(LARGE)}, released=released, labels={"prod": LARGE}))[
        "models"
    ]
    assert [v["version"] for v in only["versions"]] == [str(LARGE), "3"]
    assert only["release"] == {"stable": str(LARGE), "canary": None, "weight": 0.0, "mode": "direct"}
    assert only["labels"] == {"prod": str(LARGE)}


@pytest.mark.parametrize(("error", "shown"), [
    (None, None),
    (ServingError(Code.NOT_FOUND, "gone"), {"code": "NOT_FOUND", "message": "gone"}),
])  # fmt: skip
def test_a_version_in_end_tells_why(error: ServingError | None, shown: dict[str, str] | None) -> None:
    version = Version("m", 7, Path("/models/m/7"), VersionState.END, error)
    [found] = told(model(versions={7: version}))["models"][0]["versions"]
    assert (found["state"], found["error"], found["signatures"]) == ("END", shown, {})


@pytest.mark.parametrize(("seconds", "bucket"), [
    (10e-6, 0),  # an end belongs to the bucket that it ends
    (10.1e-6, 1),
    (MICROSECONDS[-1] / 1e6, 32),
    (MICROSECONDS[-1] / 1e6 * 1.01, 33),
])  # fmt: skip
def test_a_latency_is_in_the_bucket_whose_end_it_does_not_pass(seconds: float, bucket: int) -> None:
    metrics = Metrics()
    metrics.answered(CALL, seconds)
    document = told(metrics=metrics)
    [found] = document["latencies"]
    assert (found["model"], found["version"], found["arm"]) == ("m", "7", "canary")
    assert len(found["buckets"]) == len(document["bucket_ends"]) + 1
    assert [i for i, count in enumerate(found["buckets"]) if count] == [bucket]


def test_errors_are_counted_by_arm_and_by_status() -> None:
    metrics = Metrics()
    metrics.failed(CALL, Code.INTERNAL)
    metrics.request(CALL, Code.INTERNAL, 0.1)
    counters = {one["name"]: one["labels"] for one in told(metrics=metrics)["counters"]}
    assert counters["sluicegate_version_errors"]["arm"] == "canary"
    assert counters[":tensorflow:serving:request_count"] == {"model_name": "m", "status": "INTERNAL"}


def test_a_request_log_that_is_kept_shows_its_counts() -> None:
    metrics = Metrics()
    metrics.read("sluicegate_request_log_written", lambda: 5.0)
    assert {"name": "sluicegate_request_log_written", "labels": {}, "value": 5.0} in told(metrics=metrics)["counters"]


def test_a_name_that_is_no_text_and_a_number_that_is_no_json_are_told_all_the_same() -> None:
    metrics = Metrics()
    metrics.request(Call("Predict", "REST", "\udcff", "id", "key", 0.0, 0.0), Code.NOT_FOUND, 0.1)
    description = {"threshold": float("nan"), "inputs": {"a": {"examples": [float("inf"), 1.5]}}}
    document = told(model(versions={7: loaded(7, description)}), metrics=metrics)
    assert document["counters"][0]["labels"]["model_name"] == "?"
    [version] = document["models"][0]["versions"]
    assert version["description"] == {"threshold": None, "inputs": {"a": {"examples": [None, 1.5]}}}
