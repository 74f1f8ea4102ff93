"""PredictionService over gRPC."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import grpc
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    inference_pb2,
    predict_pb2,
    regression_pb2,
)

from sluicegate.serving.aside import LARGE
from sluicegate.serving.core import MANY_ROWS, ServerCore, model_of
from sluicegate.serving.engine import inference
from sluicegate.serving.engine.inference import Tensors
from sluicegate.serving.exchange import Call, new_id
from sluicegate.serving.routing_key import RoutingKey
from sluicegate.serving.signature import Signature
from sluicegate.serving.status import Code, ServingError, invalid
from sluicegate.serving.tensors import examples_of, to_array, to_proto
from sluicegate.serving.versions.library import Lease

log = logging.getLogger("sluicegate.serving")
_GRPC_CODES = {code.value[0]: code for code in grpc.StatusCode}
SIGNATURE_DEF = "signature_def"
#: Characters, as in TensorFlow Serving.
_LONGEST_ERROR = 1024


@dataclass(frozen=True)
class _Method:
    """Where Classify and Regress differ.

    compute : version and findings.  add : writes findings into a result.  result : its field in MultiInference.
    """

    compute: Callable[[ServerCore, Call, Lease, str, list[bytes]], Awaitable[tuple[int, Any]]]
    add: Callable[[Any, Any], None]
    response: Callable[[], Any]
    result: str


@dataclass(frozen=True)
class PredictionService:
    """The five methods; each takes a request and answers or aborts with TensorFlow Serving's code and text.

    as_content : whether Predict's outputs travel in tensor_content.
    """

    core: ServerCore
    routing_key: RoutingKey
    as_content: bool = False

    async def predict(self, request: Any, context: Any) -> Any:
        perhaps = self.core.aside.perhaps

        async def answer(call: Call, lease: Lease) -> Any:
            signature = inference.predict_signature(
                model_of(lease.version).signatures, request.model_spec.signature_name
            )
            inference.check_names(signature, request.inputs.keys())
            outputs = inference.chosen_outputs(signature, tuple(request.output_filter))
            inputs = await perhaps(lambda: {name: to_array(proto) for name, proto in request.inputs.items()})
            got = await self.core.run(call, lease, signature, inputs, outputs)
            found = got.outputs  # each look at them cuts them out of their batch
            is_large = sum(array.nbytes for array in found.values()) > LARGE
            spec = (call.model, got.version, got.signature)
            return await perhaps(lambda: self._predicted(spec, signature, found, is_large), is_large)

        return await self._leased("Predict", request.model_spec, context, answer, request)

    def _predicted(self, spec: tuple[str, int, str], signature: Signature, outputs: Tensors, is_large: bool) -> Any:
        """The response; a large one as bytes, which gRPC would make of it in the event loop."""
        response = predict_pb2.PredictResponse()
        for name, array in outputs.items():
            response.outputs[name].CopyFrom(to_proto(array, signature.outputs[name].dtype, self.as_content))
        _set_spec(response.model_spec, *spec)
        return response.SerializeToString() if is_large else response

    async def classify(self, request: Any, context: Any) -> Any:
        answer = partial(self._on_examples, _METHODS[inference.CLASSIFY], request)
        return await self._leased("Classify", request.model_spec, context, answer)

    async def regress(self, request: Any, context: Any) -> Any:
        answer = partial(self._on_examples, _METHODS[inference.REGRESS], request)
        return await self._leased("Regress", request.model_spec, context, answer)

    async def _on_examples(self, method: _Method, request: Any, call: Call, lease: Lease) -> Any:
        name = request.model_spec.signature_name
        examples = await self.core.aside.perhaps(lambda: examples_of(request.input))
        version, found = await method.compute(self.core, call, lease, name, examples)
        response = method.response()
        _set_spec(response.model_spec, call.model, version, name or inference.DEFAULT_SIGNATURE)
        await self.core.aside.perhaps(lambda: method.add(response.result, found), len(found) >= MANY_ROWS)
        return response

    async def multi_inference(self, request: Any, context: Any) -> Any:
        """Every task on the same version of the one model."""

        async def answer(call: Call, lease: Lease) -> Any:
            _check_tasks(request.tasks, model_of(lease.version).signatures)
            examples = await self.core.aside.perhaps(lambda: examples_of(request.input))
            response = inference_pb2.MultiInferenceResponse()
            for task in request.tasks:
                await self._add_result(call, lease, task, examples, response)
            return response

        spec = request.tasks[0].model_spec if request.tasks else None
        if spec is None:
            return await _abort(context, invalid("Inference request must have at least one task"))
        return await self._leased("MultiInference", spec, context, answer)

    async def _add_result(self, call: Call, lease: Lease, task: Any, examples: list[bytes], response: Any) -> None:
        name, method = task.model_spec.signature_name, _METHODS[task.method_name]
        version, found = await method.compute(self.core, call, lease, name, examples)
        result = response.results.add()
        part = getattr(result, method.result)
        await self.core.aside.perhaps(lambda: method.add(part, found), len(found) >= MANY_ROWS)
        _set_spec(result.model_spec, call.model, version, name)

    async def get_model_metadata(self, request: Any, context: Any) -> Any:
        async def answer(call: Call, lease: Lease) -> Any:
            response = get_model_metadata_pb2.GetModelMetadataResponse()
            _set_spec(response.model_spec, call.model, lease.version.number, "")
            response.metadata[SIGNATURE_DEF].Pack(model_of(lease.version).definitions)
            return response

        if not request.HasField("model_spec"):
            return await _abort(context, invalid("Missing ModelSpec"))
        if not request.metadata_field:
            return await _abort(context, invalid("GetModelMetadataRequest must specify at least one metadata_field"))
        for name in request.metadata_field:
            if name != SIGNATURE_DEF:
                return await _abort(context, invalid(f"Metadata field {name} is not supported"))
        return await self._leased("GetModelMetadata", request.model_spec, context, answer)

    async def _leased(
        self,
        api: str,
        spec: Any,
        context: Any,
        answer: Callable[[Call, Lease], Awaitable[Any]],
        keyed: Any = None,
    ) -> Any:
        """Holds the version that the ModelSpec and the routing key name while `answer` works on it."""
        call = self._call(api, spec, context, keyed)
        choice = spec.WhichOneof("version_choice")
        number = spec.version.value if choice == "version" else None
        label = spec.version_label if choice == "version_label" else None
        try:
            with self.core.watch(call), self.core.library.lease(spec.name, number, label, call.key) as lease:
                response = await answer(call, lease)
        except ServingError as error:
            return await _abort(context, error)
        except Exception:  # our bug is one client's error, not the end of its connection
            log.exception("a %s request failed", api)
            return await _abort(context, ServingError(Code.INTERNAL, "The server failed; its log says why"))
        context.set_trailing_metadata(
            (
                ("x-request-id", call.request_id),
                ("x-model-version", str(lease.version.number)),
                ("x-model-arm", lease.arm),
            )
        )
        return response

    def _call(self, api: str, spec: Any, context: Any, keyed: Any) -> Call:
        headers = dict(context.invocation_metadata() or ())
        request_id = headers.get("x-request-id") or new_id()
        left, now = context.time_remaining(), self.core.clock()
        key = self.routing_key.of(headers, lambda name: _first(keyed, name), request_id)
        return Call(
            api=api,
            entrypoint="GRPC",
            model=spec.name,
            request_id=request_id,
            key=key,
            began=now,
            received=time.time(),
            deadline=None if left is None else now + left,
        )


def _first(request: Any, column: str) -> str | None:
    """First value of an input, as text."""
    if request is None or column not in request.inputs:
        return None
    values = to_array(request.inputs[column]).ravel()[:1].tolist()
    return (
        None if not values else values[0].decode("utf-8", "replace") if isinstance(values[0], bytes) else str(values[0])
    )


def _check_tasks(tasks: Any, signatures: Mapping[str, Any]) -> None:
    seen: set[str] = set()
    for task in tasks:
        if not task.model_spec.name:
            raise invalid("Found ModelSpec with an empty model name.")
        if task.model_spec.name != tasks[0].model_spec.name:
            raise invalid("All ModelSpecs in a MultiInferenceRequest must access the same model name.")
        name = task.model_spec.signature_name or inference.DEFAULT_SIGNATURE
        if name in seen:
            raise invalid(f"Duplicate evaluation of signature: {name}")
        seen.add(name)
        if name not in signatures:
            raise invalid(f"Requested signature not found in model graph: {name}")
        if task.method_name not in _METHODS:
            raise ServingError(Code.UNIMPLEMENTED, f"Unsupported signature method_name: {task.method_name}")


def _set_spec(spec: Any, model: str, version: int, signature: str) -> None:
    spec.name, spec.signature_name = model, signature
    spec.version.value = version


def _add_classes(result: Any, rows: inference.Classified) -> None:
    for row in rows:
        classes = result.classifications.add().classes
        for label, score in row:
            classes.add(label=label, score=score)


def _add_values(result: Any, values: list[float]) -> None:
    for value in values:
        result.regressions.add(value=value)


#: By the method name of a signature.
_METHODS = {
    inference.CLASSIFY: _Method(
        ServerCore.classify, _add_classes, classification_pb2.ClassificationResponse, "classification_result"
    ),
    inference.REGRESS: _Method(ServerCore.regress, _add_values, regression_pb2.RegressionResponse, "regression_result"),
}


async def _abort(context: Any, error: ServingError) -> Any:
    # What is longer may not fit into the trailing metadata, and the client would read that instead.
    said = error.message if len(error.message) <= _LONGEST_ERROR else f"{error.message[:_LONGEST_ERROR]}...TRUNCATED"
    await context.abort(_GRPC_CODES[error.code.value], said)
