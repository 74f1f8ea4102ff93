"""Answers requests: leases a version, runs it in a batch, and tells the metrics and the shadow about it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from sluicegate.serving.access_log import AccessLog
from sluicegate.serving.aside import Aside
from sluicegate.serving.engine import inference
from sluicegate.serving.engine.inference import Classified, Tensors
from sluicegate.serving.engine.saved_model import SavedModel, rows_of
from sluicegate.serving.exchange import Call, Part
from sluicegate.serving.metrics import Metrics
from sluicegate.serving.request_reading import RequestReader
from sluicegate.serving.router import SHADOW
from sluicegate.serving.signature import Signature
from sluicegate.serving.status import Code, ServingError, invalid
from sluicegate.serving.versions.library import Lease, Library
from sluicegate.serving.versions.version import Version

Found = TypeVar("Found")

#: Rows from which on it takes milliseconds to look at each of them.
MANY_ROWS = 256
UNKNOWN_MODEL = "(unknown)"


@dataclass(frozen=True)
class RequestLimits:
    """rows : of one request.  shadows : copies under way at the same time; more are dropped and counted."""

    rows: int = 100_000
    shadows: int = 256


@dataclass(frozen=True)
class Answer:
    """What a run gave, and which version gave it."""

    version: int
    signature: str
    part: Part

    @property
    def outputs(self) -> Tensors:
        return self.part.outputs


class ServerCore:
    """What both protocols stand on. Belongs to the event loop's thread."""

    def __init__(
        self,
        library: Library,
        metrics: Metrics,
        access: AccessLog | None = None,
        limits: RequestLimits = RequestLimits(),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.library, self.metrics, self.limits, self.clock = library, metrics, limits, clock
        self.access = access
        self._shadows: set[asyncio.Task[None]] = set()
        self.draining = False
        #: For what would hold up everyone else.
        self.aside = Aside()

    @contextmanager
    def watch(self, call: Call) -> Iterator[None]:
        """Counts the request and its status, however it ends."""
        code = Code.OK
        try:
            yield
        except ServingError as error:
            code = error.code
            raise
        except asyncio.CancelledError:
            code = Code.CANCELLED
            raise
        except Exception:
            code = Code.INTERNAL
            raise
        finally:
            seconds = self.clock() - call.began
            if call.model not in self.library.models:
                # Whoever sends made-up names must neither fill the memory nor spoil the page of metrics.
                call.model = UNKNOWN_MODEL
            self.metrics.request(call, code, seconds)
            if self.access is not None:
                self.access.write(call, code, seconds)

    async def run(
        self, call: Call, lease: Lease, signature: Signature, inputs: Tensors, outputs: tuple[str, ...]
    ) -> Answer:
        """Runs the leased version. Raises ServingError."""
        rows = rows_of(inputs) if signature.has_rows else None
        if rows is not None and rows > self.limits.rows:
            raise invalid(f"The request has {rows} rows; this server takes at most {self.limits.rows} at a time")
        call.version, call.arm, call.weight = lease.version.number, lease.arm, lease.weight
        try:
            part = await self._through(lease.version, signature, inputs, outputs, rows, call)
        except ServingError as error:
            self.metrics.failed(call, error.code)
            raise
        self.metrics.answered(call, self.clock() - call.began)
        if lease.shadow is not None:
            self._copy(call, lease, signature, inputs, outputs)
        return Answer(lease.version.number, signature.name, part)

    async def _through(
        self,
        version: Version,
        signature: Signature,
        inputs: Tensors,
        outputs: tuple[str, ...],
        rows: int | None,
        call: Call,
    ) -> Part:
        assert version.batcher is not None  # noqa: S101 - a leased version is loaded
        read = inputs if version.reader is None else await self._read(version.reader, signature.name, inputs, rows)
        ordered = {name: read[name] for name in signature.inputs}
        began = self.clock()
        part = await version.batcher.submit(signature, ordered, outputs, rows, call)
        self.metrics.run(call, rows or 1, self.clock() - began)
        return part

    async def _read(self, reader: RequestReader, signature: str, inputs: Tensors, rows: int | None) -> Tensors:
        if (rows or 1) < MANY_ROWS:
            return reader.read(signature, inputs)
        return await self.aside.run(lambda: reader.read(signature, inputs))

    def _copy(self, call: Call, lease: Lease, signature: Signature, inputs: Tensors, outputs: tuple[str, ...]) -> None:
        """Sends the shadow the same request; the client's answer is on its way already."""
        if len(self._shadows) >= self.limits.shadows:
            self.metrics.shadow_dropped(call)
            return
        task = asyncio.ensure_future(self._shadow(call, lease.shadow, signature.name, inputs, outputs))
        self._shadows.add(task)
        task.add_done_callback(self._shadows.discard)

    async def _shadow(
        self, call: Call, number: int | None, signature_name: str, inputs: Tensors, outputs: tuple[str, ...]
    ) -> None:
        copied = Call(
            call.api, call.entrypoint, call.model, call.request_id, call.key, self.clock(), call.received, None
        )  # fmt: skip
        try:
            with self.library.lease(call.model, number, None, call.key) as lease:
                signature = inference.predict_signature(model_of(lease.version).signatures, signature_name)
                inference.check_names(signature, inputs.keys())
                kept = tuple(name for name in outputs if name in signature.outputs)
                copied.version, copied.arm = lease.version.number, SHADOW
                rows = rows_of(inputs) if signature.has_rows else None
                await self._through(lease.version, signature, inputs, kept, rows, copied)
                self.metrics.answered(copied, self.clock() - copied.began)
        except ServingError as error:
            self.metrics.shadow_failed(copied, error.code)

    async def classify(self, call: Call, lease: Lease, signature: str, examples: list[bytes]) -> tuple[int, Classified]:
        """Version and classes per row. Raises ServingError."""
        plan, outputs = inference.classify_signature(model_of(lease.version).signatures, signature)
        answer = await self._on_examples(call, lease, plan, outputs, examples)
        return answer.version, await self._told(inference.classifications, answer, len(examples))

    async def regress(self, call: Call, lease: Lease, signature: str, examples: list[bytes]) -> tuple[int, list[float]]:
        """Version and value per row. Raises ServingError."""
        plan, outputs = inference.regress_signature(model_of(lease.version).signatures, signature)
        answer = await self._on_examples(call, lease, plan, outputs, examples)
        return answer.version, await self._told(inference.regressions, answer, len(examples))

    async def _told(self, of: Callable[[Tensors, int], Found], answer: Answer, rows: int) -> Found:
        if rows < MANY_ROWS:
            return of(answer.outputs, rows)
        return await self.aside.run(lambda: of(answer.outputs, rows))

    async def _on_examples(
        self, call: Call, lease: Lease, signature: Signature, outputs: tuple[str, ...], examples: list[bytes]
    ) -> Answer:
        return await self.run(call, lease, signature, inference.examples_input(examples), outputs)

    async def close(self) -> None:
        """Waits for the shadows, then unloads everything."""
        if self._shadows:
            await asyncio.gather(*self._shadows, return_exceptions=True)
        await self.library.close()
        self.aside.close()


def model_of(version: Version) -> SavedModel:
    """The model of a leased version."""
    assert version.saved_model is not None  # noqa: S101 - a leased version is loaded
    return version.saved_model
