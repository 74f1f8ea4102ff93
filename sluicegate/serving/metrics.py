"""Prometheus metrics: TensorFlow Serving's names, and series per version that it lacks.

TensorFlow Serving's counters have no `_total` at the end, which prometheus_client insists on for its own counters; so
those stand here as plain numbers and are shown by a collector.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from prometheus_client import CollectorRegistry, Gauge, Histogram
from prometheus_client.core import Metric

from sluicegate.serving.exchange import Call
from sluicegate.serving.status import Code

#: Microseconds: 10 * 1.8^i, as in TensorFlow Serving.
MICROSECONDS = tuple(10 * 1.8**i for i in range(33))
#: Rows per request: powers of two.
ROWS = tuple(2.0**i for i in range(18))
Read = Callable[[], float]


class Metrics:
    """What a server counts. Belongs to the event loop's thread."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._counts: dict[tuple[str, tuple[tuple[str, str], ...]], float] = defaultdict(float)
        self._reads: dict[tuple[str, tuple[tuple[str, str], ...]], Read] = {}
        self._children: dict[tuple[Any, ...], Any] = {}
        #: Called for numbers whose labels come and go.
        self.more: list[Callable[[], Iterator[tuple[str, tuple[tuple[str, str], ...], float]]]] = []
        self._request = self._histogram(
            ":tensorflow:serving:request_latency", "microseconds per request", ("model_name", "API", "entrypoint")
        )
        self._runtime = self._histogram(
            ":tensorflow:serving:runtime_latency", "microseconds in queue and model", ("model_name", "API", "runtime")
        )
        self._rows = Histogram(
            ":tensorflow:serving:request_example_counts",
            "rows per request",
            ("model",),
            registry=self.registry,
            buckets=ROWS,
        )
        self._versions = self._histogram(
            "sluicegate_request_latency_microseconds", "microseconds per answer", ("model_name", "version", "arm")
        )
        self.state = Gauge(
            "sluicegate_version_state",
            "state of a version: 30 is AVAILABLE, 50 END",
            ("model_name", "version"),
            registry=self.registry,
        )
        self.registry.register(_Counters(self))

    def _histogram(self, name: str, what: str, labels: tuple[str, ...]) -> Histogram:
        return Histogram(name, what, labels, registry=self.registry, buckets=MICROSECONDS)

    def _child(self, family: Any, *labels: str) -> Any:
        """Of a family with these labels: looking it up in the family costs a lock and a copy."""
        key = (id(family), *labels)
        child = self._children.get(key)
        if child is None:
            child = self._children[key] = family.labels(*labels)
        return child

    def count(self, name: str, by: float = 1.0, **labels: str) -> None:
        self._counts[name, tuple(labels.items())] += by

    def read(self, name: str, read: Read, **labels: str) -> None:
        """Shows a number that another part keeps."""
        self._reads[name, tuple(labels.items())] = read

    def value(self, name: str) -> int:
        """Sum of a counter over its labels, for HandleReloadConfigRequest."""
        return int(sum(value for (known, _), value in self._counts.items() if known == name))

    def request(self, call: Call, code: Code, seconds: float) -> None:
        """A request has ended, with whatever status."""
        self.count(":tensorflow:serving:request_count", model_name=call.model, status=code.name)
        self._child(self._request, call.model, call.api, call.entrypoint).observe(seconds * 1e6)

    def run(self, call: Call, rows: int, seconds: float) -> None:
        """A version has answered `rows` rows."""
        self._child(self._runtime, call.model, call.api, "TF1").observe(seconds * 1e6)
        self._child(self._rows, call.model).observe(rows)
        self.count(":tensorflow:serving:request_example_count_total", rows, model=call.model)

    def answered(self, call: Call, seconds: float) -> None:
        """An arm has an answer, `seconds` after its request came in."""
        self._child(self._versions, call.model, str(call.version), call.arm).observe(seconds * 1e6)

    def failed(self, call: Call, code: Code) -> None:
        """A request failed after it had been given to a version."""
        version = str(call.version)
        self.count("sluicegate_version_errors", model_name=call.model, version=version, arm=call.arm, status=code.name)

    def shadow_dropped(self, call: Call) -> None:
        self.count("sluicegate_shadows_dropped", model_name=call.model)

    def shadow_failed(self, call: Call, code: Code) -> None:
        self.count("sluicegate_shadows_failed", model_name=call.model, status=code.name)

    def samples(self) -> Iterator[tuple[str, tuple[tuple[str, str], ...], float]]:
        """Every counter: name, labels, value."""
        for (name, labels), value in list(self._counts.items()):
            yield name, labels, value
        for (name, labels), read in list(self._reads.items()):
            yield name, labels, read()
        for samples in self.more:
            yield from samples()

    def latencies(self) -> list[dict[str, Any]]:
        """Per version and arm: answers in each latency bucket; they end at MICROSECONDS, and one has no end."""
        found = []
        for (family, *labels), child in list(self._children.items()):
            if family == id(self._versions):
                buckets = [int(bucket.get()) for bucket in child._buckets]
                found.append({"model": labels[0], "version": labels[1], "arm": labels[2], "buckets": buckets})
        return found

    def text(self) -> bytes:
        """The page that Prometheus reads."""
        from prometheus_client import generate_latest

        return generate_latest(self.registry)


class _Counters:
    """Shows the plain numbers to prometheus_client, which then adds no ending to their names."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        families: dict[str, Metric] = {}
        for name, labels, value in self._metrics.samples():
            family = families.setdefault(name, Metric(name, name.rsplit(":", 1)[-1].replace("_", " "), "untyped"))
            family.add_sample(name, dict(labels), value)
        yield from families.values()
